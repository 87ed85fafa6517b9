package tui

// sheet is text to read: a trace, the problems of the file, what to copy.
type sheet struct {
	reading
	title  string
	body   func(*model, *paper)
	scroll scroll
}

func (*sheet) scope() scope { return inSheet }

func (s *sheet) move(_ *model, by int)      { s.scroll.by(by) }
func (s *sheet) jump(_ *model, bottom bool) { s.scroll.end(bottom) }
func (s *sheet) open(*model)                {}

func (s *sheet) back(m *model) bool {
	m.pop()
	return true
}

func (s *sheet) draw(m *model, a area) {
	a.line(0).put(calm, s.title)
	_, rest := a.top(1)
	p := &paper{look: m.look, w: rest.w}
	s.body(m, p)
	s.scroll.draw(rest, p.lines)
}

// showProblems lists what is wrong with the file and with the machine.
func (m *model) showProblems() {
	m.push(&sheet{title: "what is wrong", body: func(m *model, p *paper) {
		for _, n := range m.facts.news(m.o.Now()) {
			if n.key == "file" || n.key == "warnings" {
				continue
			}
			p.add(say(n.tone, n.sign(), n.what), 2)
			if t := n.reason(); t.width(p.look) > 0 {
				p.add(append(say("  "), t...), 2)
			}
		}
		p.heading(m.facts.file)
		lines := m.facts.problemLines()
		for _, t := range lines {
			p.add(t, 2)
		}
		if len(lines) == 0 {
			p.add(say("no problem"), 0)
		}
		if len(m.facts.problems.Errors()) > 0 {
			p.add(say(calm, "mend them with an editor, a save applies by itself; "+
				"or, where they are in a route, here: an edit begins from the file as it stands"), 0)
		}
	}})
}
