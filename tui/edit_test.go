package tui

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// add types a new route as a person would, up to its review.
func (e *editor) add(host, to string) {
	e.press("3", "a")
	e.write(host)
	e.press("tab", "tab")
	e.write(to)
	e.press("enter")
}

const added = `
[route.wiki]
host = "wiki.home.lan"
to   = "http://nas:3333"
`

func TestAddRoute(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.add("wiki.home.lan", "nas:3333")
		e.sees("add route wiki?", "+ [route.wiki]", `+ host = "wiki.home.lan"`, `+ to   = "http://nas:3333"`, "y apply")
		e.wantFile()
		e.press("y")
		e.sees("done: add route wiki", "u takes it back")
		e.misses("add route wiki?")
		if l := e.cursorLine(); !strings.Contains(l, "wiki.home.lan") || !strings.Contains(l, "nas:3333") {
			t.Errorf("the cursor is not on the new route:\n%s", e.text())
		}
		if got := e.file(); got != homeFile+added {
			t.Errorf("the file is\n%s", got)
		}
		if got := e.last(); got != "console: add route wiki" {
			t.Errorf("the history says %q", got)
		}
	})
}

func TestAddRouteByCommand(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("add wiki.home.lan nas:3333")
		e.press("enter", "y")
		if got := e.file(); got != homeFile+added {
			t.Errorf("the file is\n%s", got)
		}
	})
}

func TestAddRouteName(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "a")
		e.write("git.example.org")
		e.sees("git-2_") // git is taken
		e.press("up")
		e.clear()
		e.write("mirror")
		e.press("tab")
		e.write(", git2.example.org")
		e.press("tab", "tab")
		e.write("http://a:1 http://b:2")
		e.press("enter", "y")
		want := homeFile + "\n[route.mirror]\nhost = [\"git.example.org\", \"git2.example.org\"]\nto   = [\"http://a:1\", \"http://b:2\"]\n"
		if got := e.file(); got != want {
			t.Errorf("the file is\n%s", got)
		}
	})
}

func TestAddRouteNeedsHost(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "a", "enter")
		e.sees("a route needs a host", "new route")
		e.write("wiki.home.lan")
		e.press("enter")
		e.sees("a route needs an upstream")
		if l := e.cursorLine(); !strings.HasPrefix(l, ">to") {
			t.Errorf("the focus is on %q", l)
		}
		e.write("nas:3333")
		e.press("up", "up")
		e.clear()
		e.write("git.home.lan")
		e.wait(settleTyping + time.Second)
		e.sees("! ", "takes the same")
	})
}

// TestEnterIsNo: in a review nothing but y applies.
func TestEnterIsNo(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.add("wiki.home.lan", "nas:3333")
		e.press("enter")
		e.sees("new route", "wiki.home.lan")
		e.press("enter", "esc")
		e.sees("new route", "wiki.home.lan")
		e.press("esc")
		e.sees("throw away what you typed?")
		e.press("n")
		e.sees("new route", "wiki.home.lan")
		e.press("esc", "y")
		e.misses("new route")
		e.wantFile()
	})
}

// TestEditLeavesTheRestAlone: only the value that was changed is written.
func TestEditLeavesTheRestAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		route string
		field string
		typed string
		pairs []string
	}{
		{"a string stays a string", "photos", "to", "http://nas:9999", []string{`"http://nas:2342" `, `"http://nas:9999" `}},
		{"a list stays a list", "git", "to", "http://nas:3001", []string{`["http://nas:3000"]`, `["http://nas:3001"]`}},
		{"a string becomes a list", "git", "host", "git.home.lan, code.home.lan", []string{`"git.home.lan"`, `["git.home.lan", "code.home.lan"]`}},
		{"a key goes", "photos", "strip", "", []string{"strip_prefix = \"/api\"\n", ""}},
		{"a weight stays", "cloud", "to", "http://10.0.0.9:8000 http://10.0.0.8:8000", []string{`["http://10.0.0.7:8000", {`, `["http://10.0.0.9:8000", {`}},
		{"a switched off route goes on", "old", "enabled", "y", []string{"enabled = false", "enabled = true"}},
		{"a key comes", "git", "allow", "lan", []string{"to   = [\"http://nas:3000\"]\n", "to   = [\"http://nas:3000\"]\nallow = \"lan\"\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := edit(t, modelOptions{})
				e.press(":")
				e.write("edit " + c.route)
				e.press("enter")
				e.focus(c.field)
				if c.field != "enabled" {
					e.clear()
				}
				e.write(c.typed)
				e.press("enter", "y")
				e.sees("done: change")
				e.wantFile(c.pairs...)
			})
		})
	}
}

