package tui

// roster is a page's list of things with names, with a cursor on one of them.
type roster[T any] struct {
	reading
	atTop
	cur  cursor
	rows func(*facts) []T
	name func(*T) string
}

func (r *roster[T]) names(m *model) []string {
	rows := r.rows(&m.facts)
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = r.name(&rows[i])
	}
	return names
}

func (r *roster[T]) settle(m *model)            { r.cur.settle(r.names(m)) }
func (r *roster[T]) move(m *model, by int)      { r.cur.move(r.names(m), by) }
func (r *roster[T]) jump(m *model, bottom bool) { r.cur.jump(r.names(m), bottom) }

// goTo puts the cursor on the one of that name.
func (r *roster[T]) goTo(m *model, name string) {
	r.cur.key = name
	r.settle(m)
}

// drawList draws the rows around the cursor and returns the area that is left
// for telling more of the selected one.
func (r *roster[T]) drawList(m *model, a area, cols []column[T]) area {
	rows := r.rows(&m.facts)
	list, foot := a.bottom(footOf(a))
	h := max(list.h-1, 1)
	first := r.cur.scroll(r.cur.at, len(rows), h)
	shown := rows[first:min(first+h, len(rows))]
	drawTable(list, arrange(cols, list.w, 0), shown, r.cur.at-first)
	if left := len(rows) - first - len(shown); left > 0 {
		list.line(list.h - 1).atRight(say(calm, " "+more(left)))
	}
	return foot
}

// footOf is how many lines tell more of the selected one.
func footOf(a area) int {
	if a.h < 12 {
		return 0
	}
	return 4
}

// drawFoot draws lines under a heading.
func drawFoot(a area, heading string, lines []text) {
	if a.h == 0 {
		return
	}
	a.rule(0, heading)
	_, rest := a.top(1)
	for i, t := range lines[:min(len(lines), rest.h)] {
		rest.line(i).to(gutter).text(t)
	}
}
