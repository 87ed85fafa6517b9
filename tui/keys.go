package tui

import (
	"slices"
)

// scope is where a key is bound: a page, or what is open above it.
type scope uint32

const (
	onNow scope = 1 << iota
	onRequests
	onRoutes
	onUpstreams
	onCerts
	onHistory
	inDetail  // one request
	inVersion // one version of the file
	inBans    // who is shut out
	inSheet   // text to read: a trace, the problems of the file
	inPast    // what was tried for a certificate or a name
	inUnmatched
	inForm
	onButton // the button of a form
	inReview
	inHelp
	inPrompt // the filter and the command line
	inAsk
	inWall // no key is bound there: every one leads to page Now

	onPages   = onNow | onRequests | onRoutes | onUpstreams | onCerts | onHistory
	toRead    = onPages | inDetail | inVersion | inBans | inSheet | inPast | inUnmatched // letters are keys there, not text
	inEntries = inForm | onButton | inHelp | inPrompt                                    // letters are text
)

// binding is one thing a person can do. The table of them makes the footer,
// the help and the command line; nothing is bound elsewhere.
type binding struct {
	keys  []string // as Bubble Tea spells them
	label string   // how they are shown
	word  string   // beside the label in the footer; "" leaves it out there
	help  string
	where scope
	edits bool              // refused while editing is locked
	when  func(*model) bool // the footer offers it only then; nil for always
	do    func(*model)

	name string                               // of the command, "" for none
	args string                               // what the command takes, in words
	take func(*model, []string)               // the command with arguments
	fill func(*model, []string) (ws []string) // words that may come next
}

// bound finds what a key does in a scope.
func (m *model) bound(where scope, key string) *binding {
	for i := range m.keys {
		b := &m.keys[i]
		if b.where&where != 0 && slices.Contains(b.keys, key) {
			return b
		}
	}
	return nil
}

// run does what the binding says, unless it edits and editing is locked.
func (m *model) run(b *binding) {
	if !m.refuses(b) {
		b.do(m)
	}
}

func (m *model) refuses(b *binding) bool {
	return b.edits && m.refusesEdit()
}

func (m *model) refusesEdit() bool {
	if m.locked {
		m.say(warn, "editing is locked: L unlocks it")
	}
	return m.locked
}

// footer lists the keys of a scope, as many as fit; the way back and to help is always there.
func (m *model) footer(p *pen, where scope) {
	const between = 2
	last := text(nil)
	switch {
	case where&onPages != 0:
		last = say(calm, "?", " help")
	case where&toRead != 0:
		last = say(calm, "esc", " back  ", calm, "?", " help")
	default:
		last = say(calm, "esc", " back")
	}
	keep := last.width(p.look)
	for i := range m.keys {
		b := &m.keys[i]
		if b.where&where == 0 || b.word == "" || b.when != nil && !b.when(m) {
			continue
		}
		item := say(calm, b.label, " "+b.word)
		if item.width(p.look)+between+keep > p.room() {
			continue
		}
		p.text(item).put(plain, blanks(between))
	}
	p.text(last)
}
