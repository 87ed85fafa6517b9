package tui

import (
	"strings"
	"unicode"
)

// openFilter asks for a filter of the requests and applies it while it is typed.
func (m *model) openFilter() {
	if m.pages[m.page] != page(m.requests) || len(m.layers) > 0 {
		m.show(m.requests)
	}
	m.prompt = &prompt{
		sign: "/", input: newLine(), past: &m.filters,
		changed: func(m *model, pr *prompt) {
			if err := m.setFilter(pr.input.String()); err != nil {
				pr.why = err.Error()
			}
		},
		enter: func(m *model, pr *prompt) {
			if pr.why == "" {
				m.filters.add(m.requests.filter)
				m.prompt = nil
			}
		},
		cancel: func(m *model) { m.clearFilter() },
		hint: func(m *model, pr *prompt) string {
			if all := filterCandidates(m, pr.input.String()); len(all) > 0 {
				return joined(all)
			}
			return filterHelp
		},
		finish: func(m *model, pr *prompt) {
			if s := pr.input.String(); len(filterCandidates(m, s)) > 0 {
				pr.input.set(completeWith(s, filterCandidates(m, s)))
				pr.change(m)
			}
		},
	}
	m.prompt.input.set(m.requests.filter)
}

func (m *model) clearFilter() {
	m.filters.rest()
	_ = m.setFilter("") // the empty filter is never wrong
}

// filterBy is the filter as a command.
func (m *model) filterBy(s string) {
	m.show(m.requests)
	if err := m.setFilter(s); err != nil {
		m.say(bad, err.Error())
		return
	}
	m.filters.add(m.requests.filter)
}

// filterCandidates are the terms that the last word of a filter may become; none
// for one that names no field yet.
func filterCandidates(m *model, s string) []string {
	_, last := lastItem(s, unicode.IsSpace)
	if !strings.Contains(last, ":") {
		return nil
	}
	return startingWith(filterWords(m, nil), last)
}
