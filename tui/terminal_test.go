package tui

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"forge.home.arpa/portico/tui/screen"

	"golang.org/x/sys/unix"
)

// TestTerminalRefuses holds what a client may hand over.
func TestTerminalRefuses(t *testing.T) {
	d := newDesk(t, 80, 24)
	open := func(path string, flags int) *os.File {
		f, err := os.OpenFile(path, flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	tty := open(d.path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK)
	blocking := open(d.path, os.O_RDWR|syscall.O_NOCTTY)
	blocking.Fd() // makes it so
	for _, c := range []struct {
		name    string
		in, out *os.File
		want    string
	}{
		{"a file for input", open(filepath.Join(t.TempDir(), "f"), os.O_RDWR|os.O_CREATE), tty, "not a terminal"},
		{"a file for output", tty, open(filepath.Join(t.TempDir(), "f"), os.O_RDWR|os.O_CREATE), "not a terminal"},
		{"a pipe for input", r, tty, "not a terminal"},
		{"a pipe for output", tty, w, "not a terminal"},
		{"a socket", socket, socket, "not a terminal"},
		{"the null device", open(os.DevNull, os.O_RDWR), tty, "not a terminal"},
		{"output that blocks", tty, blocking, "O_NONBLOCK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := FromFiles(c.in, c.out, variables()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("FromFiles: %v, want %q", err, c.want)
			}
		})
	}
	if _, err := OpenTerminal(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) && err == nil {
		t.Errorf("a terminal that is not there: %v", err)
	}
}

// TestTerminalKeepsFlags runs a console on descriptors handed over, beside the
// shell's own: neither changes its flags.
func TestTerminalKeepsFlags(t *testing.T) {
	d := newDesk(t, 80, 24)
	open := func(flags int) int {
		fd, err := unix.Open(d.path, flags|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	shell, in, out := open(unix.O_RDWR), open(unix.O_RDWR), open(unix.O_RDWR|unix.O_NONBLOCK)
	defer unix.Close(shell)
	before := [3]int{flags(t, shell), flags(t, in), flags(t, out)}
	handed, err := FromFiles(os.NewFile(uintptr(in), "in"), os.NewFile(uintptr(out), "out"), variables("TERM", "xterm"))
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	s := d.sit(sketches(&stat{}), func(c *console) { c.Terminal = handed })
	d.await("80x24 keys=0")
	d.press("x")
	d.await("keys=1")
	during := [3]int{flags(t, shell), flags(t, in), flags(t, out)}
	s.leave()
	after := [3]int{flags(t, shell), flags(t, in), flags(t, out)}
	if during != before || after != before {
		t.Errorf("flags of shell, in, out: %x before, %x during, %x after", before, during, after)
	}
}

func flags(t *testing.T, fd int) int {
	t.Helper()
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTerminalSizeUnknown(t *testing.T) {
	d := newDesk(t, 100, 30)
	if w, h := d.terminal.Size(); w != 100 || h != 30 {
		t.Errorf("Size = %d, %d", w, h)
	}
	zero := unix.Winsize{}
	if err := unix.IoctlSetWinsize(d.terminal.inFD, unix.TIOCSWINSZ, &zero); err != nil {
		t.Fatal(err)
	}
	if w, h := d.terminal.Size(); w != 80 || h != 24 {
		t.Errorf("Size = %d, %d where it is not known", w, h)
	}
}

// TestTerminalRestore is the client of a service that died with its console on
// the screen.
func TestTerminalRestore(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	if err := d.terminal.raw(); err != nil {
		t.Fatal(err)
	}
	d.terminal.say(screen.NoWrap + "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[41mhalf a frame")
	if d.settings() == before {
		t.Error("the terminal is not raw")
	}
	if err := d.terminal.Restore(); err != nil {
		t.Error(err)
	}
	if d.settings() != before {
		t.Error("the terminal's settings are not restored")
	}
	await(t, func() bool { return strings.HasSuffix(d.output(), screen.Reset) }, d.output)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.vt.CursorVisible() {
		t.Error("the cursor stays hidden")
	}
}

// TestTerminalLeavesTheShellsOwn is a service whose client was killed: the
// shell reads its next line, and has set the terminal before the console ends.
func TestTerminalLeavesTheShellsOwn(t *testing.T) {
	d := newDesk(t, 80, 24)
	s := d.sit(sketches(&stat{}))
	d.await("keys=0")
	shells := d.settings()
	shells.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(d.terminal.inFD, unix.TCSETS, &shells); err != nil {
		t.Fatal(err)
	}
	s.leave()
	if d.settings() != shells {
		t.Error("the shell's settings are gone")
	}
}
