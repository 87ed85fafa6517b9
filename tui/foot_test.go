package tui

import (
	"strings"
	"testing"
)

// TestAQuestionIsSeenWhole: in a narrow window a question takes the lines it
// needs; what answers it is always seen.
func TestAQuestionIsSeenWhole(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 10}} {
		atNoon(t, func(t *testing.T) {
			e := edit(t, modelOptions{Width: size[0], Height: size[1]})
			e.failed()
			e.press("r")
			e.sees("send it with Author", "y with", "n without", "esc back")
			e.m.ask = &ask{question: "delete " + strings.Repeat("long ", 200) + "?", choices: []choice{{[]string{"y"}, "delete", nil}}}
			e.m.stale = true
			e.sees("delete long long", "y delete", "esc back")
		})
	}
}

// TestAnAnswerIsSeenWhole: so does the answer to a key, up to half of the page.
func TestAnAnswerIsSeenWhole(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 40, Height: 10})
		e.m.say(warn, "127.0.0.1 is never banned: it is of this home, a gateway, a trusted proxy or in never")
		e.m.stale = true
		e.sees("127.0.0.1 is never banned", "trusted proxy", "or in never", "portico")
		e.m.say(warn, strings.Repeat("words ", 200))
		e.m.stale = true
		e.sees("words words", "portico", "[1Now]")
	})
}
