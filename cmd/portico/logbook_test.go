package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func fill(b *logbook, from, to int) {
	for n := from; n < to; n++ {
		fmt.Fprintf(b, "line %d\n", n)
	}
}

func TestLogbookPrintsInOrder(t *testing.T) {
	var out lockedBuffer
	b := newLogbook(&out)
	finish := b.start()
	fill(b, 0, 500)
	finish()
	if lines := strings.Split(out.String(), "\n"); len(lines) != 501 || lines[0] != "line 0" || lines[499] != "line 499" {
		t.Errorf("%d lines, first %q", len(lines), lines[0])
	}
}

func TestLogbookKeepsTheLast(t *testing.T) {
	b := newLogbook(&lockedBuffer{})
	fill(b, 0, 3)
	if got := b.Lines(); len(got) != 3 || got[0] != "line 0\n" {
		t.Errorf("kept %q", got)
	}
	fill(b, 3, bookLines+10)
	got := b.Lines()
	if len(got) != bookLines || got[0] != "line 10\n" || got[len(got)-1] != fmt.Sprintf("line %d\n", bookLines+9) {
		t.Errorf("kept %d lines from %q to %q", len(got), got[0], got[len(got)-1])
	}
}

func TestLogbookPassesOverWhatWasHidden(t *testing.T) {
	var out lockedBuffer
	b := newLogbook(&out)
	b.Hide()
	finish := b.start()
	fill(b, 0, 3)
	b.Show()
	fill(b, 3, 5)
	finish()
	if got := out.String(); got != "line 3\nline 4\n" {
		t.Errorf("printed %q", got)
	}
	if len(b.Lines()) != 5 {
		t.Errorf("kept %q", b.Lines())
	}
}

// A terminal that stalls holds up neither whoever logs nor the end.
func TestLogbookOnAStalledWriter(t *testing.T) {
	stalled := &stalledWriter{begun: make(chan struct{}), free: make(chan struct{})}
	defer close(stalled.free)
	b := newLogbook(stalled)
	finish := b.start()
	fill(b, 0, 1)
	<-stalled.begun
	fill(b, 1, 3*bookLines)
	finish()
	if got := b.Lines(); len(got) != bookLines {
		t.Errorf("kept %d lines", len(got))
	}
}

func TestLogbookSaysThatLinesWereLost(t *testing.T) {
	var out lockedBuffer
	b := newLogbook(&out)
	fill(b, 0, bookLines+1)
	b.start()()
	first, rest, _ := strings.Cut(out.String(), "\n")
	if !strings.Contains(first, "lost") || !strings.HasPrefix(rest, "line 1\n") {
		t.Errorf("printed %q, then %.20q", first, rest)
	}
}

// stalledWriter blocks in Write until it is freed.
type stalledWriter struct {
	begun, free chan struct{}
	once        sync.Once
}

func (w *stalledWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	<-w.free
	return len(p), nil
}

// A terminal that was stopped (XOFF) is given up at once, one that reads on is
// waited for.
func TestLogbookOnAStoppedTerminal(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		p := newTerm(t)
		if stopped {
			if err := unix.IoctlSetInt(descriptor(p.tty), unix.TCXONC, unix.TCOOFF); err != nil {
				t.Fatal(err)
			}
		}
		if got := stalledTerminal(p.tty); got != stopped {
			t.Errorf("stopped %v: stalled %v", stopped, got)
		}
		b := newLogbook(p.tty)
		finish := b.start()
		fill(b, 0, 3)
		began := time.Now()
		finish()
		if took := time.Since(began); stopped && took > 900*time.Millisecond {
			t.Errorf("gave up after %s", took)
		}
		if !stopped {
			p.shows("line 2")
		}
	}
}
