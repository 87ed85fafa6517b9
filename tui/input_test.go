package tui

import (
	"slices"
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
