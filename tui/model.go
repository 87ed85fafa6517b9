package tui

import (
	"context"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

const (
	fastTick  = 100 * time.Millisecond // while rows come slowly: each is seen at once
	slowTick  = 250 * time.Millisecond // while the list changes faster than anyone reads
	factsTick = time.Second
	lockAfter = 5 * time.Minute
	deadline  = 20 * time.Second // of whatever a command waits for
)

// view is a page, or what is open above one.
type view interface {
	scope() scope
	draw(*model, area)
	move(m *model, by int)      // rows or lines, down when positive
	jump(m *model, bottom bool) // to an end
	open(*model)                // Enter
	back(*model) bool           // one step back; false where there is none
	typed(*model, tea.KeyMsg)   // text, where there is a place for it
}

// model is the only tea.Model of the console. It does no I/O: what may wait
// runs in a command and comes back as a then.
type model struct {
	src  Source
	o    modelOptions
	look *look
	keys []binding
	w, h int

	pages  []page
	page   int    // in pages
	layers []view // open above the page; the last has the keys
	prompt *prompt
	ask    *ask
	notice text // the answer to the last key
	climb  climb
	pageSet

	*recall
	commands []tea.Cmd // started by the Update under way

	checks    checklist
	facts     facts
	gathering bool // a look at the Source is under way
	again     bool // and another shall follow it
	gathered  time.Time
	locked    bool
	burst     bool   // the key under way came with others in one read
	contested string // the change whose way back met a newer one
	lastKey   time.Time
	repainted time.Time

	frame string // as View returned it last
	stale bool   // something changed since
}

// tickMsg comes as often as the list may change.
type tickMsg struct{}

// then is what a command returns when its waiting is over: the rest of the
// work, done in Update.
type then func(*model)

// newModel makes the console's model; it shows what s has and edits through it.
func newModel(s Source, o modelOptions) tea.Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Recall == nil {
		o.Recall = &recall{}
	}
	l := newLook(o.Env)
	m := &model{src: s, o: o, look: &l, w: o.Width, h: o.Height, locked: o.Locked, recall: o.Recall, stale: true}
	m.keys = keyTable()
	m.pageSet = newPageSet(s.Proxy.Records())
	m.pages = m.all()
	m.lastKey, m.repainted = o.Now(), o.Now()
	if o.Page == wallName {
		m.showWall()
	}
	for i, p := range m.pages {
		if strings.EqualFold(p.name(), o.Page) {
			m.page = i
		}
	}
	return m
}

// Init looks at the Source and starts the ticks.
func (m *model) Init() tea.Cmd {
	m.refresh()
	m.tick(fastTick)
	return m.started()
}

// start runs a command when Update is done.
func (m *model) start(c tea.Cmd) { m.commands = append(m.commands, c) }

// await runs what may wait, within the deadline, and then what it returns.
func (m *model) await(work func(context.Context) then) {
	m.start(func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		return work(ctx)
	})
}

func (m *model) started() tea.Cmd {
	cmds := m.commands
	m.commands = nil
	return tea.Batch(cmds...)
}

// later does something after a while.
func (m *model) later(d time.Duration, do func(*model)) {
	m.start(tea.Tick(d, func(time.Time) tea.Msg { return then(do) }))
}

func (m *model) tick(d time.Duration) {
	m.start(tea.Tick(d, func(time.Time) tea.Msg { return tickMsg{} }))
}

// refresh gathers the facts; if that is under way, once more afterwards, as
// what was changed meanwhile may not be in them.
func (m *model) refresh() {
	if m.gathering {
		m.again = true
		return
	}
	m.gathering, m.again, m.gathered = true, false, m.o.Now()
	src, before := m.src, m.facts
	m.await(func(context.Context) then {
		f := src.gather(before)
		return func(m *model) {
			m.facts, m.gathering = f, false
			m.settle()
			if m.again {
				m.refresh()
			}
		}
	})
}

// settle puts the cursors back on what they were on.
func (m *model) settle() {
	m.checks.settle(m)
	m.now.settle(m)
	m.routes.settle(m)
	m.ups.settle(m)
	m.certs.settle(m)
	m.history.settle(m)
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tickMsg:
		m.onTick()
	case tea.KeyMsg:
		keys := splitKeys(msg)
		m.burst = len(keys) > 1
		for len(keys) > 0 {
			k, rest := m.next(keys)
			m.key(k)
			keys = rest
		}
	case tea.WindowSizeMsg:
		m.w, m.h, m.stale = msg.Width, msg.Height, true
	case then:
		m.stale = true
		msg(m)
	}
	return m, m.started()
}

