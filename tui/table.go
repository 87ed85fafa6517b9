package tui

// column is one column of a table of T.
type column[T any] struct {
	title string
	width int  // cells; the least for one that grows
	grow  int  // share of what is left over; 0 stays at width
	most  int  // bound for one that grows; 0 for none
	rank  int  // 1 is dropped last
	right bool // aligned to the right
	fixed bool // stays while the others scroll sideways
	ends  bool // its end tells as much as its beginning: it is cut in the middle
	cell  func(*T) span
}

// gutter is the cells before the first column, where the cursor stands.
const gutter = 1

// arrange chooses the columns that fit w cells, without the first skip of
// those that scroll, and gives each its width.
func arrange[T any](cols []column[T], w, skip int) []column[T] {
	chosen := make([]column[T], 0, len(cols))
	for _, c := range cols {
		if !c.fixed && skip > 0 {
			skip--
			continue
		}
		chosen = append(chosen, c)
	}
	for len(chosen) > 1 && needs(chosen) > w {
		chosen = dropLast(chosen)
	}
	return spread(chosen, w-needs(chosen))
}

// needs counts the cells of the gutter, the columns and the blanks between.
func needs[T any](cols []column[T]) int {
	n := gutter
	for _, c := range cols {
		n += c.width + 1
	}
	return n - 1
}

// dropLast takes out the column of the highest rank.
func dropLast[T any](cols []column[T]) []column[T] {
	worst := 0
	for i, c := range cols {
		if c.rank >= cols[worst].rank {
			worst = i
		}
	}
	return append(cols[:worst], cols[worst+1:]...)
}

// spread gives what is left over to the columns that grow.
func spread[T any](cols []column[T], left int) []column[T] {
	for left > 0 {
		shares := 0
		for _, c := range cols {
			shares += c.share()
		}
		if shares == 0 {
			break
		}
		given := 0
		for i := range cols {
			c := &cols[i]
			n := min(max(left*c.share()/shares, min(c.share(), left-given)), left-given)
			if c.most > 0 {
				n = min(n, c.most-c.width)
			}
			c.width += n
			given += n
		}
		left -= given
	}
	return cols
}

// share is grow, or 0 once the column has its most.
func (c column[T]) share() int {
	if c.most > 0 && c.width >= c.most {
		return 0
	}
	return c.grow
}

// fit narrows a column to its widest cell, down to its title.
func (c column[T]) fit(l *look, rows []T) column[T] {
	n := len(c.title)
	for i := range rows {
		n = max(n, width(l.clean(c.cell(&rows[i]).s)))
	}
	c.width = min(c.width, n)
	if c.most > 0 {
		c.most = max(min(c.most, n), c.width)
	}
	return c
}

// drawTable draws the titles and as many rows as fit. The row at selected has
// the gutter's sign; -1 for none. It is reversed only where the cursor was put:
// one that follows would have each row drawn twice as it comes.
func drawTable[T any](a area, cols []column[T], rows []T, selected int, put bool) {
	drawTitles(a.line(0), cols)
	_, a = a.top(1)
	drawRows(a, cols, rows, selected, put)
}

func drawRows[T any](a area, cols []column[T], rows []T, selected int, put bool) {
	for y := range min(len(rows), a.h) {
		p := a.line(y)
		if y == selected {
			p.reverse = put
			p.put(plain, ">")
		}
		drawRow(p, cols, &rows[y])
		if p.reverse {
			p.to(a.w)
		}
	}
}

// drawList draws the rows around the one at selected, from first on, and how
// many more there are below.
func drawList[T any](a area, cols []column[T], rows []T, selected int, c *cursor) {
	fit := a.h
	if len(rows) > fit && fit > 1 {
		fit--
	}
	first := c.scroll(max(selected, 0), len(rows), fit)
	shown := rows[first:min(first+fit, len(rows))]
	drawRows(a, cols, shown, selected-first, true)
	if left := len(rows) - first - len(shown); left > 0 && fit < a.h {
		a.line(fit).to(gutter).put(calm, more(left))
	}
}

func drawTitles[T any](p *pen, cols []column[T]) {
	at := gutter
	for _, c := range cols {
		p.to(at).cell(calm, c.title, c.width, c.right)
		at += c.width + 1
	}
}

func drawRow[T any](p *pen, cols []column[T], row *T) {
	at := gutter
	for _, c := range cols {
		s := c.cell(row)
		if c.ends {
			s.s = cutMiddle(p.look.clean(s.s), c.width)
		}
		p.to(at).cell(s.tone, s.s, c.width, c.right)
		at += c.width + 1
	}
}
