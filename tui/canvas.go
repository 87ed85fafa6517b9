package tui

import "strings"

// canvas is one frame: h lines, each at most w cells. Whatever is drawn goes
// through a pen, which cleans and clips it, so that no text from outside can
// break the frame. Lines are written from left to right only.
type canvas struct {
	look *look
	w, h int
	rows []canvasRow
}

type canvasRow struct {
	b   strings.Builder
	at  int  // cells written
	now attr // what the terminal draws with here
}

func newCanvas(l *look, w, h int) *canvas {
	return &canvas{look: l, w: w, h: h, rows: make([]canvasRow, h)}
}

// String is the frame: lines joined by line feeds, none after the last.
func (c *canvas) String() string {
	var b strings.Builder
	for i := range c.rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		c.rows[i].set(attr{})
		b.WriteString(c.rows[i].b.String())
	}
	return b.String()
}

// set changes the attributes for what follows; nothing when they are so already.
func (r *canvasRow) set(a attr) {
	if r.now == a {
		return
	}
	r.now = a
	r.b.WriteString(a.sgr())
}

// area is a rectangle of a canvas. Its methods that split it never give more
// than there is.
type area struct {
	c          *canvas
	x, y, w, h int
}

func (c *canvas) all() area { return area{c, 0, 0, c.w, c.h} }

// top takes up to n lines off the top and returns them and the rest.
func (a area) top(n int) (head, rest area) {
	n = min(max(n, 0), a.h)
	head, rest = a, a
	head.h = n
	rest.y += n
	rest.h -= n
	return head, rest
}

// bottom takes up to n lines off the bottom and returns the rest and them.
func (a area) bottom(n int) (rest, foot area) {
	return a.top(a.h - min(max(n, 0), a.h))
}

// left takes up to n columns off the left and returns them and the rest.
func (a area) left(n int) (side, rest area) {
	n = min(max(n, 0), a.w)
	side, rest = a, a
	side.w = n
	rest.x += n
	rest.w -= n
	return side, rest
}

// line gives a pen at the start of line i; one that draws nothing outside.
func (a area) line(i int) *pen {
	if i < 0 || i >= a.h || a.w <= 0 {
		return &pen{look: a.c.look, row: &canvasRow{}}
	}
	p := &pen{look: a.c.look, row: &a.c.rows[a.y+i], start: a.x, end: a.x + a.w}
	p.to(0)
	return p
}

// rule draws a line across, with an optional heading in it.
func (a area) rule(i int, heading string) {
	p := a.line(i)
	if heading != "" {
		p.put(plain, p.look.signs.rule+" ").put(calm, heading).put(plain, " ")
	}
	p.put(plain, strings.Repeat(p.look.signs.rule, max(p.room(), 0)))
}

// write draws lines of text from the top, as many as fit.
func (a area) write(lines []text) {
	for i, t := range lines[:min(len(lines), a.h)] {
		a.line(i).text(t)
	}
}
