package tui

import tea "github.com/charmbracelet/bubbletea"

// prompt is a line that is typed in the footer: the filter or a command.
type prompt struct {
	sign    string // "/" or ":"
	input   line
	past    *history
	why     string // what is wrong with what is typed
	changed func(*model, *prompt)
	enter   func(*model, *prompt)
	cancel  func(*model)
	hint    func(*model, *prompt) string
	finish  func(*model, *prompt) // tab
}

func (pr *prompt) typed(m *model, k tea.KeyMsg) {
	before := pr.input.String()
	if pr.input.key(k) && pr.input.String() != before {
		pr.past.rest()
		pr.change(m)
	}
}

func (pr *prompt) change(m *model) {
	pr.why = ""
	if pr.changed != nil {
		pr.changed(m, pr)
	}
}

// recall takes an older line, or a newer one when by is negative.
func (pr *prompt) recall(m *model, by int) {
	if s, ok := pr.past.step(by, pr.input.String()); ok {
		pr.input.set(s)
		pr.change(m)
	}
}

func (pr *prompt) draw(m *model, p *pen) {
	p.put(calm, pr.sign)
	hint := say(calm, pr.hint(m, pr))
	if pr.why != "" {
		hint = say(bad, pr.why)
	}
	least := min(20, p.room()/2)
	n := max(p.room()-hint.width(m.look)-2, least)
	pr.input.draw(p, min(n, max(len([]rune(pr.input.String()))+2, least)))
	p.put(plain, "  ").text(hint)
}

// closePrompt takes back what was typed.
func (m *model) closePrompt() {
	cancel := m.prompt.cancel
	m.prompt = nil
	cancel(m)
}