// focus goes to the field of that label.
func (e *editor) focus(label string) {
	e.t.Helper()
	for range 9 {
		if strings.HasPrefix(e.line(label+"  "), ">"+label) || strings.HasPrefix(e.line(label), ">"+label) {
			return
		}
		e.press("tab")
	}
	e.t.Fatalf("no field %s:\n%s", label, e.text())
}

func TestRenameRoute(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("edit git")
		e.press("enter", "up")
		e.clear()
		e.write("code")
		e.press("enter")
		e.sees("rename route git to code?", "- [route.git]", "+ [route.code]")
		e.press("y")
		e.wantFile("[route.git]", "[route.code]")
	})
}

func TestNothingChanged(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "e", "enter")
		e.sees("nothing is changed", "edit route")
		e.press("esc")
		e.misses("edit route")
	})
}

// TestFormProblems: a problem stands under its field, after a moment and
// without being asked, and nothing is written while it does.
func TestFormProblems(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("edit git")
		e.press("enter")
		e.focus("to")
		e.clear()
		e.write("http://nas:99999")
		e.misses(" ! ")
		e.press("tab", "tab")
		e.wait(settleTyping + 50*time.Millisecond)
		lines := strings.Split(e.text(), "\n")
		for i, l := range lines {
			if strings.Contains(l, "http://nas:99999__") && !strings.Contains(lines[i+1], "! ") {
				t.Errorf("no problem stands under the field:\n%s", e.text())
			}
		}
		e.sees("! ", "99999")
		e.press("enter", "y")
		e.sees("edit route git")
		if got := e.m.scope(); got != inForm {
			t.Errorf("the review stays open (%b)", got)
		}
		e.wantFile()
	})
}

// TestSwitchOffAndOn, TestDelete: a single key leads to a review, too.
func TestSwitchOffAndOn(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "j", "x") // git
		e.sees("switch off route git?", "+ enabled = false")
		e.press("enter")
		e.wantFile()
		e.press("x", "y")
		e.sees("done: switch off route git")
		if l := e.line("git.home.lan"); !strings.Contains(l, "off") {
			t.Errorf("the list says %q", l)
		}
		e.press("x", "y")
		e.sees("done: switch on route git")
		if got := e.file(); !strings.Contains(got, "enabled = true") {
			t.Errorf("the file is\n%s", got)
		}
	})
}

func TestDelete(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "j", "D")
		e.sees("delete route git?", "- [route.git]", `- host = "git.home.lan"`)
		e.press("esc")
		e.wantFile()
		e.press("D", "y")
		e.wantFile("[route.git]          # ann's\nhost = \"git.home.lan\"\nto   = [\"http://nas:3000\"]\n\n", "")
	})
}

func TestUndo(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "u")
		e.sees("no change to take back")
		e.press("j", "D", "y", "u")
		e.sees("undo delete route git?", "+ [route.git]")
		e.press("enter")
		e.misses("undo delete")
		e.press("u", "y")
		e.sees("done: undo delete route git")
		e.wantFile()
	})
}

// TestChangedMeanwhile: another program changes another key, and both changes
// stand.
func TestChangedMeanwhile(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("edit git")
		e.press("enter")
		e.focus("to")
		e.clear()
		e.write("http://nas:3001")
		e.elsewhere("/api/*", "/v2/*")
		e.press("enter", "y")
		e.wantFile("nas:3000", "nas:3001", "/api/*", "/v2/*")
	})
}

// TestConflict: another program changes the same key. What was typed stays,
// and y after reading what happened puts it in force.
func TestConflict(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("edit git")
		e.press("enter")
		e.focus("to")
		e.clear()
		e.write("http://nas:3001")
		e.elsewhere("nas:3000", "nas:4000")
		e.press("enter", "y")
		e.sees("not applied", "meanwhile", "4000")
		e.wantFile("nas:3000", "nas:4000")
		e.press("esc")
		e.sees("edit route git", "http://nas:3001")
		e.press("enter")
		e.sees(`- to   = ["http://nas:4000"]`, `+ to   = ["http://nas:3001"]`)
		e.press("y")
		e.wantFile("nas:3000", "nas:3001")
	})
}

