package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// TestPanic holds that the console comes again after a panic, wherever in the
// model it was, and that only the log hears of it.
func TestPanic(t *testing.T) {
	for key, want := range map[string]string{
		"U": "trouble in Update", "V": "trouble in View",
		"1": "trouble in a command", "2": "trouble in a command", "3": "trouble in a command",
	} {
		t.Run(key+" "+want, func(t *testing.T) {
			d := newDesk(t, 80, 24)
			before := d.settings()
			var st stat
			s := d.sit(sketches(&st))
			d.await("keys=0")
			d.press("xx")
			d.await("keys=2")
			d.press(key)
			awaitCount(t, &st.lives, 2)
			d.await("keys=0")
			d.press("q")
			if e := s.wait(); e.how != Left || e.err != nil {
				t.Errorf("Run = %v, %v", e.how, e.err)
			}
			checkShell(t, d, before)
			if log := s.log.String(); strings.Count(log, "console failed") != 1 || !strings.Contains(log, want) || !strings.Contains(log, "sketch") {
				t.Errorf("the log says %q", log)
			}
			for _, word := range []string{"panic", "goroutine", "trouble"} {
				if strings.Contains(d.output(), word) {
					t.Errorf("the terminal was sent %q", word)
				}
			}
		})
	}
}

func TestPanicWhileMade(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	s := d.sit(func(modelOptions) tea.Model { panic("trouble in newModel") })
	e := s.wait()
	if e.how != Gone || e.err == nil || !strings.Contains(e.err.Error(), "5 times") {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
	if got := strings.Count(s.log.String(), "console failed"); got != maxFailures {
		t.Errorf("%d panics in the log, want %d", got, maxFailures)
	}
	d.await("stays away")
	if d.settings() != before {
		t.Error("the terminal's settings are not restored")
	}
}

// TestPanicWaits holds that the end of the context is heeded between lives.
func TestPanicWaits(t *testing.T) {
	d := newDesk(t, 80, 24)
	s := d.sit(sketches(&stat{}), func(c *console) { c.backoff = []time.Duration{time.Hour} })
	d.await("keys=0")
	d.press("U")
	d.await("back in 1h0m0s")
	if e := s.leave(); e.how != Left || e.err != nil {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

// TestStuck leaves a model behind that never returns from Update.
func TestStuck(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	st := stat{hold: make(chan struct{})}
	defer close(st.hold)
	s := d.sit(sketches(&st))
	d.await("keys=0")
	d.press("h")
	time.Sleep(50 * time.Millisecond) // for the key to be taken; the test holds without
	if e := s.leave(); e.err != nil && !errors.Is(e.err, errStuck) {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
	if d.settings() != before {
		t.Error("the terminal's settings are not restored")
	}
}
