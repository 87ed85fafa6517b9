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

// drawIn draws the rows around the cursor and returns the area that is left
// for telling more of the selected one.
func (r *roster[T]) drawIn(m *model, a area, cols []column[T]) area {
	list, foot := a.bottom(footOf(a))
	cols = arrange(cols, list.w, 0)
	drawTitles(list.line(0), cols)
	_, list = list.top(1)
	drawList(list, cols, r.rows(&m.facts), r.cur.at, &r.cur)
	return foot
}

// footOf is how many lines tell more of the selected one.
func footOf(a area) int {
	switch {
	case a.h < 12:
		return 0
	case a.h < 30:
		return 4
	}
	return 8
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
