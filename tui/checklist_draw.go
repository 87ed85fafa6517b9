package tui

// drawSteps draws what new routes still need, in half of the area at most, and
// returns what is left of it: a heading a route and all its steps, then why
// those are missing that are. A low window has room for the latter only.
func (n *nowPage) drawSteps(m *model, a area, at int) (rest area) {
	lines, first := m.stepLines(a.w-gutter, a.h >= 14)
	if len(lines) == 0 {
		return a
	}
	mark := -1
	if at >= 0 && at < len(first) {
		mark = first[at]
	}
	a, rest = a.top(min(len(lines), (a.h+1)/2))
	from := n.needed.scroll(max(mark, 0), len(lines), a.h)
	for i, t := range lines[from:min(from+a.h, len(lines))] {
		p := a.line(i)
		if from+i == mark {
			p.put(plain, ">")
		}
		p.to(gutter).text(t)
	}
	return rest
}

// stepLines are the lines of the checklist, and which is the first of each step
// that is missing.
func (m *model) stepLines(w int, roomy bool) (lines []text, first []int) {
	p := &paper{look: m.look, w: w}
	for _, followed := range m.checks.added {
		r := m.facts.route(followed.route)
		if r == nil {
			continue
		}
		if roomy {
			p.heading("new: " + r.Name)
			p.add(m.stepStates(m.steps(r)), 0)
		}
		for _, s := range m.missing(r) {
			first = append(first, len(p.lines))
			if !roomy {
				p.lines = append(p.lines, say(warn, "! "+s.route+" "+s.what, ": "+s.why))
				continue
			}
			p.add(say(warn, s.what, ": "+s.why), 2)
			if s.next != "" {
				p.add(say("  "+m.look.signs.into+" "+s.next), 4)
			}
		}
	}
	return p.lines, first
}

// stepStates says of each step whether it is done.
func (m *model) stepStates(all []step) (t text) {
	for i, s := range all {
		if i > 0 {
			t = append(t, say("  ")...)
		}
		if s.good {
			t = append(t, say(m.look.signs.right+" "+s.what+" ok")...)
		} else {
			t = append(t, say(warn, m.look.signs.wrong+" "+s.what+" not yet")...)
		}
	}
	return t
}
