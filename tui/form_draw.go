package tui

import "strings"

const (
	labelWidth = 9
	fieldLeast = 24
	fieldMost  = 56

	underLines = 3 // of one problem, or of one upstream
)

// draw shows the fields, each with its problem under it, and below them what
// the file would look like.
func (f *form) draw(m *model, a area) {
	title := "new route"
	if f.was != "" {
		title = "edit route " + f.was
	}
	p := a.line(0).put(calm, title)
	if cannotRun(f.base) {
		p.put(warn, "  in "+m.facts.fileName()+" as it stands, which cannot run")
	}
	_, rest := a.top(1)
	rows := f.rows(m.look, rest.w-gutter-labelWidth)
	fields, below := rest.top(len(rows))
	f.first = f.scrolled(rows, fields.h)
	for y, r := range rows[f.first:min(f.first+fields.h, len(rows))] {
		r.draw(m, f, fields.line(y))
	}
	if below.h >= 4 {
		f.drawPreview(m, below)
	}
}

// formRow is a field, or a line under it: of its problem, or of what a test
// found.
type formRow struct {
	field int
	under text
}

func (f *form) rows(l *look, w int) []formRow {
	var rows []formRow
	for i, fd := range f.fields {
		rows = append(rows, formRow{i, nil})
		var under []text
		if fd.problem != "" && fd.visited {
			under = append(under, say(bad, "! ", bad, fd.problem))
		}
		if fd.key == "to" && f.beside(l, w) == nil {
			under = append(under, f.testLines()...)
		}
		for _, t := range under {
			lines := t.wrap(l, w, 2)
			for _, t := range lines[:min(len(lines), underLines)] {
				rows = append(rows, formRow{i, t})
			}
		}
	}
	return rows
}

// fieldWidth is how many of w cells the text of a field takes; the rest is for
// what stands beside it.
func fieldWidth(w int) int { return min(fieldMost, max(w*3/5, fieldLeast), w) }

// beside is what the test found where that stands beside the field; nil where
// it stands under it.
func (f *form) beside(l *look, w int) text {
	lines := f.testLines()
	if len(lines) != 1 || lines[0].width(l) > w-fieldWidth(w)-2 {
		return nil
	}
	return lines[0]
}

// scrolled is the first row to draw so that the focus and its problem show.
func (f *form) scrolled(rows []formRow, h int) int {
	from, to := 0, 0
	for i, r := range rows {
		if r.field == f.at {
			to = i
			if r.under == nil {
				from = i
			}
		}
	}
	return max(min(f.first, from, max(len(rows)-h, 0)), to-h+1, 0)
}

func (r formRow) draw(m *model, f *form, p *pen) {
	fd := f.fields[r.field]
	if r.under != nil {
		p.to(gutter + labelWidth).text(r.under)
		return
	}
	focus := r.field == f.at
	if focus {
		p.put(plain, ">")
	}
	p.to(gutter).put(calm, fd.label).to(gutter + labelWidth)
	w := p.room()
	n := fieldWidth(w)
	end := p.at() + n
	if fd.button {
		f.drawButton(p, focus)
		return
	}
	if focus {
		fd.input.draw(p, n)
	} else {
		p.put(plain, cut(p.look.clean(fd.input.String()), n))
	}
	if s := f.placeholder(fd); s != "" {
		p.put(calm, cut(p.look.clean(s), end-p.at()))
	}
	if left := gutter + labelWidth + n - p.at(); left > 0 {
		p.put(plain, strings.Repeat("_", left))
	}
	switch t := f.beside(m.look, w); {
	case fd.key == "to" && t != nil:
		p.put(plain, "  ").text(t)
	case focus && p.room() > 12:
		p.put(plain, "  "+f.hint(fd, p.room()-2))
	}
}

// drawButton draws what Enter does there: take what a test offers, or test.
func (f *form) drawButton(p *pen, focus bool) {
	label := "test"
	if o := f.offered(); o != nil {
		label = o.label
	}
	p.put(calm, "["+label+"]")
	if focus {
		p.put(plain, "  enter presses it")
	}
}

// placeholder stands in an empty field: what applies then, and where it comes
// from.
func (f *form) placeholder(fd *field) string {
	if len(fd.words()) > 0 || fd.toggle {
		return ""
	}
	v, origin := f.inherited(fd)
	s := shown(v)
	if fd.key == "allow" && len(wordsOf(v)) == 0 {
		s = everybody
	}
	switch {
	case origin != "":
		return "(" + s + ", from " + origin + ")"
	case fd.key == "allow":
		return "(" + s + ")"
	}
	return ""
}

// namesLeast is what the names that a field takes need beside its question.
const namesLeast = 20

// hint helps with the field that has the focus: what it asks and the names it
// takes, or in a small window those alone.
func (f *form) hint(fd *field, w int) string {
	names := joined(f.choices(fd))
	switch {
	case fd.key == "use" && names == "":
		return "the file has no preset"
	case names != "" && w < len(fd.hint)+namesLeast:
		return names
	}
	return strings.TrimSpace(fd.hint + " " + names)
}

func (f *form) drawPreview(m *model, a area) {
	a.rule(0, m.facts.fileName())
	_, rest := a.top(1)
	verdict := f.verdict().wrap(m.look, rest.w, 1)
	rest, foot := rest.bottom(min(len(verdict), rest.h/2))
	p := &paper{look: m.look, w: rest.w}
	switch {
	case f.refused != nil:
		p.add(say(bad, "! ", f.refused.Error()), 2)
	case f.preview != nil:
		p.addDiff(lessContext(f.preview.Diff, rest.h))
		p.addProblems(m, f.otherProblems())
	}
	rest.write(p.lines)
	foot.write(verdict)
}
