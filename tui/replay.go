package tui

import (
	"context"
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// replay sends the request that is looked at again. What lets people in goes
// with it only after y: whoever reads over a shoulder must not act as the
// visitor by one key.
func (m *model) replay() {
	d := m.looksAt()
	if d == nil {
		m.say(plain, "no request is selected")
		return
	}
	p, err := proxy.ReplayOf(d.Detail)
	if err != nil {
		m.say(warn, err.Error())
		return
	}
	if len(p.Secret) == 0 {
		m.sendAgain(p, false)
		return
	}
	m.ask = &ask{question: "send it with " + strings.Join(p.Secret, ", ") + ", as the visitor?", choices: []choice{
		{[]string{"y"}, "with", func(m *model) { m.sendAgain(p, true) }},
		{[]string{"n"}, "without", func(m *model) { m.sendAgain(p, false) }},
	}}
}

// sendAgain sends it and shows what came of it.
func (m *model) sendAgain(p *proxy.Replay, secrets bool) {
	m.say(plain, "sending it again ...")
	m.await(func(ctx context.Context) then {
		row, err := m.src.Proxy.Replay(ctx, p, secrets)
		return func(m *model) {
			if err != nil {
				m.say(bad, "not sent again: "+err.Error())
				return
			}
			m.showReplay(&row, p.Note)
		}
	})
}

// showReplay selects the new record and says what it tells.
func (m *model) showReplay(row *record.Row, note string) {
	outcome := fmt.Sprintf("sent again: %d %s in %s", row.Status, outcome(row), unitDuration(row.Total))
	if row.Cause != record.CauseNone || row.Rule != "" || row.Route == "" {
		outcome += ", " + shortCause(row)
	}
	if note != "" {
		outcome += "; " + note
	}
	t := plain
	if row.Failed() {
		t = warn
	}
	if m.pages[m.page] == page(m.requests) && m.prompt == nil && m.ask == nil {
		m.requests.goTo(m, row)
	}
	m.say(t, outcome)
}

// goTo selects a request that has just ended, in the list and in its detail.
func (r *requestsPage) goTo(m *model, row *record.Row) {
	if !r.stream.wants(row) {
		return // the filter that is in force hides it
	}
	r.stream.frozen = false
	r.stream.newest()
	r.stream.choose(row.ID)
	r.pane.load(m, row)
}

// choose puts the mark on a row that is shown and holds it there.
func (s *stream) choose(id uint64) {
	s.pin()
	for i := range s.rows {
		if s.rows[i].ID == id {
			s.cursor = id
		}
	}
}
