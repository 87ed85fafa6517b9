package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// tmux is a server of its own, with one window that a person looks at.
type tmux struct {
	*home
	t *testing.T
}

// newTmux opens a window of 80x24 with a shell, in which `portico` is the one
// under test.
func newTmux(t *testing.T, h *home, shell string) *tmux {
	t.Helper()
	program(t, "tmux", "tmux")
	program(t, shell, shell)
	if err := os.Mkdir(h.path("bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.Args[0], h.path("bin", "portico")); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "TMUX_TMPDIR="+h.dir, "ENV=", "PATH="+h.path("bin")+":"+os.Getenv("PATH"))
	m := &tmux{h, t}
	m.do("-f", "/dev/null", "new", "-d", "-x", "80", "-y", "24", shells[shell])
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the pane shows\n%s", m.pane())
		}
		m.do("kill-server")
	})
	m.prompts()
	return m
}

// shells is how each is started without the machine's own files.
var shells = map[string]string{"sh": "sh", "bash": "bash --norc --noprofile"}

// prompts makes the shell's prompt one that is known, and waits for it.
func (m *tmux) prompts() {
	m.t.Helper()
	m.enter("PS1='> '; clear")
	eventually(m.t, "the shell prompts", func() bool { return m.pane() == ">" })
}

func (m *tmux) command(args ...string) *exec.Cmd {
	cmd := exec.Command("tmux", args...)
	cmd.Dir, cmd.Env = m.dir, m.env
	return cmd
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	out, err := m.command(args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %s: %v: %s", args, err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

// keys types keys by the names that tmux gives them.
func (m *tmux) keys(keys ...string) { m.t.Helper(); m.do(append([]string{"send-keys"}, keys...)...) }

// enter types a line for the shell.
func (m *tmux) enter(line string) { m.t.Helper(); m.keys("-l", line+"\n") }

func (m *tmux) pane() string { m.t.Helper(); return m.do("capture-pane", "-p") }

// shows waits until the pane does.
func (m *tmux) shows(text string) {
	m.t.Helper()
	eventually(m.t, "the pane shows "+text, func() bool { return strings.Contains(m.pane(), text) })
}

// modes waits until the pane is in the modes of a shell: the cursor shown, the
// first screen, lines that wrap, keys and mouse as ever.
func (m *tmux) shellModes() {
	m.t.Helper()
	const want = "1 0 1 0 0 0"
	eventually(m.t, "the pane's modes are a shell's", func() bool {
		return m.do("display", "-p", "#{cursor_flag} #{alternate_on} #{wrap_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag}") == want
	})
}

// TestTmuxTypesResizesDetaches has the console in a pane: keys, another size,
// a look from another terminal, and the one who looked goes away.
func TestTmuxTypesResizesDetaches(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	m := newTmux(t, h, "sh")
	m.enter("portico 2>log")
	m.shows("[1 Now]")
	m.keys("2")
	m.shows("[2 Requests]")
	get(t, url+"/typed")
	m.shows("/typed")
	m.keys("/")
	m.keys("-l", "nothing-has-this")
	m.shows("nothing-has-this")
	eventually(t, "the filter hides the request", func() bool { return !strings.Contains(m.pane(), "/typed") })
	m.keys("Escape")
	m.shows("/typed")

	m.do("resize-window", "-x", "60", "-y", "20")
	eventually(t, "the footer is on the last of 20 lines", func() bool { return m.footer() == 20 })
	viewer := newTerm(t)
	if err := pty.Setsize(viewer.tty, &pty.Winsize{Cols: 110, Rows: 35}); err != nil {
		t.Fatal(err)
	}
	m.do("set", "-w", "window-size", "latest") // resize-window made it manual
	client := viewer.launch(h, withTerminal(m.command("attach"), viewer))
	eventually(t, "the footer is on the last line", func() bool { return m.footer() == 34 }) // tmux's own line is the 35th
	viewer.shows("/typed")
	viewer.keys("\x02d")
	if code := client.ends(soon); code != 0 {
		t.Errorf("tmux attach: exit %d", code)
	}
	get(t, url+"/unseen")
	m.shows("/unseen")
	m.keys("q")
	m.shows("keep serving")
	m.keys("s")
	m.shows("\n>")
	m.shellModes()
}

// footer is the number of the line with the footer, 0 where there is none.
func (m *tmux) footer() int {
	m.t.Helper()
	lines := strings.Split(m.do("capture-pane", "-p"), "\n")
	for i, l := range lines {
		if strings.HasSuffix(l, "? help") {
			return i + 1
		}
	}
	return 0
}

func withTerminal(cmd *exec.Cmd, term *ptyTerm) *exec.Cmd {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.tty, term.tty, term.tty
	return cmd
}

// TestShellAsItWas holds what a person finds after a console that ended badly:
// the settings, the flags and the screen as before, and each key is the
// shell's again, once.
func TestShellAsItWas(t *testing.T) {
	for _, shell := range []string{"sh", "bash"} {
		for name, end := range map[string]func(m *tmux, service *process){
			"left":              func(m *tmux, _ *process) { m.keys("q") },
			"client killed":     func(m *tmux, s *process) { m.client(syscall.SIGKILL); s.says("console detached") },
			"client terminated": func(m *tmux, _ *process) { m.client(syscall.SIGTERM) },
			"service killed":    func(_ *tmux, s *process) { s.signal(syscall.SIGKILL) },
			"service stopped":   func(_ *tmux, s *process) { s.signal(syscall.SIGTERM) },
		} {
			t.Run(shell+" "+name, func(t *testing.T) {
				h := newHome(t)
				h.routeTo(answering(t, "here"))
				service := h.start("run", "--headless").serving()
				m := newTmux(t, h, shell)
				m.enter("stty -a >before; grep flags /proc/$$/fdinfo/0 >>before; portico attach")
				m.shows("[1 Now]")
				end(m, service)
				m.shellModes()
				eventually(t, "the client has ended", func() bool { return m.children() == "" })
				// A shell whose client was killed may have prompted before the
				// service was done with the screen.
				m.prompts()
				m.enter("stty -a >after; grep flags /proc/$$/fdinfo/0 >>after; cmp before after && echo same$((1+1)); read x; echo got=$x.")
				m.shows("same2")
				m.enter("typed")
				m.shows("got=typed.")
				if n := strings.Count(m.pane(), "stty -a >after"); n != 1 {
					t.Errorf("the line that was typed is shown %d times", n)
				}
			})
		}
	}
}

// client signals the one `portico attach` of the pane.
func (m *tmux) client(s syscall.Signal) {
	m.t.Helper()
	pid, err := strconv.Atoi(m.children())
	if err != nil {
		m.t.Fatal(err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		m.t.Fatal(err)
	}
}

// children are the processes that the pane's shell has started.
func (m *tmux) children() string {
	m.t.Helper()
	shell := m.do("display", "-p", "#{pane_pid}")
	pids, err := os.ReadFile(fmt.Sprintf("/proc/%s/task/%s/children", shell, shell))
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.TrimSpace(string(pids))
}

// TestPaneKilled loses a console with its pane; the other one and the service
// do not notice.
func TestPaneKilled(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	service := h.start("run", "--headless").serving()
	m := newTmux(t, h, "sh")
	m.enter("portico attach")
	m.shows("[1 Now]")
	m.do("split-window", "sh")
	m.prompts()
	m.enter("portico attach")
	m.shows("?")
	service.says("console attached")
	m.do("kill-pane")
	service.says("console detached")
	m.keys("2")
	m.shows("[2 Requests]")
	get(t, url+"/after")
	m.shows("/after")
	if !service.running() {
		t.Error("the service has ended")
	}
}

// TestForegroundPaneKilled loses the pane that portico was started in, and its
// shell with it.
func TestForegroundPaneKilled(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	m := newTmux(t, h, "sh")
	m.do("split-window", "sh")
	m.prompts()
	m.enter("echo $$ >pid; exec portico 2>log")
	m.shows("[1 Now]")
	m.do("kill-pane")
	eventually(t, "the console has left", func() bool { return strings.Contains(h.read("log"), "the console is gone") })
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(h.read("pid")))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "portico has stopped", func() bool { return strings.Contains(h.read("log"), "msg=stopped") })
}

// read is a file of the home, "" where it cannot be read.
func (h *home) read(name string) string {
	h.t.Helper()
	text, _ := os.ReadFile(h.path(name))
	return string(text)
}
