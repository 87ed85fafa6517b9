package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// town is a home whose portico runs as one user and is asked by others. The
// group exists for these processes only: a file of the test's own stands in
// the place of /etc/group in their mount namespace.
type town struct {
	*home
	t       *testing.T
	service string // who portico runs as
}

// newTown needs root and the users that every Debian has; members are in the
// group portico, which does not exist where there are none.
func newTown(t *testing.T, service string, members ...string) *town {
	t.Helper()
	h := newHome(t)
	w := &town{h, t, service}
	if out, err := w.as("root", "true").CombinedOutput(); os.Geteuid() != 0 || err != nil {
		t.Skipf("needs root and a mount namespace: %v: %s", err, out)
	}
	h.routeTo(answering(t, "here"))
	group, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	if len(members) > 0 {
		group = fmt.Appendf(group, "%s:x:39999:%s\n", controlGroup, strings.Join(members, ","))
	}
	h.write("group", string(group))
	w.installProgram()
	for _, dir := range []string{"run", "state"} {
		_ = os.Mkdir(h.path(dir), 0o755)
	}
	for _, name := range []string{"", "run", "state", "portico.toml", "group"} {
		w.giveTo(service, h.path(name))
	}
	return w
}

// installProgram copies this program to where every user may run it.
func (w *town) installProgram() {
	w.t.Helper()
	from, err := os.Open(os.Args[0])
	if err != nil {
		w.t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(w.path("portico"), os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		w.t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// giveTo makes a file the user's own, which others may read.
func (w *town) giveTo(name, path string) {
	w.t.Helper()
	account, err := user.Lookup(name)
	if err != nil {
		w.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		w.t.Fatal(err)
	}
}

// as makes a command that runs as the user, in the user's groups.
func (w *town) as(name string, args ...string) *exec.Cmd {
	script := `[ ! -e group ] || mount --bind group /etc/group; exec setpriv --reuid="$0" --regid="$(id -g "$0")" --init-groups -- "$@"`
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, name}, args...)...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

func (w *town) portico(name string, args ...string) *exec.Cmd {
	return w.as(name, append([]string{w.path("portico")}, args...)...)
}

// serve starts the service as its own user.
func (w *town) serve() *process {
	w.t.Helper()
	cmd, log := w.portico(w.service, "run", "--headless", "--state", w.path("state")), &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return w.watch(cmd, log).serving()
}

// attach opens a console as the user, whose own the terminal is or is not.
func (w *town) attach(name string, owned bool) (*ptyTerm, *process) {
	w.t.Helper()
	term := newTerm(w.t)
	if owned {
		w.giveTo(name, term.tty.Name())
	}
	return term, term.launch(w.home, withTerminal(w.portico(name, "attach"), term))
}

// asks runs a command as the user.
func (w *town) asks(name string, args ...string) (out string, code int) {
	w.t.Helper()
	b, err := w.portico(name, args...).CombinedOutput()
	return string(b), exitStatus(w.t, err)
}

// TestMembersAttach has a service and its callers under users of their own.
func TestMembersAttach(t *testing.T) {
	w := newTown(t, "daemon", "daemon", "games")
	service := w.serve()
	info, err := os.Stat(w.socket())
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Sys().(*syscall.Stat_t).Gid; info.Mode().Perm() != 0o660 || got != 39999 {
		t.Errorf("the socket is %v of group %d", info.Mode(), got)
	}
	for _, c := range []struct {
		user  string
		owned bool
	}{{"games", true}, {"games", false}, {"root", true}, {"daemon", true}} {
		term, client := w.attach(c.user, c.owned)
		before := term.termios()
		term.shows("[1 Now]")
		service.says("console attached\" user=" + c.user)
		term.keys("q")
		if code := client.ends(soon); code != 0 {
			t.Errorf("%+v: exit %d", c, code)
		}
		if term.termios() != before {
			t.Errorf("%+v: the terminal is not as it was", c)
		}
	}
}

// TestStrangerIsRefused has one user whom the file keeps out, and one whom the
// service must: its file lets in whoever asks.
func TestStrangerIsRefused(t *testing.T) {
	w := newTown(t, "daemon", "daemon", "games")
	service := w.serve()
	for _, args := range [][]string{{"status"}, {"history"}, {"disable", "one", "--yes"}} {
		if out, code := w.asks("nobody", args...); code != 1 || !strings.Contains(out, "is not yours to use") {
			t.Errorf("%s: exit %d, %s", args, code, out)
		}
	}
	if err := os.Chmod(w.socket(), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"history"}, {"disable", "one", "--yes"}} {
		if out, code := w.asks("nobody", args...); code != 1 || !strings.Contains(out, "nobody is neither root") {
			t.Errorf("%s: exit %d, %s", args, code, out)
		}
	}
	term, client := w.attach("nobody", true)
	before := term.termios()
	term.shows("nobody is neither root")
	if code := client.ends(soon); code != 1 || term.termios() != before || strings.Contains(term.screen.String(), drawn) {
		t.Errorf("attach: exit %d", code)
	}
	service.says("was refused")
}

// TestHistoryNamesTheUser holds that an edit is its maker's, however made.
func TestHistoryNamesTheUser(t *testing.T) {
	w := newTown(t, "daemon", "daemon", "games", "man")
	w.serve()
	if out, code := w.asks("man", "add", "two", "two.home.lan", "http://127.0.0.1:1", "--yes"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	term, _ := w.attach("games", true)
	term.shows("[1 Now]")
	term.keys("3")
	term.shows("x\x1b[m on/off")
	term.keys("x")
	term.shows("switch off route one?")
	term.keys("y")
	eventually(t, "both are in the history", func() bool {
		out, _ := w.asks("root", "history")
		return strings.Contains(out, "games") && strings.Contains(out, "man")
	})
}

// TestWithoutTheGroup leaves the socket to root and the service's own user.
func TestWithoutTheGroup(t *testing.T) {
	w := newTown(t, "daemon")
	service := w.serve()
	if info, err := os.Stat(w.socket()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	if out, code := w.asks("games", "status"); code != 1 || !strings.Contains(out, "is not yours to use") {
		t.Errorf("games: exit %d, %s", code, out)
	}
	// Its service dies under root's console.
	term, client := w.attach("root", true)
	before := term.termios()
	term.shows("[1 Now]")
	service.signal(syscall.SIGKILL)
	if code := client.ends(soon); code != 1 || term.termios() != before {
		t.Errorf("exit %d; the terminal is as it was: %v", code, term.termios() == before)
	}
	term.shows("is gone")
}
