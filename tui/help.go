package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// help lists everything a person can do, from the key table. Typing narrows
// it; Enter does what the entry says.
type help struct {
	search line
	cur    cursor
}

func (*help) scope() scope { return inHelp }

func (h *help) back(m *model) bool {
	m.pop()
	return true
}

func (h *help) typed(_ *model, k tea.KeyMsg) {
	if h.search.key(k) {
		h.cur = cursor{}
	}
}

func (h *help) move(m *model, by int)      { h.cur.move(ids(h.entries(m)), by) }
func (h *help) jump(m *model, bottom bool) { h.cur.jump(ids(h.entries(m)), bottom) }

// entries are the bindings that have all the words typed.
func (h *help) entries(m *model) []*binding {
	var found []*binding
	for i := range m.keys {
		if b := &m.keys[i]; b.help != "" && b.mentions(strings.ToLower(h.search.String())) {
			found = append(found, b)
		}
	}
	return found
}

func (b *binding) mentions(words string) bool {
	all := strings.ToLower(strings.Join([]string{b.label, b.word, b.help, b.command(), where(b.where)}, " "))
	for w := range strings.FieldsSeq(words) {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

func ids(bs []*binding) []string {
	keys := make([]string, len(bs))
	for i, b := range bs {
		keys[i] = b.label + b.help
	}
	return keys
}

// command is how the command line spells it.
func (b *binding) command() string {
	if b.name == "" {
		return ""
	}
	return strings.TrimSpace(":" + b.name + " " + b.args)
}

// where says in a word where a key is bound.
func where(s scope) string {
	switch {
	case s&onPages == onPages:
		return ""
	case s&onRequests != 0:
		return "requests"
	case s&onRoutes != 0:
		return "routes"
	case s&onHistory != 0:
		return "history"
	case s&inDetail != 0:
		return "a request"
	case s&(inForm|onButton) != 0:
		return "a form"
	case s&inReview != 0:
		return "a review"
	}
	return ""
}

// open does what the entry says, where it can be done.
func (h *help) open(m *model) {
	found := h.entries(m)
	if h.cur.at >= len(found) {
		return
	}
	b := found[h.cur.at]
	m.pop()
	switch {
	case b.do != nil:
		if !m.refuses(b) {
			m.runAnywhere(b)
		}
	case b.take != nil:
		m.openCommand()
		m.prompt.input.set(b.name + " ")
	}
}

func (h *help) draw(m *model, a area) {
	found := h.entries(m)
	p := a.line(0).put(calm, "help").put(plain, "  search: ")
	h.search.draw(p, min(30, p.room()))
	p.atRight(say("portico " + m.src.Version))
	_, rest := a.top(1)
	rest, foot := rest.bottom(1)
	rows := make([]binding, len(found))
	for i, b := range found {
		rows[i] = *b
	}
	if len(rows) == 0 {
		rest.line(1).to(gutter).put(plain, "nothing is called so")
		return
	}
	cols := arrange(helpColumns(), rest.w, 0)
	drawTitles(rest.line(0), cols)
	_, rest = rest.top(1)
	drawList(rest, cols, rows, h.cur.at, &h.cur)
	if b := rows[h.cur.at]; len(b.help) > cols[1].width {
		foot.line(0).to(gutter).put(calm, b.help)
	}
}

func helpColumns() []column[binding] {
	return []column[binding]{
		{title: "KEY", width: 11, rank: 1, cell: func(b *binding) span { return span{calm, b.label} }},
		{title: "DOES", width: 24, grow: 1, most: 64, rank: 0, cell: func(b *binding) span { return span{plain, b.help} }},
		{title: "IN", width: 9, rank: 3, cell: func(b *binding) span { return span{plain, where(b.where)} }},
		{title: "COMMAND", width: 18, rank: 2, cell: func(b *binding) span { return span{plain, b.command()} }},
	}
}
