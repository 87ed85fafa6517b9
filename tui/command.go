package tui

import (
	"slices"
	"strings"
	"unicode"

	"forge.home.arpa/portico/config"
)

// openCommand asks for a command.
func (m *model) openCommand() {
	m.prompt = &prompt{
		sign: ":", input: newLine(), past: &m.lines,
		enter: func(m *model, pr *prompt) {
			s := pr.input.String()
			m.prompt = nil
			if m.lines.rest(); !tellsSecret(s) {
				m.lines.add(strings.TrimSpace(s))
			}
			m.command(s)
		},
		cancel: func(m *model) { m.lines.rest() },
		hint:   func(m *model, pr *prompt) string { return m.commandHint(pr.input.String()) },
		finish: func(m *model, pr *prompt) { pr.input.set(m.complete(pr.input.String())) },
	}
}

// tellsSecret tells whether a command gives a secret key its value, which is not
// to be recalled by whoever sits here next.
func tellsSecret(s string) bool {
	ws := arguments(s)
	return len(ws) > 2 && strings.HasPrefix("set", ws[0]) && config.SecretField(ws[1])
}

// command runs a line: the name of a command, or the beginning of one, and
// what it takes.
func (m *model) command(s string) {
	ws := arguments(s)
	if len(ws) == 0 {
		return
	}
	b := m.named(ws[0])
	switch all := startingWith(m.commandNames(), ws[0]); {
	case b == nil && len(all) > 1:
		m.say(bad, ws[0]+" may be "+strings.Join(all, " "))
	case b == nil:
		m.say(bad, "no command is called "+ws[0]+"; ? lists them")
	case m.top().scope() == inReview && b.where&inReview == 0:
		m.say(warn, "decide this edit first: y or esc")
	case m.refuses(b):
	case b.take != nil:
		b.take(m, ws[1:])
	default:
		m.runAnywhere(b)
	}
}

// named finds a command by its name or a beginning that no other has, or a page
// by its number.
func (m *model) named(s string) *binding {
	names := m.commandNames()
	if starting := startingWith(slices.Clone(names), s); len(starting) == 1 && s != "" {
		s = starting[0]
	}
	var found *binding
	for i := range m.keys {
		b := &m.keys[i]
		byNumber := len(s) == 1 && s[0] >= '0' && s[0] <= '9' && slices.Contains(b.keys, s)
		if b.name == "" || b.name != s && !byNumber {
			continue
		}
		// Commands of one name are the same key in several places.
		if found == nil || found.where&m.top().scope() == 0 {
			found = b
		}
	}
	return found
}

// runAnywhere goes to where a key is bound and presses it.
func (m *model) runAnywhere(b *binding) {
	if b.where&m.scope() == 0 {
		p := m.pageFor(b.where)
		if p == nil {
			m.say(plain, b.help+": "+b.label+" does it there")
			return
		}
		m.show(p)
	}
	m.run(b)
}

// pageFor is a page on which keys of that scope are bound.
func (m *model) pageFor(where scope) page {
	for _, p := range m.pages {
		if p.scope()&where != 0 {
			return p
		}
	}
	return nil
}

// candidates are the words that may stand in place of the last one.
func (m *model) candidates(s string) []string {
	before, last := lastItem(s, unicode.IsSpace)
	ws := arguments(before)
	if len(ws) == 0 {
		return startingWith(m.commandNames(), last)
	}
	b := m.named(ws[0])
	if b == nil || b.fill == nil {
		return nil
	}
	return startingWith(b.fill(m, ws[1:]), last)
}

func startingWith(words []string, start string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, start) })
}

func (m *model) commandNames() []string {
	var names []string
	for _, b := range m.keys {
		if b.name != "" && !slices.Contains(names, b.name) {
			names = append(names, b.name)
		}
	}
	slices.Sort(names)
	return names
}

// complete finishes the last word as far as it is certain.
func (m *model) complete(s string) string { return completeWith(s, m.candidates(s)) }

func completeWith(s string, all []string) string {
	if len(all) == 0 {
		return s
	}
	before, _ := lastItem(s, unicode.IsSpace)
	if len(all) == 1 {
		return before + completed(all) + " "
	}
	return before + completed(all)
}

// completed is what all of these begin with, whole where there is only one.
func completed(all []string) string {
	if len(all) == 1 {
		return quoted(all[0])
	}
	return begun(commonStart(all))
}

func commonStart(words []string) string {
	start := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, start) {
			start = start[:len(start)-1]
		}
	}
	return start
}

// commandHint shows what may come next, or what the command takes.
func (m *model) commandHint(s string) string {
	if all := m.candidates(s); len(all) > 0 {
		return joined(all)
	}
	if ws := arguments(s); len(ws) > 0 {
		if b := m.named(ws[0]); b != nil {
			return strings.TrimSpace(b.name + " " + b.args)
		}
	}
	return ""
}

// withRoute is a command that takes the name of a route.
func withRoute(do func(*model, string)) func(*model, []string) {
	return func(m *model, ws []string) {
		m.withOne(ws, "name of a route", func(name string) { do(m, name) })
	}
}

// withOne runs a command that takes one word.
func (m *model) withOne(ws []string, what string, do func(string)) {
	if len(ws) != 1 {
		m.say(bad, "say one "+what)
		return
	}
	do(ws[0])
}

func routeNames(m *model, before []string) []string {
	if len(before) > 0 {
		return nil
	}
	return m.routes.names(m)
}
