// Package screen writes to a terminal that may stall, and writes little.
//
// It owns two writers. Screen queues what is written and lets one goroutine
// bring it to the terminal, so that a terminal nobody reads never blocks
// whoever draws. Shift stands before it and rewrites the frames of Bubble Tea
// v1 into scrolls and cut lines. The package deliberately does not know what
// is drawn, how the terminal was opened, or when to draw again.
//
// Both are safe for concurrent use.
package screen

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Limit is how many bytes wait for the terminal at most, beside those being
// written. It holds some full frames of a large window; one single write may
// be larger when nothing else waits.
const Limit = 256 << 10

// Output is a terminal opened so that write deadlines work: on Linux with
// O_NONBLOCK. Danger: calling Fd on its os.File ends that.
type Output interface {
	io.Writer
	SetWriteDeadline(t time.Time) error
}

// Screen is a terminal whose Write queues and returns.
type Screen struct {
	out     Output
	drained func(lost int)
	wake    chan struct{} // cap 1: something waits, or the end came
	dead    chan struct{} // closed on the first write error
	ended   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []byte // waits to be written
	spare   []byte // the other buffer: being written, or free
	busy    bool   // something waits or is being written
	asked   bool   // Busy said true since the last drain
	closing bool
	lost    int // writes dropped since the last drain
	err     error
}

// New starts a screen on out; Finish ends it. When the terminal has taken
// everything and somebody saw Busy meanwhile, or writes were dropped, drained
// is called with the number of dropped writes: above 0 the terminal needs a
// full repaint. It runs on the writing goroutine and must not block.
func New(out Output, drained func(lost int)) *Screen {
	s := &Screen{
		out:     out,
		drained: drained,
		wake:    make(chan struct{}, 1),
		dead:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	go s.run()
	return s
}

// Write queues b whole, or drops it whole when Limit is reached. After a drop
// it drops everything until the terminal has drained: the frames that follow
// build on the lost one and would show nonsense. It fails only after the
// terminal has failed or Finish was called.
func (s *Screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, s.err
	case s.closing:
		return 0, os.ErrClosed
	case s.lost > 0 || len(s.queue) > 0 && len(s.queue)+len(b) > Limit:
		s.lost++
		return len(b), nil
	}
	s.put(b)
	return len(b), nil
}

// put appends to the queue; the caller holds mu.
func (s *Screen) put(b []byte) {
	s.queue = append(s.queue, b...)
	s.busy = true
	s.signal()
}

func (s *Screen) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Busy reports whether the terminal still has to take what was written. Each
// true is answered by a call of drained.
func (s *Screen) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = s.asked || s.busy
	return s.busy
}

// Lost returns how many writes were dropped since the last drain.
func (s *Screen) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Dead is closed when a write failed: the terminal hung up. Err says why.
func (s *Screen) Dead() <-chan struct{} { return s.dead }

// Err returns the error that ended the screen, nil before.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Finish queues last whatever waits already, gives the terminal d to take
// everything and ends the screen. It returns nil when all was written. It
// returns little later than d also when out ignores its deadline; only then
// the writing goroutine stays behind, until the terminal moves or closes.
func (s *Screen) Finish(d time.Duration, last string) error {
	s.mu.Lock()
	if !s.closing {
		s.closing = true
		s.put([]byte(last))
	}
	s.mu.Unlock()
	noDeadline := s.out.SetWriteDeadline(time.Now().Add(d))
	late := time.NewTimer(d + d/4)
	defer late.Stop()
	select {
	case <-s.ended:
		return s.Err()
	case <-late.C:
		return errors.Join(os.ErrDeadlineExceeded, noDeadline)
	}
}

func (s *Screen) run() {
	defer close(s.ended)
	for {
		b, ok := s.next()
		if !ok {
			return
		}
		if len(b) == 0 {
			<-s.wake
			continue
		}
		if _, err := s.out.Write(b); err != nil {
			s.fail(fmt.Errorf("write to the terminal: %w", err))
			return
		}
	}
}

// next takes what waits. When nothing does, it tells whoever is waiting for
// that and returns no bytes; false means that the screen is finished.
func (s *Screen) next() ([]byte, bool) {
	s.mu.Lock()
	if len(s.queue) > 0 {
		b := s.queue
		s.queue, s.spare = s.spare[:0], b
		s.mu.Unlock()
		return b, true
	}
	if s.closing {
		s.mu.Unlock()
		return nil, false
	}
	tell, lost := s.asked || s.lost > 0, s.lost
	s.busy, s.asked, s.lost = false, false, 0
	s.mu.Unlock()
	if tell && s.drained != nil {
		s.drained(lost)
	}
	return nil, true
}

func (s *Screen) fail(err error) {
	s.mu.Lock()
	s.err, s.queue, s.spare = err, nil, nil
	s.mu.Unlock()
	close(s.dead)
}
