package tui

import "strings"

// span is a piece of text with its meaning; text is a line of them.
type (
	span struct {
		tone tone
		s    string
	}
	text []span
)

// say makes a text of plain and toned pieces: say("up ", warn, "11/12").
func say(parts ...any) text {
	var t text
	next := plain
	for _, p := range parts {
		switch p := p.(type) {
		case tone:
			next = p
		case string:
			t = append(t, span{next, p})
			next = plain
		}
	}
	return t
}

// width counts the cells that the text takes when drawn.
func (t text) width(l *look) int {
	n := 0
	for _, s := range t {
		n += width(l.clean(s.s))
	}
	return n
}

// pen writes one line of an area from left to right and never past its end.
type pen struct {
	look       *look
	row        *canvasRow
	start, end int
	reverse    bool
}

// room is how many cells are left.
func (p *pen) room() int { return p.end - p.row.at }

// at is the column within the area.
func (p *pen) at() int { return p.row.at - p.start }

// put draws s, made safe, and cuts it at the end of the line.
func (p *pen) put(t tone, s string) *pen {
	s = cut(p.look.clean(s), p.room())
	if s == "" {
		return p
	}
	p.row.set(p.look.attr(t, p.reverse))
	p.row.b.WriteString(s)
	p.row.at += width(s)
	return p
}

// text draws all pieces.
func (p *pen) text(t text) *pen {
	for _, s := range t {
		p.put(s.tone, s.s)
	}
	return p
}

// to moves to a column of the area with blanks; it never moves back.
func (p *pen) to(column int) *pen {
	if n := min(p.start+column, p.end) - p.row.at; n > 0 {
		p.row.set(p.look.attr(plain, p.reverse))
		p.row.b.WriteString(strings.Repeat(" ", n))
		p.row.at += n
	}
	return p
}

// cell draws s in at most n cells, at their left or their right end.
func (p *pen) cell(t tone, s string, n int, right bool) *pen {
	from := p.at()
	s = cut(p.look.clean(s), min(n, p.room()))
	if right {
		p.to(from + n - width(s))
	}
	return p.put(t, s)
}

// atRight draws t so that it ends at the line's end, if it fits there.
func (p *pen) atRight(t text) *pen {
	if n := t.width(p.look); n > 0 && n <= p.room() {
		p.to(p.end - p.start - n).text(t)
	}
	return p
}