// TestSetAnyKey: listeners and certificates are changed here too, and wait to be
// kept.
func TestSetAnyKey(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("set server.http :8081 :8082")
		e.press("enter")
		e.sees("change server.http?", `- http = ":8080"`, `+ http = [":8081", ":8082"]`, "unless you keep it")
		e.press("esc", ":")
		e.write("set route.git.plain_http serve")
		e.press("enter")
		e.sees("change route.git.plain_http?", `+ plain_http = "serve"`)
		e.press("esc", ":")
		e.write("set route.none.plain_http serve")
		e.press("enter")
		e.sees("a route that is there")
		e.wantFile()
	})
}

// TestRenameAndMoreIsNoted: the history says of both.
func TestRenameAndMoreIsNoted(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press(":")
		e.write("edit git")
		e.press("enter")
		e.focus("path")
		e.write("/x/*")
		e.focus("name")
		e.clear()
		e.write("code")
		e.press("enter")
		e.sees("rename route git to code and change path?")
	})
}

// TestConflictWithRemoval: the route that is edited goes, by another hand. That
// is what the review says, and not that a host is missing.
func TestConflictWithRemoval(t *testing.T) {
	for name, byOther := range map[string][2]string{
		"removed": {homeFile[strings.Index(homeFile, "[route.git]"):], ""},
		"renamed": {"[route.git]", "[route.forge]"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := edit(t, modelOptions{})
				e.press(":")
				e.write("edit git")
				e.press("enter")
				e.focus("to")
				e.clear()
				e.write("http://nas:3001")
				e.focus("path")
				e.write("/x/*")
				e.elsewhere(byOther[0], byOther[1])
				e.press("enter", "y")
				e.sees("not applied: route.git.path was changed in the file meanwhile", "removed there")
				e.sees("route.git.to was")
				e.press("esc", "enter")
				e.sees("route git is not in the file any more")
			})
		})
	}
}

// TestRefusedByTheProxy: what cannot be prepared is not written.
func TestRefusedByTheProxy(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.world.refuse = errors.New("port 443 is taken")
		e.add("wiki.home.lan", "nas:3333")
		e.press("y")
		e.sees("not applied", "port 443 is", "wiki")
		e.wantFile()
		e.world.refuse = nil
		e.press("y")
		e.sees("done: add route wiki")
	})
}

// TestStuckStore: a store that does not answer costs the console nothing.
func TestStuckStore(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, homeFile)
		p := sit(t, w.source(stuckStore{s}), modelOptions{Width: 80, Height: 24})
		p.press("3", "D", "y")
		p.sees("applying")
		p.press("y", "esc", "2")
		p.sees("[2 Requests]")
		p.wait(deadline + time.Second)
		p.sees("[2 Requests]", "could not confirm")
	})
}

func TestLock(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Locked: true})
		e.press("3")
		e.sees("LOCKED")
		for _, k := range []string{"a", "e", "x", "D", "u"} {
			e.press(k)
			e.sees("editing is locked: L unlocks it")
		}
		e.press(":")
		e.write("remove git")
		e.press("enter")
		e.sees("editing is locked")
		e.press("L")
		e.misses("LOCKED")
		e.press("D")
		e.sees("delete route cloud?")
		e.press("esc")
		e.wait(lockAfter + time.Second)
		e.press("D")
		e.sees("editing is locked")
	})
}

// TestBrokenFile: the file on disk does not read, and Now says so.
func TestBrokenFile(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 160, Height: 45})
		e.elsewhere("host = \"git.home.lan\"", "hots = \"git.home.lan\"")
		e.press(":")
		e.write("reload")
		e.press("enter")
		e.wait(2 * time.Second)
		e.press("1", "G", "g", "j")
		e.sees("portico.toml has", "problem", "since 12:08", "the last good version runs", "unknown key \"hots\"")
		e.press("enter")
		e.sees("what is wrong", "portico.toml:9:1", "did you mean")
	})
}

// TestWho: the history has the name of the person who attached.
func TestWho(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, homeFile)
		src := w.source(s)
		src.User = "ann"
		e := &editor{sit(t, src, modelOptions{Width: 80, Height: 24}), s, w}
		e.press("3", "D", "y")
		if got := e.last(); got != "ann: delete route cloud" {
			t.Errorf("the history says %q", got)
		}
	})
}

// TestLongLinesAreWhole: what y accepts can be read to its end.
func TestLongLinesAreWhole(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 40, Height: 20})
		e.add("wiki.home.lan", "http://nas:3333")
		e.press("y")
		e.press(":")
		e.write("set route.wiki.allow 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4")
		e.press("enter")
		e.sees(`+ allow = ["192.0.2.1",`, `"192.0.2.4"]`)
	})
}
