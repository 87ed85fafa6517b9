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

func (q *ask) draw(p *pen) {
	p.put(warn, q.question).put(plain, "  ")
	for _, c := range q.choices {
		p.put(calm, c.keys[0]).put(plain, " "+c.word+"  ")
	}
	p.put(calm, "esc").put(plain, " back")
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
