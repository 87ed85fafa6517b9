package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	"forge.home.arpa/portico/config"
)

// banner is the line that every page shows while something must be decided or
// known: a change that waits to be kept, or the last good file in place of the
// present one. It is empty otherwise.
func (m *model) banner() text {
	switch p := m.facts.pending; {
	case p != nil:
		return m.pendingBanner(p)
	case !m.facts.lastGood.IsZero():
		return append(say(bad, "LAST GOOD RUNS", ": "), say(m.facts.firstProblem())...)
	}
	return nil
}

// pendingBanner begins with what to press: the end may be cut.
func (m *model) pendingBanner(p *config.Pending) text {
	keys := say(calm, "K", " keep  ", calm, "B", " back")
	if m.scope()&(toRead|inReview) == 0 {
		keys = say("esc, then ", calm, "K", " or ", calm, "B")
	}
	t := append(say(bad, "KEEP IT? "+timeLeft(p, m.o.Now()), "  "), keys...)
	if p.Unwritten != nil {
		t = append(t, say("  ", bad, "a restart would keep it")...)
	}
	return append(t, say("  "+p.What)...)
}

// timeLeft says how long the change still waits.
func timeLeft(p *config.Pending, now time.Time) string {
	if p.Stuck != nil {
		return "it could not go back"
	}
	return fmt.Sprintf("%ds", max(int(p.Until.Sub(now).Round(time.Second)/time.Second), 0))
}

// firstProblem is why the file cannot run.
func (f *facts) firstProblem() string {
	if errs := f.problems.Errors(); len(errs) > 0 {
		return f.fileName() + " cannot run: " + lineOf(errs[0])
	}
	return f.fileName() + " could not run when portico started"
}

// pendingNews is worse than all else: it goes back by itself.
func (f *facts) pendingNews(now time.Time) []news {
	p := f.pending
	if p == nil {
		return nil
	}
	n := news{
		key: "pending", tone: bad, short: "keep? " + timeLeft(p, now), what: "not kept yet: " + p.What,
		felt: "it goes back in " + timeLeft(p, now) + " unless you keep it",
		mend: (*model).askToKeep,
	}
	if p.Unwritten != nil {
		n.cause = "a restart would keep it: " + firstLine(p.Unwritten)
	}
	if p.Stuck != nil {
		n.short, n.felt, n.cause = "not kept", "it could not go back", firstLine(p.Stuck)
	}
	return []news{n}
}

func (m *model) askToKeep() {
	if m.facts.pending == nil {
		return
	}
	m.ask = &ask{question: "keep it?", edits: true, choices: []choice{
		{[]string{"K", "k"}, "keep", (*model).keep},
		{[]string{"B", "b"}, "go back", (*model).goBack},
	}}
}

// keep makes the change that waits a lasting one.
func (m *model) keep() {
	m.decide("kept", func(ctx context.Context, s Source) error { return s.Store.Keep(ctx, s.who()) })
}

// goBack takes the change that waits back; where the same key was changed since,
// only after a question.
func (m *model) goBack() {
	if p := m.facts.pending; p != nil && m.contested == p.What {
		m.askAllTheSame()
		return
	}
	m.goBackNow()
}

func (m *model) goBackNow() {
	m.decide("taken back", func(ctx context.Context, s Source) error { return s.Store.GoBack(ctx, s.who()) })
}

func (m *model) askAllTheSame() {
	m.ask = &ask{question: "the same key was changed since: take it back all the same?", edits: true, choices: []choice{
		{[]string{"y"}, "yes", (*model).goBackNow},
	}}
}

func (m *model) decide(done string, act func(context.Context, Source) error) {
	p, src := m.facts.pending, m.src
	if p == nil {
		m.say(plain, "no change waits to be kept")
		return
	}
	m.say(plain, "one moment ...")
	m.await(func(ctx context.Context) then {
		err := act(ctx, src)
		return func(m *model) {
			m.refresh()
			var conflicts config.Conflicts
			switch {
			case err == nil:
				m.contested = ""
				m.say(calm, done+": "+p.What)
			case errors.As(err, &conflicts):
				m.contested = p.What
				m.say(bad, "not taken back, B asks whether all the same: "+firstLine(err))
			default:
				m.sayError(err)
			}
		}
	})
}
