package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// ptyTerm is a terminal with a portico on it and a test that looks on.
type ptyTerm struct {
	t      *testing.T
	master *os.File
	tty    *os.File
	screen *lockedBuffer // every byte it was sent
	gone   chan struct{} // closed when nothing more can come
}

// newTerm makes a terminal of 80x24 that answers no query.
func newTerm(t *testing.T) *ptyTerm {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(tty, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	master = interruptible(t, master)
	p := &ptyTerm{t: t, master: master, tty: tty, screen: &lockedBuffer{}, gone: make(chan struct{})}
	go func() {
		defer close(p.gone)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			p.screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		tty.Close()
		master.Close()
		<-p.gone
		if t.Failed() {
			t.Logf("the terminal was sent %q", p.screen)
		}
	})
	return p
}

// interruptible makes a file whose Close ends a Read under way, as losing a
// terminal does.
func interruptible(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// start runs portico in a session of its own on the terminal.
func (p *ptyTerm) start(h *home, args ...string) *process {
	p.t.Helper()
	cmd := h.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	return p.launch(h, cmd)
}

func (p *ptyTerm) launch(h *home, cmd *exec.Cmd) *process {
	p.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	return h.watch(cmd, p.screen)
}

func (p *ptyTerm) keys(text string) {
	p.t.Helper()
	if _, err := p.master.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// shows waits until the terminal was sent the text.
func (p *ptyTerm) shows(text string) {
	p.t.Helper()
	eventually(p.t, "the terminal shows "+text, func() bool { return strings.Contains(p.screen.String(), text) })
}

// size is how many bytes the terminal was sent.
func (p *ptyTerm) size() int { return len(p.screen.String()) }

// drawsOn waits for more bytes than there were.
func (p *ptyTerm) drawsOn(before int) {
	p.t.Helper()
	eventually(p.t, "the terminal is drawn on", func() bool { return p.size() > before })
}

func (p *ptyTerm) termios() unix.Termios {
	p.t.Helper()
	settings, err := unix.IoctlGetTermios(descriptor(p.tty), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *settings
}

// flags are those of the terminal's description, which the shell has too: one
// that does not block is the end of many a program that reads it later.
func (p *ptyTerm) flags() int {
	p.t.Helper()
	flags, err := unix.FcntlInt(uintptr(descriptor(p.tty)), unix.F_GETFL, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	return flags
}

// A terminal that answers nothing must not delay what does not draw, nor be
// asked anything: Bubble Tea does both in its init.
func TestVersionLeavesTheTerminalAlone(t *testing.T) {
	h := newHome(t)
	for _, command := range []string{"version", "check", "status"} {
		term := newTerm(t)
		p := term.start(h, command)
		p.ends(soon)
		if command == "version" {
			term.shows("portico ")
		}
		if sent := term.screen.String(); strings.Contains(sent, "\x1b") || strings.Count(sent, "\n") > 1 {
			t.Errorf("%s sent %q", command, sent)
		}
	}
}

func TestPasswordFromATerminal(t *testing.T) {
	h := newHome(t)
	term := newTerm(t)
	before := term.termios()
	p := term.start(h, "password", "ann")
	term.shows("password: ")
	term.noEcho()
	term.keys("secret\n")
	term.shows("once more: ")
	term.noEcho()
	term.keys("secret\n")
	if code := p.ends(soon); code != 0 {
		t.Fatalf("exit %d", code)
	}
	term.shows("ann:$2a$")
	if strings.Contains(term.screen.String(), "secret") {
		t.Error("the password was shown")
	}
	lines := strings.Fields(term.screen.String())
	entry(t, lines[len(lines)-1], "ann", "secret")
	if term.termios() != before {
		t.Error("the terminal is not as it was")
	}
}

func TestPasswordsThatDiffer(t *testing.T) {
	h := newHome(t)
	term := newTerm(t)
	p := term.start(h, "password")
	term.shows("password: ")
	term.noEcho()
	term.keys("one\n")
	term.shows("once more: ")
	term.noEcho()
	term.keys("two\n")
	if code := p.ends(soon); code != 1 {
		t.Errorf("exit %d", code)
	}
	term.shows("differ")
}

func TestPasswordInterrupted(t *testing.T) {
	for name, interrupt := range map[string]func(*ptyTerm, *process){
		"ctrl+c":  func(term *ptyTerm, _ *process) { term.keys("\x03") },
		"SIGTERM": func(_ *ptyTerm, p *process) { p.signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			term := newTerm(t)
			before := term.termios()
			p := term.start(h, "password")
			term.shows("password: ")
			term.noEcho()
			interrupt(term, p)
			if code := p.ends(soon); code != 1 {
				t.Errorf("exit %d", code)
			}
			if term.termios() != before {
				t.Error("the terminal is not as it was")
			}
		})
	}
}

// noEcho waits until what is typed is not shown.
func (p *ptyTerm) noEcho() {
	p.t.Helper()
	eventually(p.t, "the terminal does not echo", func() bool {
		settings := p.termios()
		return settings.Lflag&unix.ECHO == 0
	})
}
