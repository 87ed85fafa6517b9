package tui

import (
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
)

func (r *review) draw(m *model, a area) {
	title := say(calm, r.what+"?").wrap(m.look, a.w, 1)
	head, rest := a.top(min(len(title), a.h/2))
	head.write(title)
	p := &paper{look: m.look, w: rest.w}
	r.addWhy(p)
	r.addVerdict(m, p)
	if r.preview != nil {
		r.addConsequences(p)
		p.addDiff(lessContext(r.preview.Diff, rest.h-len(p.lines)))
		p.addProblems(m, newProblems(r.preview.Problems, r.base))
		p.addMoves(r.moves)
	}
	r.scroll.draw(rest, p.lines)
}

// addVerdict says whether y applies it.
func (r *review) addVerdict(m *model, p *paper) {
	switch {
	case r.applying:
		p.add(say("applying ..."), 0)
	case r.failed != nil:
		for _, line := range strings.Split("not applied: "+r.failed.Error(), "\n") {
			p.add(say(bad, line), 2)
		}
		p.add(say("the lines below are against "+m.facts.fileName()+" as it is now"), 2)
	case r.refused != nil:
		for _, line := range strings.Split(r.refused.Error(), "\n") {
			p.add(say(bad, "! ", line), 2)
		}
	case r.preview == nil:
		p.add(say("looking ..."), 0)
	case r.applicable():
		p.add(r.verdict(m), 2)
	case cannotRun(r.base):
		left := count(len(r.preview.Problems.Errors()), "problem")
		p.add(say(bad, "not yet: ", m.facts.fileName()+" would still have "+left+
			": mend what is not of this edit with an editor, a save applies by itself"), 2)
	default:
		p.add(say(bad, "not yet: ", "the file would have problems"), 0)
	}
}

// cannotRun tells whether an edit begins from a file that cannot run.
func cannotRun(base *config.Revision) bool { return base != nil && base.Config == nil }

// addConsequences says in short what y leads to.
func (r *review) addConsequences(p *paper) {
	if r.form != nil {
		r.addVisitors(p)
	}
	if d := r.preview.Confirm; d > 0 {
		p.add(say(warn, "it goes back after "+longDuration(d)+" unless you keep it: ", plain, "K then"), 0)
	}
}

// addVisitors says who may come in by a new route, or where an edit changes
// that.
func (r *review) addVisitors(p *paper) {
	is, was := visitors(r.preview.Config, r.form.name()), ""
	if r.base != nil {
		was = visitors(r.base.Config, r.form.was)
	}
	switch {
	case is == "" || is == was:
	case was == "":
		p.add(say(is), 0)
	default:
		p.add(say(warn, is, " (until now "+was+")"), 0)
	}
}

// visitors says who may come in by a route; "" where there is no such route.
func visitors(c *config.Config, name string) string {
	if c == nil || c.Route(name) == nil {
		return ""
	}
	return c.Route(name).Visitors()
}

// addDiff shows the lines that change with those around them, and where lines
// between are left out. What is accepted is to be read whole: only lines that
// stay may be cut.
func (p *paper) addDiff(diff []config.DiffLine) {
	last := 0 // line of the new file
	for _, d := range diff {
		if d.Op != '-' {
			if last > 0 && d.Line > last+1 {
				p.lines = append(p.lines, say("   .."))
			}
			last = d.Line
		}
		if d.Op == ' ' {
			p.lines = append(p.lines, diffText(d))
			continue
		}
		p.add(diffText(d), 5)
	}
	if len(diff) == 0 {
		p.add(say("the file does not change"), 0)
	}
}

// lessContext leaves out lines that do not change, from both ends, as far as the
// rest then fits the room.
func lessContext(diff []config.DiffLine, room int) []config.DiffLine {
	room = max(room, 1)
	for len(diff) > room && diff[0].Op == ' ' {
		diff = diff[1:]
	}
	for len(diff) > room && diff[len(diff)-1].Op == ' ' {
		diff = diff[:len(diff)-1]
	}
	return diff
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

// newProblems leaves out the warnings that the file has already.
func newProblems(ps config.Problems, base *config.Revision) config.Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p config.Problem) bool {
		return p.Warning && base != nil && slices.ContainsFunc(base.Warnings, func(old config.Problem) bool {
			return old.Path == p.Path && old.Message == p.Message
		})
	})
}

// otherProblems are those that belong to no field of the form.
func (f *form) otherProblems() config.Problems {
	var others config.Problems
	for _, problem := range newProblems(f.preview.Problems, f.base) {
		key, ok := problemField(problem.Path, f.name())
		if !ok || key != "" && f.field(key) == nil {
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
