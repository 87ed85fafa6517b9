package tui

import tea "github.com/charmbracelet/bubbletea"

// leave closes this console. In the foreground the proxy runs in the same
// process, so the person says what becomes of it.
func (m *model) leave() {
	if !m.o.Foreground {
		m.start(left(Left))
		return
	}
	m.ask = &ask{question: "leave: the proxy?", choices: []choice{
		{[]string{"k"}, "keep serving", func(m *model) { m.start(left(Keep)) }},
		{[]string{"s"}, "stop", func(m *model) { m.start(left(Stop)) }},
	}}
}

func left(how Leave) tea.Cmd {
	return func() tea.Msg { return leaveMsg{how} }
}

func (m *model) quit() {
	if !m.back() {
		m.leave()
	}
}

// back goes one step back; false at the top.
func (m *model) back() bool { return m.top().back(m) }
