package screen_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/tui/screen"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// openPty returns the two ends of a terminal in raw mode, the near one opened
// as the console opens it. Close tty first: that ends a read of master.
func openPty(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(slave.Name(), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	slave.Close()
	t.Cleanup(func() { tty.Close(); master.Close() })
	return master, tty
}

// drains collects what a screen reports.
type drains chan int

func (d drains) drained(lost int) { d <- lost }

func (d drains) wait(t *testing.T) int {
	t.Helper()
	select {
	case lost := <-d:
		return lost
	case <-time.After(20 * time.Second):
		t.Fatal("no drain")
		return 0
	}
}

func write(t *testing.T, s *screen.Screen, text string) {
	t.Helper()
	if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

// collect reads the master's side until it ends.
func collect(master io.Reader) <-chan string {
	all := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		b.ReadFrom(master)
		all <- b.String()
	}()
	return all
}

func TestScreenWritesInOrder(t *testing.T) {
	master, tty := openPty(t)
	var want strings.Builder
	s := screen.New(tty, nil)
	for _, c := range "abcdefgh" {
		frame := strings.Repeat(string(c), 3000)
		want.WriteString(frame)
		write(t, s, frame)
	}
	want.WriteString("end")
	got := make([]byte, want.Len())
	read := make(chan error, 1)
	go func() { _, err := io.ReadFull(master, got); read <- err }()
	if err := s.Finish(20*time.Second, "end"); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil || string(got) != want.String() {
		t.Fatalf("read %d bytes, %v: not what was written", len(got), err)
	}
	if _, err := s.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after the end: %v", err)
	}
}

// TestScreenStalled writes to a terminal that nobody reads.
func TestScreenStalled(t *testing.T) {
	_, tty := openPty(t)
	s := screen.New(tty, nil)
	frame := strings.Repeat("x", 10_000)
	for range 100 { // a pty holds some 64 KB, the queue 256 KB
		write(t, s, frame)
	}
	if !s.Busy() {
		t.Error("not busy, though nobody reads")
	}
	select {
	case <-s.Dead():
		t.Error("a stalled terminal is taken for a dead one")
	default:
	}
	if err := s.Finish(10*time.Millisecond, "bye"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Finish = %v, want a deadline", err)
	}
}

// TestScreenDropsWhole lets the queue run over and then reads: only whole
// writes come, none after the first lost one, and the loss is told.
func TestScreenDropsWhole(t *testing.T) {
	master, tty := openPty(t)
	d := make(drains, 10)
	s := screen.New(tty, d.drained)
	const frames, size = 60, 10_000
	for range frames {
		write(t, s, strings.Repeat("x", size-1)+"|")
	}
	all := collect(master)
	lost := d.wait(t)
	if lost < 1 || lost >= frames {
		t.Fatalf("%d of %d writes lost", lost, frames)
	}
	write(t, s, "after")
	if err := s.Finish(20*time.Second, "end"); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	kept := frames - lost
	want := strings.Repeat(strings.Repeat("x", size-1)+"|", kept) + "afterend"
	if got := <-all; got != want {
		t.Errorf("read %d bytes, want %d: %d whole writes and what came after the drain", len(got), len(want), kept)
	}
}

// TestScreenTellsOnlyWhoAsked holds that a drain is told once to whoever saw
// the screen busy, and not otherwise: each frame would else cause a next one.
func TestScreenTellsOnlyWhoAsked(t *testing.T) {
	gate := &gate{pass: make(chan struct{})}
	d := make(drains, 10)
	s := screen.New(gate, d.drained)
	if s.Busy() {
		t.Error("busy before the first write")
	}
	write(t, s, "unasked")
	gate.pass <- struct{}{}
	write(t, s, "asked")
	if !s.Busy() {
		t.Error("not busy while a write waits")
	}
	gate.open()
	if lost := d.wait(t); lost != 0 {
		t.Errorf("%d writes lost", lost)
	}
	if err := s.Finish(20*time.Second, ""); err != nil {
		t.Fatal(err)
	}
	if len(d) != 0 {
		t.Errorf("%d more drains were told", len(d))
	}
}

// gate is an output that takes a write when let, and ignores deadlines.
type gate struct {
	pass chan struct{}
	once sync.Once
}

func (g *gate) open() { g.once.Do(func() { close(g.pass) }) }

func (g *gate) Write(b []byte) (int, error)      { <-g.pass; return len(b), nil }
func (g *gate) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

func TestScreenFinishWithoutDeadlines(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	defer g.open()
	s := screen.New(g, nil)
	write(t, s, "x")
	err := s.Finish(10*time.Millisecond, "")
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, os.ErrNoDeadline) {
		t.Errorf("Finish = %v", err)
	}
}

func TestScreenHangUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		before int // bytes that wait when the terminal goes
	}{{"idle", 0}, {"stalled", 200_000}} {
		t.Run(c.name, func(t *testing.T) {
			master, tty := openPty(t)
			s := screen.New(tty, nil)
			write(t, s, strings.Repeat("x", c.before))
			master.Close()
			s.Write([]byte("y"))
			select {
			case <-s.Dead():
			case <-time.After(20 * time.Second):
				t.Fatal("the lost terminal went unnoticed")
			}
			if !errors.Is(s.Err(), syscall.EIO) {
				t.Errorf("Err = %v", s.Err())
			}
			if _, err := s.Write([]byte("z")); !errors.Is(err, syscall.EIO) {
				t.Errorf("Write = %v", err)
			}
			if err := s.Finish(time.Second, ""); !errors.Is(err, syscall.EIO) {
				t.Errorf("Finish = %v", err)
			}
		})
	}
}
