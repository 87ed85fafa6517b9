package tui

// verdict says in a line what comes of the edit that a form makes; nothing while
// that is not known, or the form shows what is wrong.
func (f *form) verdict() text {
	p := f.preview
	if p == nil || p.Config == nil || len(p.Diff) == 0 {
		return nil
	}
	t := append(say("ok: parses, no route shadowed"), f.upstreamVerdict()...)
	return t.and(f.moves)
}

// verdict says in a line what comes of an edit that can be applied.
func (r *review) verdict(m *model) text {
	t := say("ok: parses, no route shadowed")
	if cannotRun(r.base) {
		t = say("ok: this mends " + m.facts.fileName() + ", " + count(changedLines(r.preview.Diff), "line"))
	}
	if r.form != nil {
		t = append(t, r.form.upstreamVerdict()...)
	}
	return t.and(r.moves)
}
