package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

var update = flag.Bool("update", false, "write the golden frames anew")

var goldenSizes = [][2]int{{40, 10}, {53, 20}, {60, 20}, {80, 24}, {160, 45}}

var goldenLooks = []struct {
	name string
	env  environment
}{
	{"colour", environment{Colors: 16, UTF8: true}},
	{"light", environment{Colors: 16, UTF8: true, Light: true}},
	{"mono", environment{UTF8: true}},
	{"ascii", environment{}},
}

// golden compares the frames of a scene with those that were looked at and
// found good: one file holds them all, each under a line that names it.
func golden(t *testing.T, scene string, frames []string) {
	t.Helper()
	file := filepath.Join("testdata", scene+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(frames, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	good := strings.SplitAfter(string(text), frameEnd)
	for _, f := range frames {
		if !slices.Contains(good, f) {
			t.Errorf("%s does not have this frame (-update writes it anew, git diff shows the change):\n%s", file, f)
		}
	}
	if !t.Failed() && strings.Join(frames, "") != string(text) {
		t.Errorf("%s has frames that are not drawn, or another order (-update writes it anew)", file)
	}
}

// frameEnd stands under each frame of a golden file.
const frameEnd = "\n==\n"

// safeSigns are in all Lat15 and Uni console fonts.
const safeSigns = "─│┌┐└┘├┤┬┴┼═║█░▒■●•▲▼▶◀→←↑↓✗×±≤≥"

// checkSigns fails when a frame of a world with plain names draws a sign that
// a kernel's console may not have.
func checkSigns(t *testing.T, frame string) {
	t.Helper()
	for _, r := range frame {
		if r > '~' && !strings.ContainsRune(safeSigns, r) {
			t.Errorf("%q is not in all console fonts", r)
		}
	}
}

// plainFile is homeFile without what this build or a later one may warn of.
var plainFile = strings.Replace(homeFile, ", weight = 2", "", 1)

// play presses keys; "wait" waits a second, "break" breaks the file.
func play(t *testing.T, p *person, keys []string, store *config.Store) {
	for _, k := range keys {
		switch k {
		case "wait":
			p.wait(time.Second)
		case "break":
			if err := os.WriteFile(store.Path(), []byte("[route.git]\nhots = 1\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := store.Reload(t.Context()); err == nil {
				t.Fatal("a broken file is in force")
			}
		case "listen":
			err := store.Update(t.Context(), nil, "ann", "listen on :8081", func(f *config.File) error {
				return f.Set(":8081", "server", "http")
			})
			if err != nil {
				t.Fatal(err)
			}
		default:
			p.press(k)
		}
	}
}

// TestGoldenFrames draws each page in every size and look.
func TestGoldenFrames(t *testing.T) {
	scenes := []scene{
		{"now", nil},
		{"requests", []string{"2"}},
		{"moved", []string{"2", "k", "k", "k"}},
		{"filter", []string{"2", "/", "5", "x", "x", " ", "~"}},
		{"detail", []string{"2", "k", "k", "enter"}},
		{"trace", []string{"2", "k", "t"}},
		{"routes", []string{"3", "j"}},
		{"upstreams", []string{"4", "G"}},
		{"certs", []string{"5", "j"}},
		{"past", []string{"5", "j", "enter"}},
		{"wall", []string{":", "w", "a", "enter"}},
		{"wallwell", []string{":", "w", "a", "enter"}},
		{"wallmany", []string{":", "w", "a", "enter"}},
		{"history", []string{"3", "j", "x", "y", "6"}},
		{"version", []string{"3", "j", "x", "y", "6", "enter"}},
		{"moves", []string{"3", "j", "D"}},
		{"keep", []string{"listen", "wait", "wait"}},
		{"help", []string{"?"}},
		{"leave", []string{"q"}},
		{"form", []string{"3", "j", "e", "tab", "/", "a", "p", "i", "wait"}},
		{"problem", []string{"3", "j", "e", "tab", "tab", "end", "9", "9", "9", "wait", "tab"}},
		{"review", []string{"3", "j", "e", "tab", "/", "a", "enter"}},
		{"delete", []string{"3", "j", "D"}},
		{"applied", []string{"3", "j", "x", "y"}},
		{"command", []string{":", "e"}},
		{"broken", []string{"break", "wait", "wait"}},
		{"locked", []string{"3", "L", "a"}},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			var frames []string
			for _, size := range s.sizes() {
				for _, l := range goldenLooks {
					frame := s.draw(t, modelOptions{Env: l.env, Width: size[0], Height: size[1], Foreground: true})
					checkSigns(t, frame)
					frames = append(frames, fmt.Sprintf("%dx%d %s\n%s%s", size[0], size[1], l.name, frame, frameEnd))
				}
			}
			golden(t, s.name, frames)
		})
	}
}

// scene is what is done before a frame is looked at.
type scene struct {
	name string
	keys []string
}

func (s scene) sizes() [][2]int {
	switch s.name {
	case "form", "review", "problem": // a phone with its keyboard open
		return append(slices.Clone(goldenSizes), [2]int{40, 12})
	}
	return goldenSizes
}

// draw plays the scene before a console of its own.
func (s scene) draw(t *testing.T, o modelOptions) (frame string) {
	t.Helper()
	atNoon(t, func(t *testing.T) {
		w := home()
		routes := w.status.Routes
		store := realStore(t, w, plainFile)
		w.status.Routes = routes
		src := w.source(store)
		src.Log = logLines
		src.Locks = wellDoors(time.Now())
		switch s.name {
		case "moves":
			w.moves = fourteen
		case "certs", "past", "wall":
			src.Locks = homeDoors(time.Now())
		case "wallwell":
			w.allWell()
		case "wallmany":
			w.crowded()
		}
		p := sit(t, src, o)
		play(t, p, s.keys, store)
		frame = p.look()
	})
	return frame
}