// next takes the next of the keys that came in one read: what is typed into
// the prompt comes as one text, as its every change may filter all records.
func (m *model) next(keys []tea.KeyMsg) (k tea.KeyMsg, rest []tea.KeyMsg) {
	k, rest = keys[0], keys[1:]
	if m.scope() != inPrompt || k.Type != tea.KeyRunes {
		return k, rest
	}
	for len(rest) > 0 && rest[0].Type == tea.KeyRunes {
		k.Runes, k.Paste = append(k.Runes, rest[0].Runes...), true
		rest = rest[1:]
	}
	return k, rest
}

// onTick pulls what is new and decides when to look again.
func (m *model) onTick() {
	now := m.o.Now()
	m.tick(m.pull())
	if now.Sub(m.gathered) >= factsTick && !m.gathering {
		m.refresh()
	}
	if m.o.Locked && now.Sub(m.lastKey) >= lockAfter {
		m.locked = true
	}
	m.rehang()
	if m.o.Locked && now.Sub(m.repainted) >= time.Minute {
		// The kernel may have written over the display that nobody tends.
		m.repainted = now
		m.start(tea.ClearScreen)
	}
}

// pull refreshes the rows that show and says when to do so again.
func (m *model) pull() time.Duration {
	s := m.stream()
	switch {
	case m.onWall():
		return factsTick // nobody waits for it
	case s == nil:
		return slowTick
	}
	before := s.unseen
	fresh := s.pull()
	if fresh > 0 || s.unseen != before {
		m.stale = true
	}
	if fresh*3 < s.size {
		return fastTick
	}
	return slowTick
}

// stream is the list of requests that shows; nil on a page without one.
func (m *model) stream() *stream {
	switch m.pages[m.page] {
	case m.now:
		return m.now.tail
	case m.requests:
		return m.requests.stream
	}
	return nil
}

// key does what a key is bound to where the person is, or types it. Drawing
// lays out how many rows there are to move over, and in a burst of keys, or
// before a busy terminal, nothing was drawn since the key before.
func (m *model) key(k tea.KeyMsg) {
	if m.stale {
		m.draw()
	}
	m.stale = true
	m.lastKey = m.o.Now()
	m.notice = nil
	b := m.bound(m.scope(), k.String())
	switch {
	case m.unseen(b):
		m.say(warn, "too quick to be seen: press it again")
	case m.ask != nil:
		m.answer(k.String())
	case b != nil && !k.Paste:
		m.run(b)
	case m.prompt != nil:
		m.prompt.typed(m, k)
	default:
		m.top().typed(m, k)
	}
}

// scope is where the person is.
func (m *model) scope() scope {
	switch {
	case m.ask != nil:
		return inAsk
	case m.prompt != nil:
		return inPrompt
	}
	return m.top().scope()
}

// top is the view that has the keys.
func (m *model) top() view {
	if n := len(m.layers); n > 0 {
		return m.layers[n-1]
	}
	return m.pages[m.page]
}

func (m *model) push(v view) { m.layers = append(m.layers, v) }

// pop closes the topmost layer.
func (m *model) pop() {
	if n := len(m.layers); n > 0 {
		m.layers = m.layers[:n-1]
	}
}

// say answers a key in the footer, until the next key.
func (m *model) say(t tone, s string) { m.notice = text{{t, s}} }

// View implements tea.Model: exactly h lines, none wider than w cells. While
// the terminal still writes the last frame it returns that one.
func (m *model) View() string {
	if m.frame != "" && (!m.stale || m.o.Gate != nil && m.o.Gate.Busy()) {
		return m.frame
	}
	m.stale = false
	m.frame = m.draw()
	return m.frame
}

func (m *model) draw() string {
	c := newCanvas(m.look, max(m.w, 1), max(m.h, 1))
	m.drawFrame(c.all())
	return c.String()
}

func (m *model) toggleLock() {
	m.locked = !m.locked
	if m.locked {
		m.say(plain, "editing is locked: L unlocks it")
	} else {
		m.say(plain, "editing is unlocked")
	}
}
