package tui

import (
	"slices"
)

// ask is a question in the footer. Only its keys answer it; any other, Enter
// among them, takes it back.
type ask struct {
	question string
	choices  []choice
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

// answer does what the key chose, if it chose.
func (m *model) answer(key string) {
	q := m.ask
	m.ask = nil
	for _, c := range q.choices {
		if slices.Contains(c.keys, key) {
			c.do(m)
			return
		}
	}
}
