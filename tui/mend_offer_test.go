package tui

import (
	"net/netip"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// raise is a mend of the file of the tests.
func raise(what, size string) proxy.Mend {
	return proxy.Mend{Words: "max_body is too small: " + size, What: what, Facts: []string{"a fact of " + size},
		Edit: func(f *config.File) error { return f.Set(size, "route", "git", "max_body") }}
}

// failed shows the newest request to git, which failed.
func (e *editor) failed() {
	e.press("2", "/")
	e.write("host:git")
	e.press("enter", "k", "enter")
	e.wait(2 * settleMoving)
}

// TestMendOfARequest: the detail says what to do, m shows the edit, y does it.
func TestMendOfARequest(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.world.mends = []proxy.Mend{raise("raise max_body of route git", "4MB"), raise("raise it far", "1GB")}
		e.failed()
		e.sees("what to do", "max_body is too small: 4MB  m does it, after a question", "m mend")
		e.press("m")
		e.sees("raise max_body of route git?", "a fact of 4MB", `+ max_body = "4MB"`, "m another", "y apply")
		e.wantFile()
		e.press("m")
		e.sees("raise it far?", `+ max_body = "1GB"`)
		e.press("m", "y")
		e.sees("done: raise max_body of route git")
		e.wantFile("to   = [\"http://nas:3000\"]\n", "to   = [\"http://nas:3000\"]\nmax_body = \"4MB\"\n")
	})
}

// TestMendThatIsOnlyRead: lines for the other side stand in the detail.
func TestMendThatIsOnlyRead(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.world.mends = []proxy.Mend{{Words: "Home Assistant does not trust this proxy:", There: []string{"http:", "  use_x_forwarded_for: true"}}}
		e.failed()
		e.sees("Home Assistant does not trust", "http:", "use_x_forwarded_for: true")
		e.misses("m mend", "m does it")
		e.press("m")
		e.sees("nothing in portico.toml would mend it")
		e.press("esc", "esc", "esc", "4", "m")
		e.sees("what to do", "use_x_forwarded_for: true")
	})
}

// TestMendFromNow: Enter on what is wrong leads to the edit, m too; locked, it
// is only said.
func TestMendFromNow(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.world.mends = []proxy.Mend{raise("raise max_body of route git", "4MB")}
		e.press("g", "enter")
		e.sees("raise max_body of route git?")
		e.press("esc")
		e.sees("[4 Upstreams]")
		e.press("L", "1", "g", "enter")
		e.sees("max_body is too small: 4MB; editing is locked")
		e.misses("raise max_body of route git?")
	})
}

// TestMendWaits: nothing opens under the fingers of one who went on.
func TestMendWaits(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.world.mends = []proxy.Mend{raise("raise max_body of route git", "4MB")}
		e.press("4")
		e.handle(keyMsg("m"))
		e.handle(keyMsg("3"))
		e.settle()
		e.sees("[3 Routes]")
		e.misses("raise max_body of route git?")
	})
}

// TestMendOfARefusal: a ban is lifted after a question, an unknown host opens a
// form.
func TestMendOfARefusal(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.world.mends = []proxy.Mend{{Words: "shut out", Lift: netip.MustParseAddr("203.0.113.9")}}
		e.failed()
		e.press("m")
		e.sees("let 203.0.113.9 in again?")
		e.press("y")
		if len(e.world.lifted) != 1 {
			t.Error("the ban is not lifted")
		}
		e.world.mends = []proxy.Mend{{Words: "no route has the host", Host: "wiki.home.lan"}}
		e.press(":")
		e.write("mend")
		e.press("enter")
		e.sees("new route", "wiki.home.lan", "wiki_")
	})
}

// TestMendAsksNobodyInPassing: who moves on through the list asks nobody.
func TestMendAsksNobodyInPassing(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 160, Height: 45})
		e.press("2", "k", "k", "k", "k")
		if n := len(e.world.mended); n != 0 {
			t.Errorf("%d requests were looked into in passing", n)
		}
		e.wait(2 * settleMoving)
		if n := len(e.world.mended); n != 1 {
			t.Errorf("%d requests were looked into, not the one", n)
		}
	})
}
