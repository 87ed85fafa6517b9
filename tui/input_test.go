package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestSplitKeys(t *testing.T) {
	runes := func(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)} }
	alt := func(k tea.KeyMsg) tea.KeyMsg { k.Alt = true; return k }
	pasted := runes("jjj")
	pasted.Paste = true
	for _, c := range []struct {
		name string
		in   tea.KeyMsg
		want []string
	}{
		{"one rune", runes("j"), []string{"j"}},
		{"a burst", runes("jjk"), []string{"j", "j", "k"}},
		{"a burst of wide runes", runes("日本"), []string{"日", "本"}},
		{"alt is esc first", alt(runes("x")), []string{"esc", "x"}},
		{"alt with a named key", alt(tea.KeyMsg{Type: tea.KeyUp}), []string{"esc", "up"}},
		{"esc esc", alt(tea.KeyMsg{Type: tea.KeyEscape}), []string{"esc", "esc"}},
		{"a named key", tea.KeyMsg{Type: tea.KeyEnter}, []string{"enter"}},
		{"space", tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(" ")}, []string{" "}},
		{"a paste stays whole", pasted, []string{"[jjj]"}},
		{"no runes at all", tea.KeyMsg{Type: tea.KeyRunes}, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, k := range splitKeys(c.in) {
				got = append(got, k.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("splitKeys(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// TestTypedInABurst: a terminal without bracketed paste sends a pasted text as
// keys. Filtering 10,000 records for each of them would keep a core busy for a
// minute.
func TestTypedInABurst(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		p := sit(t, w.source(realStore(t, w, homeFile)), modelOptions{Env: environment{UTF8: true}, Width: 80, Height: 24})
		p.press("2")
		p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/up")})
		if p.m.prompt == nil || p.m.prompt.input.String() != "up" {
			t.Fatalf("/up in one read is not the filter up:\n%s", p.m.View())
		}
		changes, changed := 0, p.m.prompt.changed
		p.m.prompt.changed = func(m *model, pr *prompt) { changes++; changed(m, pr) }
		long := strings.Repeat("git", 100)
		p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(long)})
		if got := p.m.requests.filter; got != "up"+long || changes != 1 {
			t.Errorf("filtered %d times, by %q", changes, got)
		}
		for p.m.prompt.input.String() != "" {
			p.press("backspace")
		}
		changes = 0
		p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("up")})
		if got := p.m.requests.filter; got != "up" {
			t.Errorf("up, typed at once, is %q: the key of that name?", got)
		}
		p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(strings.Repeat("x", lineMost))})
		changes = 0
		p.press("x")
		p.press("left")
		if changes > 0 {
			t.Errorf("filtered %d times by the text that was there", changes)
		}
	})
}
