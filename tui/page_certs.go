package tui

// certsPage lists the certificates and the names at the home's address.
type certsPage struct{ roster[lock] }

func newCertsPage() *certsPage {
	return &certsPage{roster[lock]{rows: (*facts).locks, name: func(l *lock) string { return l.key }}}
}

func (*certsPage) number() int   { return 5 }
func (*certsPage) name() string  { return "certs" }
func (*certsPage) title() string { return "Certs & DNS" }
func (*certsPage) short() string { return "Cert/DNS" }
func (*certsPage) scope() scope  { return onCerts }

// state is the public address: what all of it is about.
func (*certsPage) state(m *model) text {
	for _, a := range m.facts.names.Accounts {
		switch {
		case a.Carrier != "":
			return say(warn, "CGNAT")
		case a.Problem != "":
			return say(warn, "address unknown")
		case a.V4.IsValid() || a.V6.IsValid():
			return say("at " + addressWords(a.V4, a.V6))
		}
	}
	return nil
}

// open tells what was tried for the row.
func (p *certsPage) open(m *model) {
	if l, ok := m.facts.lock(p.cur.key); ok {
		m.push(newLockPast(l))
	}
}

// showLock goes to a row.
func (m *model) showLock(key string) {
	m.show(m.certs)
	m.certs.goTo(m, key)
}

func (p *certsPage) draw(m *model, a area) {
	rows := m.facts.locks()
	if len(rows) == 0 {
		if m.facts.known {
			a.line(1).to(gutter).put(plain, "no listener speaks TLS (https in [server]), and no [ddns] table keeps names")
		}
		return
	}
	foot := p.drawIn(m, a, lockColumns(m, rows))
	if l, ok := m.facts.lock(p.cur.key); ok {
		var lines []text
		for _, t := range l.story(m.o.Now()) {
			lines = append(lines, t.wrap(m.look, foot.w-gutter, 2)...)
		}
		drawFoot(foot, l.host(), lines)
	}
}

func lockColumns(m *model, rows []lock) []column[lock] {
	now := m.o.Now()
	type col = column[lock]
	host := col{title: "NAME", width: 14, grow: 2, most: 40, rank: 1, cell: func(l *lock) span { return span{plain, l.host()} }}
	from := col{title: "FROM", width: 10, grow: 1, most: 24, rank: 4, cell: func(l *lock) span { return span{plain, l.from()} }}
	return []col{
		host.fit(m.look, rows), from.fit(m.look, rows),
		{title: "STATE", width: 8, rank: 2, cell: func(l *lock) span { return l.state(now) }},
		{title: "LEFT/AT", width: 15, rank: 3, cell: func(l *lock) span { return span{plain, l.ends(now)} }},
		{title: "NEXT", width: 6, rank: 6, cell: func(l *lock) span {
			if at := l.next(); at.After(now) {
				return span{plain, unitDuration(at.Sub(now))}
			}
			return span{plain, "-"}
		}},
		{title: "LAST WORDS", width: 12, grow: 3, rank: 5, cell: func(l *lock) span { return span{plain, dash(l.words())} }},
	}
}
