package tui

import "slices"

// history is what was typed before, the newest last.
type history struct {
	lines []string
	at    int    // steps back from what is being typed
	typed string // what was being typed before the first step
}

const historyMost = 100

// recall is what a person typed before in a console, in all its lives: one that
// failed and came back still knows. Another console does not: what somebody else
// typed is not for everybody.
type recall struct {
	filters history
	lines   history // of the command line
}

// add remembers s as the newest.
func (h *history) add(s string) {
	h.rest()
	if s == "" {
		return
	}
	h.lines = slices.DeleteFunc(h.lines, func(o string) bool { return o == s })
	h.lines = append(h.lines, s)
	h.lines = h.lines[max(len(h.lines)-historyMost, 0):]
}

// rest forgets the steps taken back.
func (h *history) rest() { h.at = 0 }

// step goes back, or forward when by is negative.
func (h *history) step(by int, now string) (string, bool) {
	at := h.at + by
	if at < 0 || at > len(h.lines) {
		return "", false
	}
	if h.at == 0 {
		h.typed = now
	}
	h.at = at
	if at == 0 {
		return h.typed, true
	}
	return h.lines[len(h.lines)-at], true
}
