package tui

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"forge.home.arpa/portico/tui/screen"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Terminal is a terminal to draw on and read keys from, with the environment
// of the person before it.
//
// It has two descriptions of its own, one to read and one to write, so that
// the flags it needs never reach the shell's. Danger: nothing may call Fd on
// the output file, which would make its writes block for ever on a terminal
// that stalls.
type Terminal struct {
	in, out     *os.File
	inFD, outFD int
	getenv      func(string) string

	mu    sync.Mutex
	saved *term.State   // as found, put back when a console ends
	set   *unix.Termios // as raw made it; nil where another process did
}

// OpenTerminal opens a terminal anew by its name, with the environment of this
// process. An empty path is the terminal of standard input or, where that
// cannot be opened (it belongs to another user since su), /dev/tty.
func OpenTerminal(path string) (*Terminal, error) {
	if path != "" {
		return openTerminal(path)
	}
	t, err := openTerminal("/proc/self/fd/0")
	if err == nil {
		return t, nil
	}
	if t, ttyErr := openTerminal("/dev/tty"); ttyErr == nil {
		return t, nil
	}
	return nil, err
}

func openTerminal(path string) (*Terminal, error) {
	in, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open the terminal for input: %w", err)
	}
	out, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("open the terminal for output: %w", err)
	}
	t, err := FromFiles(in, out, os.Getenv)
	if err != nil {
		in.Close()
		out.Close()
	}
	return t, err
}

// FromFiles takes descriptors that were opened for a console by somebody else
// and sets no flags on them: out must have been opened with O_NONBLOCK. What
// is no terminal is refused. getenv returns the Variables of that client. On
// success the Terminal owns both files.
func FromFiles(in, out *os.File, getenv func(string) string) (*Terminal, error) {
	t := &Terminal{in: in, out: out, getenv: getenv}
	var err error
	if t.inFD, err = descriptor(in); err != nil {
		return nil, err
	}
	if t.outFD, err = descriptor(out); err != nil {
		return nil, err
	}
	if t.saved, err = term.GetState(t.inFD); err != nil {
		return nil, fmt.Errorf("the input %s is not a terminal: %w", in.Name(), err)
	}
	if !term.IsTerminal(t.outFD) {
		return nil, fmt.Errorf("the output %s is not a terminal", out.Name())
	}
	if err := t.deadlines(); err != nil {
		return nil, fmt.Errorf("the output %s was not opened with O_NONBLOCK: %w", out.Name(), err)
	}
	return t, nil
}

// deadlines returns an error when a write could block whatever its deadline.
func (t *Terminal) deadlines() error {
	flags, err := unix.FcntlInt(uintptr(t.outFD), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_NONBLOCK == 0 {
		err = os.ErrNoDeadline
	}
	return errors.Join(err, t.out.SetWriteDeadline(time.Time{}))
}

// descriptor returns a file's number and leaves its flags alone, which Fd does
// not.
func descriptor(f *os.File) (n int, err error) {
	c, err := f.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("the descriptor of %s: %w", f.Name(), err)
	}
	if err := c.Control(func(fd uintptr) { n = int(fd) }); err != nil {
		return -1, fmt.Errorf("the descriptor of %s: %w", f.Name(), err)
	}
	return n, nil
}

// Descriptors returns the numbers for input and output, to hand them over to
// another process. They are valid until Close.
func (t *Terminal) Descriptors() (in, out int) { return t.inFD, t.outFD }

// Size returns the window's columns and rows, 80 by 24 where it is not known
// (a serial line).
func (t *Terminal) Size() (w, h int) {
	w, h, err := term.GetSize(t.outFD)
	if err != nil || w < 1 || h < 1 {
		return 80, 24
	}
	return w, h
}

// raw gives every key to the console. A job in the background is refused: the
// kernel would stop the whole process for it.
func (t *Terminal) raw() error {
	if _, err := descriptor(t.in); err != nil {
		return err // closed: the number may be another file's by now
	}
	if !t.ours() {
		return errors.New("the terminal belongs to another job, bring this one to the foreground with fg")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	saved, err := term.MakeRaw(t.inFD)
	if err != nil {
		return fmt.Errorf("set the terminal to raw: %w", err)
	}
	t.saved = saved
	t.set, err = unix.IoctlGetTermios(t.inFD, unix.TCGETS)
	return err
}

// cooked puts the settings back as raw found them. A shell whose client was
// killed reads its next line at once, and has then set its own.
func (t *Terminal) cooked() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ours() || t.changed() {
		return nil
	}
	if err := term.Restore(t.inFD, t.saved); err != nil {
		return fmt.Errorf("restore the terminal: %w", err)
	}
	return nil
}

// changed reports whether somebody else set the terminal since raw.
func (t *Terminal) changed() bool {
	now, err := unix.IoctlGetTermios(t.inFD, unix.TCGETS)
	return err == nil && t.set != nil && *now != *t.set
}

// ours is false when this process is a background job of the terminal. For a
// terminal that controls another session there are no jobs of ours.
func (t *Terminal) ours() bool {
	group, err := unix.IoctlGetInt(t.inFD, unix.TIOCGPGRP)
	return err != nil || group <= 0 || group == unix.Getpgrp()
}

// Restore makes the terminal fit for a shell again, whatever a console did
// with it: for a client whose service died, and for a way out that skips Run's
// end. It waits a tenth of a second at most.
func (t *Terminal) Restore() error {
	t.say(screen.Reset)
	return t.cooked()
}

// rescue discards what the terminal has not taken and cuts short what it has
// taken half, so that whoever looks at it later finds a screen for a shell.
func (t *Terminal) rescue() {
	const cancel = "\x18" // ends an escape sequence that is not complete
	unix.IoctlSetInt(t.outFD, unix.TCFLSH, unix.TCOFLUSH)
	t.say(cancel + screen.Reset)
}

// say writes text if the terminal takes it at once. No Screen may be in use.
func (t *Terminal) say(text string) {
	t.out.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	t.out.WriteString(text)
	t.out.SetWriteDeadline(time.Time{})
}

// Close closes both descriptors; no console may run on them any more.
func (t *Terminal) Close() error {
	return errors.Join(t.in.Close(), t.out.Close())
}
