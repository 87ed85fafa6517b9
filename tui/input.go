package tui

import tea "github.com/charmbracelet/bubbletea"

// splitKeys turns one message of Bubble Tea into the keys that were pressed.
// Keys that arrive in one read come as one message, so three quick presses of
// j would be the unknown key "jjj". And esc followed quickly by x comes as
// alt+x; the console binds no alt keys, so that is always two keys. A paste
// stays whole: its text must not act as keys.
func splitKeys(msg tea.KeyMsg) []tea.KeyMsg {
	if msg.Paste {
		return []tea.KeyMsg{msg}
	}
	var keys []tea.KeyMsg
	if msg.Alt {
		keys = append(keys, tea.KeyMsg{Type: tea.KeyEscape})
		msg.Alt = false
	}
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return append(keys, msg)
	}
	for _, r := range msg.Runes {
		keys = append(keys, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return keys
}
