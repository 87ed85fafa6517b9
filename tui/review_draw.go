package tui

import (
	"forge.home.arpa/portico/config"
)

func (r *review) draw(m *model, a area) {
	a.line(0).put(calm, r.what+"?")
	_, rest := a.top(1)
	p := &paper{look: m.look, w: rest.w}
	r.addVerdict(m, p)
	if r.preview != nil {
		p.addDiff(r.preview.Diff)
		p.addProblems(m, r.preview.Problems)
	}
	r.scroll.draw(rest, p.lines)
}

// addVerdict says whether y applies it.
func (r *review) addVerdict(m *model, p *paper) {
	switch {
	case r.applying:
		p.add(say("applying ..."), 0)
	case r.failed != nil:
		p.add(say(bad, "not applied: "+r.failed.Error()), 2)
		p.add(say("the lines below are against "+m.facts.fileName()+" as it is now"), 2)
	case r.refused != nil:
		p.add(say(bad, "! ", r.refused.Error()), 2)
	case r.preview == nil:
		p.add(say("looking ..."), 0)
	case r.applicable():
		p.add(say("ok: "+count(changedLines(r.preview.Diff), "line")+", and the file reads well"), 0)
	default:
		p.add(say(bad, "not yet: ", "the file would have problems"), 0)
	}
}

// addDiff shows the lines that change, with a few around them.
func (p *paper) addDiff(diff []config.DiffLine) {
	const around = 3
	last := -1
	for i, d := range diff {
		if !near(diff, i, around) {
			continue
		}
		if last >= 0 && i != last+1 {
			p.lines = append(p.lines, say("   .."))
		}
		last = i
		p.lines = append(p.lines, diffText(d))
	}
	if len(diff) > 0 && last < 0 {
		p.add(say("the file does not change"), 0)
	}
}

// near tells whether a changed line is within n lines of i.
func near(diff []config.DiffLine, i, n int) bool {
	for _, d := range diff[max(i-n, 0):min(i+n+1, len(diff))] {
		if d.Op != ' ' {
			return true
		}
	}
	return false
}

func diffText(d config.DiffLine) text {
	switch d.Op {
	case '-':
		return say(bad, " - "+d.Text)
	case '+':
		return say(calm, " + "+d.Text)
	}
	return say("   " + d.Text)
}

func (p *paper) addProblems(m *model, ps config.Problems) {
	if len(ps) > 0 {
		p.lines = append(p.lines, nil)
	}
	for _, problem := range ps {
		p.add(problemText(m.facts.fileName(), problem), 2)
	}
}

// otherProblems are those that belong to no field of the form.
func (f *form) otherProblems() config.Problems {
	var others config.Problems
	for _, problem := range f.preview.Problems {
		key, ok := problemField(problem.Path, f.name())
		if !ok || f.field(key) == nil {
			others = append(others, problem)
		}
	}
	return others
}

func changedLines(diff []config.DiffLine) (n int) {
	for _, d := range diff {
		if d.Op != ' ' {
			n++
		}
	}
	return n
}
