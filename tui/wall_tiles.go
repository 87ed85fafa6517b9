package tui

import (
	"strings"

	"forge.home.arpa/portico/proxy"
)

// tile is a route on the wall: its state in a sign and a word.
type tile struct {
	name, sign string
	state      span
}

// Cells of a tile.
const (
	leastTile = 16 // wide
	mostTile  = 32
	manyTile  = 17 // of more than fit otherwise
	tileGap   = 2
	leastBox  = 4 // high
	mostBox   = 6
)

// tiles are the routes, those that are down first.
func (m *model) tiles() []tile {
	var all []tile
	for _, r := range troubledFirst(m.facts.status.Routes) {
		all = append(all, m.tile(&r))
	}
	return all
}

func (m *model) tile(r *proxy.RouteStatus) tile {
	t := tile{r.Name, m.look.signs.right, routeState(&m.facts, r)}
	switch {
	case fails(r):
		t.state = span{bad, "FAILS"}
	case r.Enabled && r.Health == proxy.StateDown:
		t.state.s = "DOWN" // how often it failed would change all the time
	case t.state.s == "-":
		t.state.s = "on"
	}
	switch {
	case t.state.tone == bad:
		t.sign = m.look.signs.wrong
	case t.state.tone == warn:
		t.sign = "!"
	case !r.Enabled || r.Health == proxy.StateUnknown:
		t.sign = "-"
	}
	return t
}

// drawTiles draws boxes where all of them fit, or else a line each: narrower
// where they are many, and as many as fit.
func drawTiles(a area, tiles []tile) {
	if len(tiles) == 0 {
		const none = "no route yet"
		a.line(0).to((a.w-len(none))/2).put(plain, none)
		return
	}
	name, state := widest(a.c.look, tiles)
	if g, fits := newGrid(a, len(tiles), max(name, state+2)+4, leastBox); fits {
		for i := range tiles {
			tiles[i].drawBox(g.cell(i))
		}
		return
	}
	g, fits := newGrid(a, len(tiles), name+state+3, 1)
	if !fits {
		g, _ = newGrid(a, len(tiles), min(name+state+3, manyTile), 1)
	}
	fit := g.columns * a.h
	if len(tiles) > fit {
		fit = max(fit-1, 0)
	}
	for i := range min(fit, len(tiles)) {
		tiles[i].drawLine(g.cell(i).line(0))
	}
	if left := len(tiles) - fit; left > 0 {
		g.cell(fit).line(0).put(calm, more(left))
	}
}

// grid divides an area into as many cells as there are tiles, line by line.
type grid struct {
	area
	columns, wide, high int
}

// newGrid makes cells of at least w by h; false where they do not all fit.
func newGrid(a area, n, w, h int) (g grid, fits bool) {
	w = min(max(w, leastTile), mostTile, a.w)
	columns := max((a.w+tileGap)/(w+tileGap), 1)
	lines := (n + columns - 1) / columns
	columns = (n + lines - 1) / lines // as even as may be
	g = grid{a, columns, w, h}
	if fits = lines*h <= a.h; fits && h > 1 {
		g.wide = min((a.w+tileGap)/columns-tileGap, mostTile)
		g.high = min(a.h/lines, mostBox)
	}
	// In the middle of the area.
	_, g.area = a.left((a.w - columns*(g.wide+tileGap) + tileGap) / 2)
	_, g.area = g.area.top((a.h - lines*g.high) / 2)
	return g, fits
}

func (g grid) cell(i int) area {
	_, a := g.top(i / g.columns * g.high)
	_, a = a.left(i % g.columns * (g.wide + tileGap))
	a, _ = a.left(g.wide)
	a, _ = a.top(g.high)
	return a
}

// widest measures the longest name and the longest state.
func widest(l *look, tiles []tile) (name, state int) {
	for _, t := range tiles {
		name = max(name, width(l.clean(t.name)))
		state = max(state, width(l.clean(t.state.s)))
	}
	return name, state
}

func (t *tile) drawLine(p *pen) {
	state := width(p.look.clean(t.state.s))
	p.put(t.state.tone, t.sign).put(plain, " ").cell(plain, t.name, p.room()-1-state, false)
	p.atRight(text{t.state})
}

// drawBox draws a box with the name and, under it, the state.
func (t *tile) drawBox(a area) {
	tone, sg := t.state.tone, &a.c.look.signs
	line := strings.Repeat(sg.rule, max(a.w-2, 0))
	a.line(0).put(tone, sg.corners[0]+line+sg.corners[1])
	for i := 1; i < a.h-1; i++ {
		p := a.line(i).put(tone, sg.bar).put(plain, " ")
		switch i {
		case (a.h - 2) / 2:
			p.cell(plain, t.name, a.w-4, false)
		case (a.h-2)/2 + 1:
			p.cell(tone, t.sign+" "+t.state.s, a.w-4, false)
		}
		p.to(a.w-1).put(tone, sg.bar)
	}
	a.line(a.h-1).put(tone, sg.corners[2]+line+sg.corners[3])
}
