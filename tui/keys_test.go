package tui

import (
	"slices"
	"strings"
	"testing"
)

var scopes = []scope{onNow, onRequests, onRoutes, onUpstreams, inDetail, inSheet, inForm, inReview, inHelp, inPrompt, inAsk}

// TestKeysAreUnambiguous: in no place does a key mean two things.
func TestKeysAreUnambiguous(t *testing.T) {
	for _, where := range scopes {
		bound := map[string]string{}
		for _, b := range keyTable() {
			if b.where&where == 0 {
				continue
			}
			for _, k := range b.keys {
				if bound[k] != "" {
					t.Errorf("%s is both %q and %q", k, bound[k], b.help)
				}
				bound[k] = b.help + " "
			}
		}
	}
}

// TestKeysAreSafe: some keys belong to tmux, screen, flow control, the shell,
// or come as something else over a slow line.
func TestKeysAreSafe(t *testing.T) {
	for _, b := range keyTable() {
		for _, k := range b.keys {
			if slices.Contains([]string{"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+z"}, k) ||
				strings.HasPrefix(k, "alt+") || k[0] == 'f' && len(k) > 1 && k[1] <= '9' {
				t.Errorf("%s is bound to %q", k, b.help)
			}
		}
	}
}

// TestLettersAreText: where text is typed no letter is a key.
func TestLettersAreText(t *testing.T) {
	for _, b := range keyTable() {
		for _, k := range b.keys {
			if b.where&inEntries != 0 && len([]rune(k)) == 1 {
				t.Errorf("%q is bound where text is typed", k)
			}
		}
	}
}

// TestKeysAreWhole: each entry does something, and what it shows can be found.
func TestKeysAreWhole(t *testing.T) {
	names := map[string]scope{}
	for _, b := range keyTable() {
		switch {
		case b.do == nil && b.take == nil:
			t.Errorf("%q does nothing", b.help)
		case len(b.keys) > 0 && b.do == nil:
			t.Errorf("%v does nothing", b.keys)
		case b.word != "" && b.label == "":
			t.Errorf("%q has no label", b.word)
		case b.where == 0:
			t.Errorf("%q is nowhere", b.help)
		case b.name != "" && names[b.name]&b.where != 0:
			t.Errorf("two commands are called %s in one place", b.name)
		case b.name == "" && len(b.keys) == 0:
			t.Errorf("%q has neither a key nor a name", b.help)
		case b.take != nil && b.name == "":
			t.Errorf("%q takes words and has no name", b.help)
		}
		names[b.name] |= b.where
	}
}

// TestEveryEntryOfTheHelp runs each entry of the help from each page.
func TestEveryEntryOfTheHelp(t *testing.T) {
	for _, page := range []string{"1", "3"} {
		for i := range keyTable() {
			if keyTable()[i].help == "" {
				continue
			}
			atNoon(t, func(t *testing.T) {
				p, _ := at(t, modelOptions{Foreground: true})
				p.press(page, "?")
				h := p.m.top().(*help)
				for n := slices.Index(ids(h.entries(p.m)), keyTable()[i].label+keyTable()[i].help); n > 0; n-- {
					p.press("down")
				}
				p.press("enter", "esc", "esc", "y", "1")
			})
		}
	}
}
