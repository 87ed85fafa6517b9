package tui

// cellRune is a drawn character with its meaning.
type cellRune struct {
	r    rune
	tone tone
	w    int
}

// wrap breaks t into lines of at most w cells, at a blank where there is one;
// the lines after the first are indented.
func (t text) wrap(l *look, w, indent int) []text {
	cells := t.cells(l)
	w = max(w, 1)
	indent = min(indent, w/2)
	var lines []text
	for first := true; len(cells) > 0 || first; first = false {
		room := w
		if !first {
			room -= indent
		}
		n := breakAt(cells, room)
		lines = append(lines, join(trimmed(cells[:n]), first, indent))
		cells = cells[n:]
		for len(cells) > 0 && cells[0].r == ' ' {
			cells = cells[1:]
		}
	}
	return lines
}

// trimmed is cells without the blanks at their end.
func trimmed(cells []cellRune) []cellRune {
	for len(cells) > 0 && cells[len(cells)-1].r == ' ' {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func (t text) cells(l *look) []cellRune {
	var cells []cellRune
	for _, s := range t {
		for _, r := range l.clean(s.s) {
			cells = append(cells, cellRune{r, s.tone, max(width(string(r)), 1)})
		}
	}
	return cells
}

// breakAt is how many cells go on a line of that room.
func breakAt(cells []cellRune, room int) int {
	used, blank := 0, 0
	for i, c := range cells {
		if used += c.w; used > room {
			if blank > 0 {
				return blank
			}
			return max(i, 1)
		}
		if c.r == ' ' && i > 0 {
			blank = i + 1
		}
	}
	return len(cells)
}

// join makes a text of cells again.
func join(cells []cellRune, first bool, indent int) text {
	var t text
	if !first {
		t = append(t, span{plain, blanks(indent)})
	}
	for i := 0; i < len(cells); {
		from := i
		var rs []rune
		for ; i < len(cells) && cells[i].tone == cells[from].tone; i++ {
			rs = append(rs, cells[i].r)
		}
		t = append(t, span{cells[from].tone, string(rs)})
	}
	return t
}
