package tui

import "time"

// lockPast tells all of one row of the page: how it stands, and what was tried.
type lockPast struct {
	sheet
	key string
}

func newLockPast(l lock) *lockPast {
	p := &lockPast{key: l.key}
	p.title = "the certificate of " + l.host()
	if l.name != nil {
		p.title = "the name " + l.host()
	}
	p.body = p.write
	return p
}

func (*lockPast) scope() scope { return inPast }

// write tells what is known now: the list grows while one looks at it.
func (p *lockPast) write(m *model, to *paper) {
	l, ok := m.facts.lock(p.key)
	if !ok {
		to.add(say("it is no longer kept"), 0)
		return
	}
	now := m.o.Now()
	if l.cert != nil {
		l.writeCertificate(to, now)
	} else {
		l.writeName(to, now)
	}
	to.heading("attempts")
	tries := l.tries(now)
	for _, t := range tries {
		to.add(t.head, 2)
		to.add(append(say("  "), t.words...), 2)
	}
	if len(tries) == 0 {
		to.add(say(noTries(l)), 0)
	}
}

func noTries(l lock) string {
	if l.cert != nil && l.cert.Kind != "acme" {
		return "none: no authority is asked for this certificate, it is " + l.cert.Kind
	}
	return "none yet"
}

func (l *lock) writeCertificate(to *paper, now time.Time) {
	c := l.cert
	to.labelled("state", append(text{l.state(now)}, say(", "+c.Kind)...))
	to.labelled("issuer", say(dash(c.Issuer)))
	if !c.Until.IsZero() {
		to.labelled("until", say(dayOf(c.Until, now)+", "+daysLeft(c.Until.Sub(now))+" left"))
	}
	to.labelled("next try", say(l.countdown(now)))
	to.labelled("why", say(dash(c.Why)))
}

func (l *lock) writeName(to *paper, now time.Time) {
	a, n := l.table, l.name
	to.labelled("state", text{l.state(now)})
	to.labelled("home", say(dash(addressWords(a.V4, a.V6))))
	if a.Carrier != "" {
		to.labelled("", say(warn, a.Carrier))
	}
	if a.Problem != "" {
		to.labelled("", say(warn, a.Problem))
	}
	to.labelled("record", say(dash(addressWords(n.V4, n.V6))))
	to.labelled("provider", say(a.Provider+", [ddns."+a.Name+"]"))
	to.labelled("reply", say(dash(n.Words)+" "+since(n.At, now)))
	to.labelled("next", say(l.countdown(now)))
}

// countdown says when somebody is asked again.
func (l *lock) countdown(now time.Time) string {
	at := l.next()
	if !at.After(now) {
		return "-"
	}
	return timeOfDay(at, now) + ", in " + unitDuration(at.Sub(now))
}
