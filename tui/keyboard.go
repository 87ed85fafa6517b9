package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/tui/screen"
)

// keyPart is how long the rest of a key's sequence may take. A slow link cuts
// the bytes of an arrow key apart, and Bubble Tea would read esc, [, A. It is
// also how much later a single Esc is seen.
const keyPart = 20 * time.Millisecond

// keyboard reads the keys of a terminal until it is stopped or hangs up.
//
// Bubble Tea's own reader closes its epoll while another goroutine may still
// wait on it, which then waits for ever; this one ends when told. It knows
// nothing of termios.
type keyboard struct {
	fd      int
	stopR   *os.File // readable from stop on: never read, only polled
	stopW   *os.File
	stopFD  int
	lost    chan struct{} // closed when the terminal hung up
	mu      sync.Mutex    // held by Read
	stopped bool
	err     error
	paste   pasteLimit
	part    []byte // of a character whose rest has not come yet
}

func newKeyboard(fd int) (*keyboard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("read the keyboard: %w", err)
	}
	k := &keyboard{fd: fd, stopR: r, stopW: w, lost: make(chan struct{})}
	if k.stopFD, err = descriptor(r); err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	return k, nil
}

// Read waits for keys. It returns io.EOF when stopped or hung up: an error of
// another kind would make Bubble Tea end with it.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped || k.err != nil {
		return 0, io.EOF
	}
	n := copy(p, k.part)
	k.part = nil
	for {
		wait := time.Duration(-1)
		if n > screen.PartOfRune(p[:n]) {
			wait = keyPart
		}
		ready, err := k.poll(wait)
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		if err == nil && !ready {
			// However slow the link is, the rest of a character comes.
			whole := n - screen.PartOfRune(p[:n])
			k.part = bytes.Clone(p[whole:n])
			return whole, nil
		}
		got := 0
		if err == nil {
			got, err = k.take(p[n:])
		}
		if err != nil {
			return n, k.hungUp(err)
		}
		n += got
		if n == len(p) || n > 0 && (k.paste.inside || !unfinished(p[:n])) {
			return n, nil
		}
	}
}

// poll waits for keys, for ever when d is negative; false means that the time
// is over, io.EOF that the keyboard was stopped.
func (k *keyboard) poll(d time.Duration) (bool, error) {
	fds := []unix.PollFd{
		{Fd: int32(k.fd), Events: unix.POLLIN},
		{Fd: int32(k.stopFD), Events: unix.POLLIN},
	}
	ms := -1
	if d >= 0 {
		ms = int(d.Milliseconds())
	}
	for {
		_, err := unix.Poll(fds, ms)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return false, err
		case fds[1].Revents != 0:
			return false, io.EOF
		case fds[0].Revents&unix.POLLNVAL != 0:
			return false, os.ErrClosed
		}
		return fds[0].Revents != 0, nil
	}
}

// take reads what is there, less what is too much of a paste.
func (k *keyboard) take(p []byte) (int, error) {
	n, err := unix.Read(k.fd, p)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.ErrUnexpectedEOF
	}
	return len(k.paste.filter(p[:n])), nil
}

// hungUp notes why there will be no more keys.
func (k *keyboard) hungUp(err error) error {
	k.err = fmt.Errorf("read the keyboard: %w", err)
	close(k.lost)
	return io.EOF
}

// stop ends a Read that waits and every later one; when it returns none is
// under way, and the descriptor may be closed.
func (k *keyboard) stop() {
	k.stopW.Close() // the reading end is at its end from now on
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	k.stopR.Close()
}

// reason returns why the terminal was lost; ask after lost is closed.
func (k *keyboard) reason() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// unfinished reports whether b ends within what a terminal sends as one key: a
// character of some bytes, or an escape sequence.
func unfinished(b []byte) bool {
	if screen.PartOfRune(b) > 0 {
		return true
	}
	esc := strings.LastIndexByte(string(b), '\x1b')
	if esc < 0 {
		return false
	}
	switch tail := string(b[esc+1:]); {
	case tail == "", tail == "O", tail == "[", tail == "[[": // the last: Linux's F1 to F5
		return true
	case tail[0] == '[':
		return !strings.ContainsFunc(tail[1:], func(r rune) bool { return r >= '@' && r <= '~' })
	}
	return false
}
