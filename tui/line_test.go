package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// TestLineEdits types into a line of "photos home lan".
func TestLineEdits(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"text goes to the end", "x", "photos home lanx|"},
		{"a blank", "space", "photos home lan |"},
		{"backspace", "backspace", "photos home la|"},
		{"left and delete", "left delete", "photos home la|"},
		{"right stops at the end", "right y", "photos home lany|"},
		{"home", "home z", "z|photos home lan"},
		{"home and end", "home end z", "photos home lanz|"},
		{"ctrl+e", "home ctrl+e z", "photos home lanz|"},
		{"to the end", "home right ctrl+k", "p|"},
		{"to the start", "left ctrl+u", "|n"},
		{"a word", "ctrl+w", "photos home |"},
		{"the blanks before it too", "ctrl+w ctrl+w", "photos |"},
		{"the first word", "ctrl+w ctrl+w ctrl+w ctrl+w", "|"},
		{"keys of others do nothing", "ctrl+v ctrl+a ctrl+b ctrl+d ctrl+f ctrl+h tab up", "photos home lan|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine()
			l.set("photos home lan")
			for k := range strings.FieldsSeq(c.keys) {
				if k == "space" {
					k = " "
				}
				l.key(keyMsg(k))
			}
			rs := []rune(l.String())
			at := l.input.Position()
			if got := string(rs[:at]) + "|" + string(rs[at:]); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestLineRunsNothing: no key, not even a paste, leads to a command, which in
// textinput may run the clipboard programs of the proxy's machine or blink.
func TestLineRunsNothing(t *testing.T) {
	for typ := tea.KeyType(-100); typ < 128; typ++ {
		for _, alt := range []bool{false, true} {
			l := newLine()
			if _, cmd := l.input.Update(tea.KeyMsg{Type: typ, Alt: alt, Runes: []rune("v"), Paste: true}); cmd != nil {
				t.Errorf("%s runs a command", tea.KeyMsg{Type: typ, Alt: alt})
			}
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	l := newLine()
	paste := tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(strings.Repeat("a\tb\n", lineMost))}
	l.key(paste)
	if got := l.String(); len(got) != lineMost || strings.ContainsAny(got, "\t\n") {
		t.Errorf("%d characters, want %d without line ends: %.20q", len(got), lineMost, got)
	}
}
