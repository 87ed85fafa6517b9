package main

import (
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bookLines is how many lines a logbook keeps.
const bookLines = 1000

// logbook keeps the last lines of the log and prints them. Whoever logs never
// waits: a stalled terminal or a full pipe behind stderr must not hold up a
// request, so Write only stores, and one goroutine prints. Where that falls
// more than bookLines behind, lines are lost to stderr and counted there.
type logbook struct {
	to io.Writer

	mu      sync.Mutex
	lines   [bookLines]string
	written uint64 // lines ever written; line n is in lines[n%bookLines]
	printed uint64 // lines printed or passed over
	hidden  bool   // a console draws where the lines would go

	wake chan struct{}
}

func newLogbook(to io.Writer) *logbook {
	return &logbook{to: to, wake: make(chan struct{}, 1)}
}

// Write stores one line, as slog's handlers write them.
func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	b.lines[b.written%bookLines] = string(line)
	b.written++
	b.mu.Unlock()
	b.nudge()
	return len(line), nil
}

// Lines returns what is kept, oldest first.
func (b *logbook) Lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := b.oldest()
	lines := make([]string, 0, b.written-first)
	for n := first; n < b.written; n++ {
		lines = append(lines, b.lines[n%bookLines])
	}
	return lines
}

// Hide stops printing, Show goes on with the next line that is written.
func (b *logbook) Hide() { b.setHidden(true) }

// Show ends Hide.
func (b *logbook) Show() { b.setHidden(false) }

func (b *logbook) setHidden(hidden bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hidden && !hidden {
		b.printed = b.written
	}
	b.hidden = hidden
}

// Print prints until stop is closed, and then what is left.
func (b *logbook) Print(stop <-chan struct{}) {
	for {
		b.printAll()
		select {
		case <-b.wake:
		case <-stop:
			b.printAll()
			return
		}
	}
}

// start prints in the background. The function it returns ends that, and waits
// no longer than a second, or a moment where that is a stalled terminal (XOFF, a
// client that is gone): a write to it cannot be called back.
func (b *logbook) start() (finish func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		b.Print(stop)
		close(done)
	}()
	return func() {
		close(stop)
		const moment = 10 * time.Millisecond
		look, stalled := time.NewTicker(moment), 0
		defer look.Stop()
		for end := time.After(time.Second); stalled < 2; {
			select {
			case <-done:
				return
			case <-end:
				return
			case <-look.C:
				if stalled++; !stalledTerminal(b.to) {
					stalled = 0
				}
			}
		}
	}
}

// stalledTerminal tells whether w is a terminal that takes nothing now.
func stalledTerminal(w io.Writer) bool {
	fd, ok := terminalOf(w)
	if !ok {
		return false
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0)
	return err == nil && n == 0
}

func (b *logbook) printAll() {
	for {
		line, ok := b.next()
		if !ok {
			return
		}
		// There is nowhere left to report an error to.
		_, _ = io.WriteString(b.to, line)
	}
}

// next takes the oldest line that is still to be printed.
func (b *logbook) next() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hidden || b.printed == b.written {
		return "", false
	}
	if first := b.oldest(); b.printed < first {
		b.printed = first
		return "(lines of the log were lost here: stderr is too slow)\n", true
	}
	line := b.lines[b.printed%bookLines]
	b.printed++
	return line, true
}

// oldest is the number of the oldest line that is kept.
func (b *logbook) oldest() uint64 {
	if b.written < bookLines {
		return 0
	}
	return b.written - bookLines
}

func (b *logbook) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
