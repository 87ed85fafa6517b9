package tui

import (
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/record"
)

// place is a view that is nothing but a place for keys.
type place struct {
	reading
	at scope
}

func (p place) scope() scope     { return p.at }
func (place) draw(*model, area)  {}
func (place) move(*model, int)   {}
func (place) jump(*model, bool)  {}
func (place) open(*model)        {}
func (place) back(m *model) bool { m.pop(); return true }

// TestEverythingByCommand: what a key does, a command does in the same place.
// Where letters are text there is no command line, and the colon opens it.
func TestEverythingByCommand(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		for i := range p.m.keys {
			b := &p.m.keys[i]
			for where := onNow; where <= inAsk; where <<= 1 {
				if b.where&where&^(inEntries|inAsk) == 0 || len(b.keys) == 0 || b.keys[0] == ":" {
					continue
				}
				p.m.layers = []view{place{at: where}}
				if got := p.m.named(b.name); b.name == "" || got != b {
					t.Errorf("%v (%s) is not the command %q where it is a key", b.keys, b.help, b.name)
				}
				if p.m.bound(where, ":") == nil {
					t.Errorf("%v is a key where no command can be typed", b.keys)
				}
			}
		}
		p.m.layers = nil
	})
}

// TestCommandsMove: the lists and texts are gone through by words too.
func TestCommandsMove(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("3")
		for command, key := range map[string]string{"down": "j", "up": "k", "bottom": "G", "top": "g", "pgdown": "pgdown", "pgup": "pgup"} {
			p.press("g", "j", "j")
			p.command(command)
			by := p.cursorLine()
			p.press("g", "j", "j", key)
			if got := p.cursorLine(); got != by {
				t.Errorf(":%s leads to %q, %s to %q", command, by, key, got)
			}
		}
	})
}

// TestCompletion: each command completes what it takes, and takes it so.
func TestCompletion(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 160, Height: 45})
		var stranger record.Row
		stranger.Host.Set([]byte("wiki.home.lan"))
		stranger.Status = 404
		e.world.log.Put(&stranger, nil, nil)
		for typed, want := range map[string]string{
			"add wi":                     "add wiki.home.lan ",
			"add x http://nas:2":         "add x http://nas:2342 ",
			"test gi":                    "test git.home.lan ",
			"edit ph":                    "edit photos ",
			"remove cl":                  "remove cloud ",
			"enable ":                    "enable old ",
			"disable ol":                 "disable ol",
			"disable cl":                 "disable cloud ",
			"sort st":                    "sort status ",
			"set route.git.h":            "set route.git.host ",
			"filter route:gi":            "filter route:git ",
			"filter git up:http://nas:3": "filter git up:http://nas:3000 ",
			"undo 1":                     "undo 1 ",
			"rel":                        "reload ",
			"qui":                        "quit ",
			"mend x":                     "mend x",
		} {
			e.press(":")
			e.write(typed)
			e.press("tab")
			if got := e.m.prompt.input.String(); got != want {
				t.Errorf("%q becomes %q, want %q", typed, got, want)
			}
			e.press("esc")
		}
		e.press("/")
		e.write("5xx route:ph")
		e.press("tab")
		e.sees("/5xx route:photos |", "filter: 5xx route:photos")
		e.press("tab", "enter")
		e.sees("filter: 5xx route:photos")
	})
}

// TestAmbiguousCommand: a beginning that several have runs none of them.
func TestAmbiguousCommand(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{Width: 160, Height: 45})
		p.command("re")
		p.sees("re may be", "reload", "remove", "requests")
		p.command("foll")
		p.sees("[2 Requests]", "FOLLOW")
	})
}

// TestSortByName: an order is taken by its name.
func TestSortByName(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.command("sort status")
		p.sees("by status")
		p.command("sort")
		p.sees("by ms")
		p.command("sort colour")
		p.sees("there is no order colour; there are time status ms")
	})
}

// TestCommandsInReview: there only what belongs to it runs, and what was typed
// in the form is not lost by a command.
func TestCommandsInReview(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.add("wiki.home.lan", "nas:3333")
		for _, c := range []string{"3", "add a b", "remove git", "reload"} {
			e.press(":")
			e.write(c)
			e.press("enter")
			e.sees("decide this edit first", "add route wiki?")
		}
		e.wantFile()
		e.press(":")
		e.write("apply")
		e.press("enter")
		e.sees("done: add route wiki")
		if got := e.file(); got != homeFile+added {
			t.Errorf("the file is\n%s", got)
		}
	})
}

// TestRecall: a console that failed and came back knows what was typed before,
// another one does not, and nobody is shown a secret that was.
func TestRecall(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w, kept := home(), &recall{}
		src := w.source(realStore(t, w, homeFile))
		first := sit(t, src, modelOptions{Width: 80, Height: 24, Recall: kept})
		first.command("unmatched")
		first.press("esc", "/")
		first.write("5xx")
		first.press("enter", "esc")
		first.command("set ddns.home.token s3cr3t")
		first.press("esc")
		again := sit(t, src, modelOptions{Width: 80, Height: 24, Recall: kept})
		again.press(":", "up")
		again.sees(":unmatched|")
		again.press("esc", "/", "up")
		again.sees("filter: 5xx")
		if slices.ContainsFunc(kept.lines.lines, func(s string) bool { return strings.Contains(s, "s3cr3t") }) {
			t.Errorf("a secret is recalled: %q", kept.lines.lines)
		}
		other := sit(t, src, modelOptions{Width: 80, Height: 24})
		other.press(":", "up")
		other.misses("unmatched|")
	})
}
