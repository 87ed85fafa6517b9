package tui

import (
	"slices"
)

// ask is a question in the footer. Only its keys answer it; any other, Enter
// among them, takes it back.
type ask struct {
	question string
	choices  []choice
	edits    bool // no answer counts while editing is locked
}

type choice struct {
	keys []string
	word string
	do   func(*model)
}

// lines are the question and what answers it, in most lines of w cells: where
// not all of it fits, the answers do.
func (q *ask) lines(l *look, w, most int) []text {
	question := say(warn, q.question)
	var keys text
	for _, c := range q.choices {
		keys = append(keys, say(calm, c.keys[0], " "+c.word+"  ")...)
	}
	keys = append(keys, say(calm, "esc", " back")...)
	if whole := slices.Concat(question, say("  "), keys); most == 1 || whole.width(l) <= w {
		return []text{whole}
	}
	answers := keys.wrap(l, w, 0)
	lines := question.wrap(l, w, 1)
	return append(lines[:min(len(lines), max(most-len(answers), 1))], answers...)
}

// unseen tells whether a key confirms what nobody can have seen: it came in one
// read with the key that asked, as text does that is pasted into a terminal
// which does not say so.
func (m *model) unseen(b *binding) bool {
	return m.burst && (m.ask != nil || m.scope() == inReview && b != nil && b.edits)
}

// answer does what the key chose, if it chose.
func (m *model) answer(key string) {
	q := m.ask
	m.ask = nil
	for _, c := range q.choices {
		if slices.Contains(c.keys, key) && !(q.edits && m.refusesEdit()) {
			c.do(m)
			return
		}
	}
}
