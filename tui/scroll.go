package tui

import "fmt"

// scroll is a place in text that is longer than its area.
type scroll struct {
	top    int
	height int // of the area it was last drawn in
	length int // of the text then
}

func (s *scroll) by(n int) { s.top = min(max(s.top+n, 0), max(s.length-s.height, 0)) }

func (s *scroll) end(bottom bool) {
	s.top = 0
	if bottom {
		s.top = max(s.length-s.height, 0)
	}
}

// draw shows the lines from the place on, and how many are below.
func (s *scroll) draw(a area, lines []text) {
	s.height, s.length = a.h, len(lines)
	s.by(0)
	a.write(lines[s.top:])
	if left := len(lines) - s.top - a.h; left > 0 && a.h > 1 {
		p := a.line(a.h - 1)
		p.atRight(say(calm, fmt.Sprintf(" +%d lines", left)))
	}
}
