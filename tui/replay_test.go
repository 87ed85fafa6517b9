package tui

import (
	"errors"
	"testing"

	"forge.home.arpa/portico/proxy/record"
)

// TestReplayAsks: what lets people in goes with it only after y; the new record
// is selected and its outcome said.
func TestReplayAsks(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.failed()
		was := e.m.requests.pane.Row.ID
		e.press("r")
		e.sees("send it with Authorization, Cookie, as the visitor?", "y with", "n without")
		e.press("enter")
		if len(e.world.replayed) != 0 {
			t.Error("enter sends it")
		}
		e.press("r", "n")
		e.sees("sent again: 502 Bad Gateway in 1.2ms, refused")
		if e.m.requests.pane.Row.ID <= was {
			t.Error("the new record is not shown")
		}
		e.press("r", "y")
		if got := e.world.replayed; len(got) != 2 || got[0] || !got[1] {
			t.Errorf("sent with secrets: %v", got)
		}
		e.press("esc")
		if row := e.m.requests.stream.selected(); row == nil || row.ID != e.m.requests.pane.Row.ID {
			t.Error("the new record is not selected")
		}
	})
}

// TestReplayRefused: what would do something twice, and one that nobody takes.
func TestReplayRefused(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.press("2", "/")
		e.write("POST")
		e.press("enter", "k", "r")
		e.sees("only GET and HEAD are sent again")
		e.press("esc")
		e.failed()
		e.world.unsent = errors.New("no listener takes http requests now")
		e.press(":")
		e.write("replay")
		e.press("enter", "n")
		e.sees("not sent again: no listener takes")
	})
}

// TestNothingIsSelected: keys that are for a request say so where there is none.
func TestNothingIsSelected(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		w.log = record.New(10, 10, 10)
		p := sit(t, w.source(realStore(t, w, plainFile)), modelOptions{Width: 80, Height: 24})
		p.press("2")
		for _, k := range []string{"r", "c", "m"} {
			p.press("esc", k)
			p.sees("no request is selected")
		}
		p.press("esc", "t")
		p.sees("nothing is selected; :test URL")
	})
}
