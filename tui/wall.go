package tui

import (
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy"
)

// wallName opens the wall where a page's name does.
const wallName = "wall"

// wall fills a display in the hall: one big word, a tile a route, the public
// address and the certificate that ends first. It tells guests nothing of who
// asked for what, and what it shows changes only when something happens.
type wall struct{}

func (*wall) scope() scope      { return inWall }
func (*wall) move(*model, int)  {}
func (*wall) jump(*model, bool) {}
func (*wall) open(*model)       {}

func (*wall) back(m *model) bool {
	m.show(m.now)
	return true
}

// typed: whatever key is pressed, somebody wants to know more.
func (w *wall) typed(m *model, _ tea.KeyMsg) { w.back(m) }

// showWall hangs the wall above whatever is open.
func (m *model) showWall() { m.layers = []view{&wall{}} }

// onWall tells whether the wall shows.
func (m *model) onWall() bool { return m.scope() == inWall }

// rehang brings the wall back to a display that was opened for it, unless
// somebody is writing.
func (m *model) rehang() {
	if m.o.Page == wallName && m.scope()&toRead != 0 && m.o.Now().Sub(m.lastKey) >= lockAfter {
		m.notice, m.stale = nil, true
		m.showWall()
	}
}

// The wall walks over this many columns and lines, a cell a minute, so that no
// dot of the display is lit for good.
const (
	walkColumns = 4
	walkLines   = 2
)

// strolled is where the wall stands: along the first line and back on the second.
func strolled(now time.Time) (column, line int) {
	step := int(now.Unix() / 60 % (walkColumns * walkLines))
	if step < walkColumns {
		return step, 0
	}
	return 2*walkColumns - 1 - step, 1
}

func (w *wall) draw(m *model, a area) {
	now := m.o.Now()
	if !m.facts.known || m.o.Blank.contain(now) {
		return
	}
	a = walked(a, now)
	a, foot := a.bottom(1)
	m.drawPlace(foot.line(0))
	word, t := m.facts.inAWord(now)
	if big, fits := enlarge(word, a.w, max(a.h*2/5, min(bigRows, a.h-3))); fits {
		head, rest := a.top(big.height())
		big.draw(head, t)
		a = rest
	} else {
		a.line(0).put(t, word)
		_, a = a.top(1)
	}
	if a.h >= 8 {
		_, a = a.top(1)
	}
	line, a := a.top(1)
	worst := m.worstOnWall()
	line.line(0).to((line.w - worst.width(m.look)) / 2).text(worst)
	if a.h >= 8 {
		_, a = a.top(1)
		a, _ = a.bottom(1)
	}
	drawTiles(a, m.tiles())
}

// walked is the area less the edges that the wall leaves free at the moment.
func walked(a area, now time.Time) area {
	if a.w < leastWidth || a.h < leastHeight {
		return a
	}
	column, line := strolled(now)
	_, a = a.top(line)
	a, _ = a.bottom(walkLines - 1 - line)
	_, a = a.left(column)
	a, _ = a.left(a.w - (walkColumns - 1 - column))
	return a
}

// inAWord is how everything stands.
func (f *facts) inAWord(now time.Time) (string, tone) {
	down := 0
	for i := range f.status.Routes {
		if r := &f.status.Routes[i]; r.Enabled && (r.Health == proxy.StateDown || fails(r)) {
			down++
		}
	}
	all := f.news(now)
	switch {
	case down > 0:
		return fmt.Sprintf("%d DOWN", down), bad
	case allWell(all):
		return "ALL WELL", plain
	}
	return "LOOK", all[0].tone
}

// worstOnWall is the worst of what is wrong, and how much more there is.
func (m *model) worstOnWall() text {
	var t text
	others := 0
	for _, n := range m.facts.news(m.o.Now()) {
		switch {
		case n.tone == calm:
		case t != nil:
			others++
		case strings.HasPrefix(n.key, "notice "): // may name files
			t = say(n.tone, "see page Now")
		default:
			t = say(n.tone, n.short)
		}
	}
	if others > 0 {
		t = append(t, say("  "+more(others))...)
	}
	return t
}

// drawPlace tells the public address, and how the nearest certificate stands.
func (m *model) drawPlace(p *pen) {
	p.text(m.certs.state(m))
	if c := m.facts.nearest(m.o.Now()); c != nil {
		p.atRight(text{{plain, " " + c.Host + " "}, certWord(c, m.o.Now())})
	}
}
