package tui

import (
	"os"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// breaks makes the file one that cannot run, and waits until the console knows.
func (e *editor) breaks(old, new string) {
	e.t.Helper()
	e.elsewhere(old, new)
	if err := e.store.Reload(e.t.Context()); err == nil {
		e.t.Fatal("the file is good")
	}
	e.wait(2 * factsTick)
}

// TestEditMendsTheFile: while the file cannot run, an edit begins from it as it
// stands, and one that mends it applies.
func TestEditMendsTheFile(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 40})
		e.breaks("http://nas:2342\"", "gopher://nas:2342\"")
		e.press("3", "g", "x") // cloud: nothing is wrong with it
		e.sees("not yet: portico.toml would still have 1 problem", "with an editor, a save applies by itself", "unknown scheme")
		e.press("y")
		e.sees("not yet")
		e.press("esc", "G", "e") // photos
		e.sees("edit route photos  in portico.toml as it stands, which cannot run", "gopher://nas:2342")
		e.focus("to")
		e.clear()
		e.write("nas:2343")
		e.press("enter")
		e.sees("ok: this mends portico.toml", `- to   = "gopher://nas:2342"   # the old one`, `+ to   = "http://nas:2343"   # the old one`)
		e.press("y")
		e.sees("done: change to of route photos")
		e.wantFile("http://nas:2342\"", "http://nas:2343\"")
		if ps, _ := e.store.Problems(); ps != nil {
			t.Errorf("the file still has %v", ps)
		}
		e.press("e")
		e.misses("cannot run")
	})
}

// TestRoutesOfABrokenFile: what runs and is not in the file any more cannot be
// edited, what is in the file and does not run can.
func TestRoutesOfABrokenFile(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 40})
		e.elsewhere("[route.git]", "[route.tig]")
		e.breaks(`["http://nas:3000"]`, `["gopher://nas:3000"]`)
		e.press("3", "j")
		for _, key := range []string{"e", "x", "D"} {
			e.press(key)
			e.sees("no route is called git")
		}
		e.press("a")
		e.write("tig.home.lan")
		e.sees("name     tig-2_")
		e.press("esc", "y", ":")
		e.write("remove tig")
		e.press("enter")
		e.sees("delete route tig?", "ok: this mends portico.toml")
		e.press("y")
		if got := e.file(); strings.Contains(got, "tig") || e.store.Current().Config.Route("git") != nil {
			t.Errorf("the file is\n%s", got)
		}
	})
}

// TestBreakThatNoEditMends: what is no TOML is for an editor, and the console
// says so with the place.
func TestBreakThatNoEditMends(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 40})
		e.breaks("[route.git]", "[route.git")
		before := e.file()
		for _, keys := range [][]string{{"a"}, {"e"}, {"x"}, {"D"}} {
			e.press(append([]string{"3"}, keys...)...)
			e.sees("portico.toml is no TOML: mend it with an editor, a save applies by itself: line 8:")
		}
		e.press("1", "g", "j", "enter")
		e.sees("what is wrong", "mend them with an editor, a save applies by itself")
		e.press("esc")
		e.elsewhere("[route.git", "[route.git]")
		if err := e.store.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.wait(2 * factsTick)
		e.press("3", "e")
		e.sees("edit route cloud")
		if before == e.file() {
			t.Error("the file was not mended")
		}
	})
}

// TestMendingPastLastGood: with the last good one running too.
func TestMendingPastLastGood(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		good := realStore(t, w, homeFile)
		broken := strings.Replace(homeFile, "to = \"http://nas:80\"", "to = \"nas\"", 1)
		if err := os.WriteFile(good.Path(), []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := config.Open(config.Options{Path: good.Path(), State: w.state}, w)
		if err != nil {
			t.Fatal(err)
		}
		e := &editor{sit(t, w.source(s), modelOptions{Width: 120, Height: 40}), s, w}
		e.sees("LAST GOOD RUNS")
		e.press(":")
		e.write("edit old")
		e.press("enter")
		e.focus("to")
		e.clear()
		e.write("nas:80")
		e.press("enter", "y")
		e.sees("done: change to of route old")
		e.misses("LAST GOOD RUNS")
		e.wantFile()
	})
}
