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
	{"mono", environment{UTF8: true}},
	{"ascii", environment{}},
}

// golden compares the frame with the one that was looked at and found good.
func (p *person) golden(name string) {
	p.t.Helper()
	checkSigns(p.t, p.look())
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(p.look()+"\n"), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := p.look() + "\n"; got != string(want) {
		p.t.Errorf("%s differs (-update writes it anew)\ngot:\n%swant:\n%s", file, got, want)
	}
}

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
	scenes := []struct {
		name string
		keys []string
	}{
		{"now", nil},
		{"requests", []string{"2"}},
		{"moved", []string{"2", "k", "k", "k"}},
		{"filter", []string{"2", "/", "5", "x", "x", " ", "~"}},
		{"detail", []string{"2", "k", "k", "enter"}},
		{"trace", []string{"2", "k", "t"}},
		{"routes", []string{"3", "j"}},
		{"upstreams", []string{"4", "G"}},
		{"certs", []string{"5", "j"}},
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
		sizes := goldenSizes
		if s.name == "form" || s.name == "review" || s.name == "problem" {
			sizes = append(slices.Clone(sizes), [2]int{40, 12})
		}
		for _, size := range sizes {
			for _, l := range goldenLooks {
				name := fmt.Sprintf("%s_%dx%d_%s", s.name, size[0], size[1], l.name)
				t.Run(name, func(t *testing.T) {
					atNoon(t, func(t *testing.T) {
						w := home()
						routes := w.status.Routes
						store := realStore(t, w, plainFile)
						w.status.Routes = routes
						if s.name == "moves" {
							w.moves = fourteen
						}
						src := w.source(store)
						src.Log = logLines
						if s.name == "certs" {
							src.Locks = homeDoors(time.Now())
						}
						p := sit(t, src, modelOptions{Env: l.env, Width: size[0], Height: size[1], Foreground: true})
						play(t, p, s.keys, store)
						p.golden(name)
					})
				})
			}
		}
	}
}
