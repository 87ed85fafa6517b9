package main

import (
	"strings"
	"testing"
)

const inherits = "[defaults]\nuse = \"mine\"\n[preset.mine]\nallow = \"lan\"\n"

// TestAddSaysWhoMayComeIn: nobody opens a route to the world without being told.
func TestAddSaysWhoMayComeIn(t *testing.T) {
	for _, test := range []struct {
		name, file string
		args       []string
		want, text string
	}{
		{"nothing said", "", nil, "everybody may come in", ""},
		{"a preset", inherits, nil, "only lan may come in, from preset mine", ""},
		{"everybody", inherits, []string{"--allow", "everybody"}, "everybody may come in", `allow = ["everybody"]`},
		{"networks", "", []string{"--allow", "lan,10.8.0.0/24"}, "only lan 10.8.0.0/24 may come in", `allow = ["lan", "10.8.0.0/24"]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHome(t)
			h.write("portico.toml", test.file+lab(freePort(t)))
			out := h.does(append([]string{"add", "wiki", "wiki.test", "nas:1", "--yes"}, test.args...)...)
			if !strings.Contains(out, test.want+"\n") || !strings.Contains(squeezed(h.file()), test.text) {
				t.Errorf("%s\n%s", out, h.file())
			}
		})
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestAddAsksWhoMayComeIn: at a terminal.
func TestAddAsksWhoMayComeIn(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	p := newTerm(t)
	add := p.start(h, "add", "wiki", "wiki.test", "nas:1")
	p.shows("who may come in?")
	p.keys("lan\n")
	p.shows("only lan may come in")
	p.shows("make this change? [y/N]")
	p.keys("y\n")
	if code := add.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(squeezed(h.file()), `allow = ["lan"]`) {
		t.Error(h.file())
	}
}
