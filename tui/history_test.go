package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// logLines are the log of the homes under test, as it is kept.
func logLines() []string {
	return []string{
		`time=1999-12-31T12:00:00.000Z level=INFO msg=serving version=test` + "\n",
		`time=1999-12-31T12:04:00.000Z level=WARN msg="upstream is down" upstream=http://nas:3000 reason="refused 192.168.1.20:3000"` + "\n",
	}
}

// fourteen is what deleting a route does to the requests of a home.
var fourteen = proxy.Moves{Looked: 2000, Moved: 14, Refused: 2, Kinds: []proxy.Move{
	{From: "git", Count: 12, Method: "GET", Host: "git.home.lan", Path: "/api/v1/repos/ann/portico?token=s3cr3t", Client: "192.168.1.23"},
	{From: "git", To: "photos", Rule: "allow", Count: 2, Method: "POST", Host: "git.home.lan", Path: "/", Client: "203.0.113.9"},
}}

func TestMoves(t *testing.T) {
	for _, c := range []struct {
		name  string
		moves proxy.Moves
		want  []string
	}{
		{"some move", fourteen, []string{"14 of the last 2,000 requests move, 2 are refused", "12  git > no route, not served", "GET git.home.lan/api/v1/repos", "git > photos, refused by allow", "from 203.0.113.9"}},
		{"one moves", proxy.Moves{Looked: 12_345, Moved: 1}, []string{"1 of the last 12,345 requests moves"}},
		{"none moves", proxy.Moves{Looked: 40}, []string{"none of the last 40 requests moves"}},
		{"there was none", proxy.Moves{}, []string{"no recent request"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				w := home()
				w.moves = c.moves
				s := realStore(t, w, homeFile)
				e := &editor{sit(t, w.source(s), modelOptions{Width: 120, Height: 40}), s, w}
				e.press("3", "j", "D")
				e.sees(c.want...)
				e.misses("s3cr3t")
				if w.weighed == nil || w.weighed.Route("git") != nil || w.weighed.Route("photos") == nil {
					t.Error("another configuration than the edit's was weighed")
				}
				e.press("y", "u")
				e.sees(c.want[0])
				if w.weighed.Route("git") == nil {
					t.Error("an undo was not weighed")
				}
			})
		})
	}
}

// TestMovesUnknown: an edit can be applied though nobody can say what moves.
func TestMovesUnknown(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.world.unweighed = errors.New("a network is not known")
		e.press("3", "j", "D")
		e.misses("requests")
		e.press("y")
		e.sees("done: delete route git")
	})
}

func TestHistory(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "j", "D", "y") // git
		e.press("x", "y")           // the next one, old, on
		e.press("6")
		e.sees("[6 Log & History]", "3", "switch on route old", "2", "console", "delete route git", "found at start")
		e.press("j", "enter")
		e.sees("version 2: delete route git, by console", "- [route.git]", "2000-01-01 12:08")
		e.press("u")
		e.sees("undo delete route git?", "+ [route.git]", "y apply")
		e.press("y")
		e.wantFile("enabled = false", "enabled = true")
		e.press("esc", "g")
		e.sees("undo delete route git")
		e.press("u")
		e.sees("redo delete route git?")
		e.press("esc", ":")
		e.write("undo 3")
		e.press("enter")
		e.sees("undo switch on route old?", "- enabled = true")
		e.press("y")
		e.wantFile()
	})
}

// TestUndoOfTheFirst: what was before the first version is not known.
func TestUndoOfTheFirst(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("6", "enter")
		e.sees("+ # our home")
		e.press("u")
		e.sees("is not known")
		for _, n := range []string{"0", "x", "-1"} {
			e.press("esc", ":")
			e.write("undo " + n)
			e.press("enter")
			e.sees("is no number of a version")
		}
		e.press(":")
		e.write("undo 99")
		e.press("enter")
		e.sees("no version 99")
	})
}

// TestUndoConflict: what changed since stays, and the review says why.
func TestUndoConflict(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "j", "x", "y") // off
		e.press("x", "y")           // and on
		e.press(":")
		e.write("undo 2")
		e.press("enter")
		e.sees("meanwhile")
		e.misses("y apply")
	})
}

// TestUndoAfterRestart: u takes back what the run before did.
func TestUndoAfterRestart(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "j", "D", "y")
		again, err := config.Open(config.Options{Path: e.store.Path(), State: e.world.state}, e.world)
		if err != nil {
			t.Fatal(err)
		}
		p := sit(t, e.world.source(again), modelOptions{Width: 80, Height: 24})
		p.press("u")
		p.sees("undo delete route git?")
		p.press("y")
		e.wantFile()
	})
}

func TestLog(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		src := w.source(realStore(t, w, homeFile))
		var lines []string
		src.Log = func() []string { return lines }
		p := sit(t, src, modelOptions{Width: 80, Height: 24})
		p.press("6")
		p.sees("no line yet")
		for i := range 1000 {
			lines = append(lines, fmt.Sprintf("level=INFO msg=line n=%d \x1b[31m", i))
		}
		p.wait(2 * time.Second)
		p.sees("n=999")
		p.press("tab")
		p.sees("n=999", "n=990")
		p.press("g")
		p.sees("n=0 ", "+")
		p.press("G")
		p.sees("n=999")
		p.press("esc")
		if !strings.Contains(p.text(), "[6 Log") {
			t.Errorf("esc leads elsewhere:\n%s", p.text())
		}
	})
}

// TestNoHistory: a console without a log or a history says so.
func TestNoHistory(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		p := sit(t, w.source(unwritten{realStore(t, w, homeFile)}), modelOptions{Width: 80, Height: 24})
		p.press("6")
		p.sees("no history is kept", "no line yet")
		p.press("enter", "u", "G", "tab")
		p.sees("no line yet")
	})
}

// unwritten is a store without a history.
type unwritten struct{ Store }

func (unwritten) History() ([]config.Version, error) {
	return nil, errors.New("no history is kept: there is no state directory")
}

func TestPageNames(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		for i, name := range Pages() {
			p, _ := at(t, modelOptions{Page: name, Foreground: true})
			if wall := name == "wall"; p.m.onWall() != wall || p.m.page != i && !wall {
				t.Errorf("--page %s opens page %d", name, p.m.page)
			}
		}
		if got := strings.Join(Pages(), " "); got != "now requests routes upstreams certs history wall" {
			t.Errorf("the pages are %s", got)
		}
	})
}

// TestShortLog: a line of the log begins with what a person looks for; what is
// no such line stays as it is.
func TestShortLog(t *testing.T) {
	east := time.FixedZone("east", 2*60*60)
	for in, want := range map[string]string{
		"time=1999-12-31T12:04:00.000Z level=WARN msg=\"it is down\" upstream=nas\n": `14:04:00 WARN "it is down" upstream=nas`,
		"level=INFO msg=line":        "level=INFO msg=line",
		"time=noon level=INFO msg=x": "time=noon level=INFO msg=x",
		"":                           "",
	} {
		if got := shortLog(in, east); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}
