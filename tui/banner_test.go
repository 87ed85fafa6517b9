package tui

import (
	"os"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

// listen changes the listener, which has to be kept.
func (e *editor) listen(address string) {
	e.t.Helper()
	err := e.store.Update(e.t.Context(), nil, "ann", "listen on "+address, func(f *config.File) error {
		return f.Set(address, "server", "http")
	})
	if err != nil {
		e.t.Fatal(err)
	}
	e.wait(2 * time.Second)
}

func TestKeep(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 30})
		e.press("K")
		e.sees("no change waits")
		e.listen(":8081")
		for _, page := range []string{"2", "3", "4", "6", "?", "esc", "1"} {
			e.press(page)
			e.sees("KEEP IT? 2", "listen on :8081")
		}
		e.sees("keep? 2", "! not kept yet: listen on :8081", "it goes back in 2")
		first := e.line("KEEP IT?")
		e.wait(2 * time.Second)
		if e.line("KEEP IT?") == first {
			t.Errorf("the time does not run: %s", first)
		}
		e.press("K")
		e.sees("kept: listen on :8081")
		e.wait(time.Second)
		e.misses("KEEP IT?", "not kept yet")
		e.wantFile(":8080", ":8081")
	})
}

func TestGoBack(t *testing.T) {
	for name, keys := range map[string][]string{
		"the key":          {"B"},
		"the command":      {":", "b", "a", "c", "k", "enter"},
		"from Now":         {"1", "g", "enter", "B"},
		"by its undo":      {"3", "u", "y"},
		"while it is read": {"6", "enter", "B"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := edit(t, modelOptions{Width: 120, Height: 30})
				e.listen(":8081")
				e.press(keys...)
				e.wait(2 * time.Second)
				e.misses("KEEP IT?")
				e.wantFile()
			})
		})
	}
}

// TestGoBackConflict: the same key was changed since; B asks, and B again is no
// answer.
func TestGoBackConflict(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 30})
		e.listen(":8081")
		e.elsewhere(":8081", ":8082")
		if err := e.store.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.press("B")
		e.sees("not taken back, B asks whether all the same", "8082")
		e.wait(2 * time.Second)
		e.sees("KEEP IT? it could not go back")
		e.wantFile(":8080", ":8082")
		e.press("B")
		e.sees("take it back all the same?")
		e.press("B", "enter")
		e.wantFile(":8080", ":8082")
		e.press("B", "y")
		e.wait(2 * time.Second)
		e.misses("KEEP IT?")
		e.wantFile()
	})
}

// TestKeepWhileTyping: where letters are text the banner says how to reach its
// keys.
func TestKeepWhileTyping(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.listen(":8081")
		e.press("3", "a", "K")
		e.sees("KEEP IT?", "esc, then K or B", "new route")
		if _, waits := e.store.Pending(); !waits {
			t.Error("a typed letter kept the change")
		}
	})
}

func TestLockedKeepsNothing(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Locked: true})
		e.listen(":8081")
		e.press("K")
		e.sees("editing is locked", "KEEP IT?")
		e.press("B")
		e.sees("editing is locked")
	})
}

// TestReviewSaysItWaits: before y it is known that the edit has to be kept.
func TestReviewSaysItWaits(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.listen(":8081")
		e.press("K", "u")
		e.sees("undo listen on :8081?", "it goes back after 30s unless you keep it")
	})
}

func TestLastGood(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		good := realStore(t, w, homeFile)
		broken := strings.Replace(homeFile, "host = \"git", "hots = \"git", 1)
		if err := os.WriteFile(good.Path(), []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := config.Open(config.Options{Path: good.Path(), State: w.state}, w)
		if err != nil {
			t.Fatal(err)
		}
		p := sit(t, w.source(s), modelOptions{Width: 120, Height: 30})
		for _, page := range []string{"2", "3", "1"} {
			p.press(page)
			p.sees("LAST GOOD RUNS: portico.toml cannot run: line 9: unknown key \"hots\" in route.git (did you mean \"host\"?)")
		}
		p.sees("the last good version of portico.toml runs", "what the file says now is not in force")
		if err := os.WriteFile(good.Path(), []byte(homeFile), 0o644); err != nil {
			t.Fatal(err)
		}
		p.press(":")
		p.write("reload")
		p.press("enter")
		p.wait(2 * time.Second)
		p.misses("LAST GOOD")
	})
}
