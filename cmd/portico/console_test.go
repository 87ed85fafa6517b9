package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// drawn is what every console begins with: the alternate screen.
const drawn = "\x1b[?1049h"

// left is what it ends with.
const left = "\x1b[?1049l"

// inFront starts portico in the foreground of a terminal, with a route that
// answers "here", and waits until it draws.
func inFront(t *testing.T, args ...string) (*home, *ptyTerm, *process, string) {
	t.Helper()
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	term := newTerm(t)
	p := term.start(h, args...)
	term.shows(drawn)
	term.shows("portico")
	return h, term, p, url
}

func TestForegroundStops(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	term := newTerm(t)
	before := term.termios()
	p := term.start(h)
	term.shows(drawn)
	if got := get(t, url); got != "here" {
		t.Errorf("under the console: got %q", got)
	}
	term.keys("q")
	term.shows("stop")
	term.keys("s")
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	if term.termios() != before || !strings.Contains(term.screen.String(), left) {
		t.Error("the terminal is not as it was")
	}
}

func TestForegroundKeepsServing(t *testing.T) {
	h, term, p, url := inFront(t)
	if sent := term.screen.String(); strings.Contains(sent, "msg=") {
		t.Errorf("the log went over the console: %q", sent)
	}
	term.keys("q")
	term.shows("keep")
	term.keys("k")
	term.shows("`portico attach` brings the console back")
	if got := get(t, url); got != "here" {
		t.Errorf("after keep: got %q", got)
	}
	p.signal(syscall.SIGHUP)
	p.says("msg=reloaded") // the log is on stderr again
	if r := h.run("status"); r.code != 0 {
		t.Errorf("status: %+v", r)
	}
	term.keys("\x03") // the terminal's own SIGINT is as SIGTERM now
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// Stop in the console is the first SIGTERM: one more ends portico at once.
func TestForegroundStopsAtOnceWhenAskedAgain(t *testing.T) {
	h := newHome(t)
	up := newSlow(t)
	defer close(up.finish)
	url := h.routeTo(up.url)
	term := newTerm(t)
	p := term.start(h)
	term.shows(drawn)
	go func() {
		if r, err := http.Get(url); err == nil {
			r.Body.Close()
		}
	}()
	up.asked(t)
	term.keys("q")
	term.shows("stop")
	term.keys("s")
	term.shows("msg=stopping")
	term.keys("\x03")
	if code := p.ends(soon); code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
}

func TestForegroundTerminated(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	term := newTerm(t)
	before := term.termios()
	p := term.start(h)
	term.shows(drawn)
	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	if term.termios() != before || !strings.Contains(term.screen.String(), left) {
		t.Error("the terminal is not as it was")
	}
}

// A closed SSH session or a killed tmux: the kernel hangs up and sends SIGHUP.
func TestLostTerminalDoesNotStopTheProxy(t *testing.T) {
	h, term, p, url := inFront(t)
	term.tty.Close()
	term.master.Close()
	<-term.gone // the kernel hangs up once nobody reads
	eventually(t, "the console has left", func() bool { return h.run("status").code == 0 })
	if got := get(t, url); got != "here" || !p.running() {
		t.Errorf("got %q", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestHeadlessOnATerminal(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	term := newTerm(t)
	term.start(h, "run", "--headless").serving()
	if sent := term.screen.String(); strings.Contains(sent, "\x1b") {
		t.Errorf("it drew %q", sent)
	}
}

func TestConsoleShowsTheLogAndTheHistory(t *testing.T) {
	_, term, _, _ := inFront(t, "run", "--page", "history")
	term.shows("found at start")
	term.shows("INFO serving")
}

func TestConsoleOnADisplay(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	term := newTerm(t)
	p := h.start("run", "--console", term.tty.Name()).serving()
	term.shows(drawn)
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	term.shows(left)
}

// A display may be plugged in late, be reset, and be left by somebody: the
// console is there again, locked, and the proxy does not care.
func TestDisplayComesAndGoes(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	place := h.path("tty")
	p := h.start("run", "--console", place).serving()
	p.says("the console on the display ended")

	first := newTerm(t)
	if err := os.Symlink(first.tty.Name(), place); err != nil {
		t.Fatal(err)
	}
	first.shows("LOCKED")
	before := strings.Count(first.screen.String(), drawn)
	first.keys("q")
	eventually(t, "the console is back after q", func() bool { return strings.Count(first.screen.String(), drawn) > before })

	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	second := newTerm(t)
	if err := os.Symlink(second.tty.Name(), place); err != nil {
		t.Fatal(err)
	}
	first.tty.Close()
	first.master.Close()
	second.shows("LOCKED")
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	second.shows(left)
}

// TestDisplayIsRestored: a login may follow on the same terminal.
func TestDisplayIsRestored(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	term := newTerm(t)
	before := term.termios()
	p := h.start("run", "--console", term.tty.Name(), "--page", "wall").serving()
	term.shows(drawn)
	p.signal(syscall.SIGTERM)
	p.ends(soon)
	if term.termios() != before {
		t.Error("the terminal is not as it was")
	}
}

func TestDisplayThatIsNoTerminal(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	p := h.start("run", "--console", h.path("portico.toml")).serving()
	p.says("the console on the display ended")
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
}

// attached starts a service without a terminal and a client on one.
func attached(t *testing.T) (h *home, service *process, term *ptyTerm, client *process) {
	t.Helper()
	h = newHome(t)
	h.routeTo(answering(t, "here"))
	service = h.start("run", "--headless").serving()
	term = newTerm(t)
	client = term.start(h, "attach")
	term.shows(drawn)
	return h, service, term, client
}

func TestAttachAndLeave(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	service := h.start("run", "--headless").serving()
	term := newTerm(t)
	before, flags := term.termios(), term.flags()
	client := term.start(h, "attach")
	term.shows(drawn)
	if term.termios() == before {
		t.Error("the terminal is not raw under the console")
	}
	service.says("console attached")
	term.keys("q")
	if code := client.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	if term.termios() != before || term.flags() != flags || !strings.Contains(term.screen.String(), left) {
		t.Error("the terminal is not as it was")
	}
	if r := h.run("status"); r.code != 0 || !service.running() {
		t.Errorf("status after the console left: %+v", r)
	}
}

func TestAttachForwardsResizes(t *testing.T) {
	_, _, term, _ := attached(t)
	before := term.size()
	if err := pty.Setsize(term.master, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
		t.Fatal(err)
	}
	// Only a frame of the new height ends in its last line.
	term.drawsOn(before)
	term.shows("\x1b[40;")
}

// The console looks at its window each second; the client tells it at once.
func TestSizeChangesAreForwarded(t *testing.T) {
	at := serveControl(t, map[string]command{"attach": func(ctx context.Context, c *caller) error {
		if err := c.answer(answer{}); err != nil {
			return err
		}
		resized := make(chan struct{}, 1)
		go c.follow(resized)
		select {
		case <-resized:
			return c.answer(answer{Left: "left"})
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	c := dial(t, at)
	if _, err := c.ask(request{Command: "attach"}); err != nil {
		t.Fatal(err)
	}
	resized := make(chan os.Signal, 1)
	resized <- syscall.SIGWINCH
	ended := make(chan error, 1)
	go func() { ended <- c.wait(nil, resized) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(soon):
		t.Error("the console was not told")
	}
}

// The service dies under the console: the client alone can restore.
func TestAttachRestoresWhenTheServiceIsKilled(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	service := h.start("run", "--headless").serving()
	term := newTerm(t)
	before, flags := term.termios(), term.flags()
	client := term.start(h, "attach")
	term.shows(drawn)
	eventually(t, "the terminal is raw", func() bool { return term.termios() != before })
	service.signal(syscall.SIGKILL)
	if code := client.ends(soon); code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	if term.termios() != before || term.flags() != flags {
		t.Error("the terminal is not as it was")
	}
	term.shows(left)
	term.shows("portico on " + h.socket() + " is gone")
}

func TestAttachRestoresWhenTheServiceStops(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	service := h.start("run", "--headless").serving()
	term := newTerm(t)
	before := term.termios()
	client := term.start(h, "attach")
	term.shows(drawn)
	service.signal(syscall.SIGTERM)
	client.ends(soon)
	if code := service.ends(soon); code != 0 {
		t.Errorf("the service: exit %d", code)
	}
	if term.termios() != before {
		t.Error("the terminal is not as it was")
	}
}

func TestAttachRestoresWhenItIsTold(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			h := newHome(t)
			h.routeTo(answering(t, "here"))
			service := h.start("run", "--headless").serving()
			term := newTerm(t)
			before := term.termios()
			client := term.start(h, "attach")
			term.shows(drawn)
			client.signal(s)
			if code := client.ends(soon); code != 1 {
				t.Errorf("exit %d, want 1", code)
			}
			if term.termios() != before {
				t.Error("the terminal is not as it was")
			}
			term.shows(left)
			if !service.running() {
				t.Error("the service has ended")
			}
		})
	}
}

func TestOneAttachedDiesAlone(t *testing.T) {
	h, service, first, client := attached(t)
	second := newTerm(t)
	other := second.start(h, "attach")
	second.shows(drawn)
	client.signal(syscall.SIGKILL)
	client.ends(soon)
	first.shows(left) // the service gave up that terminal by itself
	before := second.size()
	second.keys("?")
	second.drawsOn(before)
	if !other.running() || !service.running() {
		t.Error("it took another with it")
	}
}

// A shell's background job may not read the shell's terminal; one that serves
// must all the same draw there for a client in the foreground.
func TestAttachInTheShellThatStartedTheService(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	term := newTerm(t)
	shell := exec.Command("/bin/sh", "-c", `set -m
"$0" run --headless 2>log &
until "$0" status >/dev/null 2>&1; do sleep 0.05; done
"$0" attach; echo "left with $?"; kill %1; wait`, os.Args[0])
	shell.Dir, shell.Env = h.dir, h.env
	shell.Stdin, shell.Stdout, shell.Stderr = term.tty, term.tty, term.tty
	p := term.launch(h, shell)
	term.shows(drawn)
	term.keys("q")
	term.shows("left with 0")
	p.ends(soon)
}

func TestAttachNeedsATerminal(t *testing.T) {
	h := newHome(t)
	if r := h.run("attach"); r.code != 1 || !strings.Contains(r.err, "needs a terminal") {
		t.Errorf("%+v", r)
	}
	term := newTerm(t)
	client := term.start(h, "attach", "--socket", h.path("none"))
	term.shows("no portico answers on " + h.path("none"))
	if code := client.ends(soon); code != 1 {
		t.Errorf("exit %d", code)
	}
}

// A caller's files are drawn on only where that can neither block nor harm.
func TestAttachChecksItsFiles(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	h.start("run", "--headless").serving()
	term := newTerm(t)
	file, err := os.Open(h.path("portico.toml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tty := descriptor(term.tty)
	for name, fds := range map[string][]int{
		"none":                 {},
		"one":                  {tty},
		"a file":               {descriptor(file), tty},
		"an output that waits": {tty, tty},
	} {
		c := dial(t, &places{socket: h.socket()})
		if _, err := c.ask(request{Command: "attach"}, fds...); err == nil || !strings.Contains(err.Error(), "attach") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if term.size() > 0 {
		t.Errorf("it drew %q", term.screen)
	}
}
