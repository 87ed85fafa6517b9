package tui

import "fmt"

// The least window in which pages are drawn; below it there is only the state.
const (
	leastWidth  = 40
	leastHeight = 10
)

// From these sizes on, the detail of a request stands beside or under the list.
const (
	besideWidth = 130
	underHeight = 30
)

// drawFrame lays out header, bar, body and footer.
func (m *model) drawFrame(a area) {
	if m.onWall() {
		m.top().draw(m, a)
		return
	}
	if a.w < leastWidth || a.h < leastHeight {
		m.drawSmall(a)
		return
	}
	head, rest := a.top(1)
	m.drawHeader(head.line(0))
	bar, rest := rest.top(1)
	m.drawBar(bar.line(0))
	if banner := m.banner(); banner != nil {
		var line area
		line, rest = rest.top(1)
		line.line(0).text(banner)
	}
	if a.h >= 14 {
		var rule area
		rule, rest = rest.top(1)
		rule.rule(0, "")
	}
	m.drawFoot(rest, m.top().draw)
}

// drawBar names the pages, the one that shows in brackets, and at the right
// what is special about it.
func (m *model) drawBar(p *pen) {
	state := m.pages[m.page].state(m)
	if m.locked {
		state = append(say(calm, "LOCKED", "  "), state...)
	}
	labels := m.barLabels(p.room() - 1 - state.width(m.look))
	tight := barWidth(labels) > p.room() // one cell between two
	for i, label := range labels {
		switch {
		case i == m.page:
			p.put(calm, "["+label+"]")
		case tight && i == m.page+1:
			p.put(plain, label)
		case tight:
			p.put(plain, " "+label)
		default:
			p.put(plain, " "+label+" ")
		}
	}
	if p.room() > 0 {
		p.put(plain, " ")
	}
	p.atRight(shorten(m.look, state, p.room()))
}

// barLabels names the pages in n cells: in full as many as fit, all in short
// where hardly any does, and only the one that shows where else a person would
// not see that the list is no plain one, or that editing is locked.
func (m *model) barLabels(n int) []string {
	labels := make([]string, len(m.pages))
	for full := len(m.pages); full >= len(m.pages)-1; full-- {
		for i, pg := range m.pages {
			labels[i] = fmt.Sprintf("%d %s", pg.number(), pg.short())
			if i < full {
				labels[i] = fmt.Sprintf("%d %s", pg.number(), pg.title())
			}
		}
		if barWidth(labels) <= n {
			return labels
		}
	}
	used := 0
	for i, pg := range m.pages {
		labels[i] = fmt.Sprintf("%d%s", pg.number(), pg.short())
		used += len(labels[i]) + 2
	}
	for i, pg := range m.pages {
		if used > n && i != m.page && (m.locked || m.pages[m.page] == page(m.requests) && m.requests.telling()) {
			labels[i] = fmt.Sprint(pg.number())
		}
	}
	return labels
}

// barWidth counts the cells of labels with one on either side.
func barWidth(labels []string) int {
	n := 2 * len(labels)
	for _, l := range labels {
		n += len(l)
	}
	return n
}

// shorten drops pieces from the end until t fits n cells.
func shorten(l *look, t text, n int) text {
	for len(t) > 0 && t.width(l) > n {
		t = t[:len(t)-1]
	}
	return t
}

// drawFoot draws the last line, and above it what draw makes: what is being
// typed or asked, the answer to the last key, or the keys. A question or an
// answer takes the lines it needs, up to half.
func (m *model) drawFoot(a area, draw func(*model, area)) {
	var lines []text
	switch most := max(a.h/2, 1); {
	case m.ask != nil:
		lines = m.ask.lines(m.look, a.w, most)
	case m.prompt == nil && m.notice != nil:
		lines = m.notice.wrap(m.look, a.w, 1)
		lines = lines[:min(len(lines), most)]
	}
	body, foot := a.bottom(max(len(lines), 1))
	draw(m, body)
	switch {
	case lines != nil:
		foot.write(lines)
	case m.prompt != nil:
		m.prompt.draw(m, foot.line(0))
	default:
		m.footer(foot.line(0), m.scope())
	}
}

// drawSmall shows the state and nothing else, for a window that holds no page.
func (m *model) drawSmall(a area) {
	head, rest := a.top(1)
	m.drawHeader(head.line(0))
	if m.ask != nil || m.prompt != nil {
		m.drawFoot(rest, (*model).drawState)
		return
	}
	m.drawState(rest)
}

// drawState says what is wrong, one line each.
func (m *model) drawState(a area) {
	var lines []text
	for _, n := range m.facts.news(m.o.Now()) {
		lines = append(lines, say(n.tone, n.what))
	}
	if m.facts.known && len(lines) == 0 {
		lines = append(lines, say("all well"))
	}
	lines = append(lines, say(fmt.Sprintf("pages need %dx%d", leastWidth, leastHeight)))
	a.write(lines)
}

// bodyHeight is how many lines a page has, for moving by pages.
func (m *model) bodyHeight() int {
	if m.h >= 14 {
		return m.h - 4
	}
	return max(m.h-3, 1)
}
