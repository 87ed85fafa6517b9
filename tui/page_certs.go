package tui

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// lock is a row of the page: the certificate of a host, or a name that dynamic
// DNS keeps.
type lock struct {
	key   string
	cert  *proxy.CertificateStatus // one of the two
	name  *ddns.NameStatus
	table *ddns.AccountStatus // of name
}

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

// locks are the rows: certificates first.
func (f *facts) locks() []lock {
	var all []lock
	for i := range f.certs {
		all = append(all, lock{key: "cert " + f.certs[i].Host, cert: &f.certs[i]})
	}
	for i := range f.names.Accounts {
		a := &f.names.Accounts[i]
		for j := range a.Names {
			all = append(all, lock{key: "name " + a.Name + " " + a.Names[j].FQDN, name: &a.Names[j], table: a})
		}
	}
	return all
}

// open asks whether the authority or the provider is to be asked now.
func (p *certsPage) open(m *model) {
	for _, l := range m.facts.locks() {
		if l.key == p.cur.key {
			m.askNow(l)
		}
	}
}

func (m *model) askNow(l lock) {
	question := "ask the authority for the certificate of " + l.host() + " now?"
	do := func(context.Context) error { return m.src.Locks.TryCertificate(l.host()) }
	switch {
	case l.cert == nil:
		question = "publish the names of [ddns." + l.table.Name + "] now?"
		do = func(ctx context.Context) error { return m.src.Locks.Publish(ctx, l.table.Name) }
	case l.cert.Kind != "acme":
		m.say(calm, "no authority is asked for this certificate: it is "+l.cert.Kind)
		return
	}
	m.ask = &ask{question, []choice{{[]string{"y"}, "yes, now", func(m *model) { m.try(do) }}}}
}

// try asks a stranger, beside the console.
func (m *model) try(do func(context.Context) error) {
	m.say(plain, "asking ...")
	m.await(func(ctx context.Context) then {
		err := do(ctx)
		return func(m *model) {
			m.refresh()
			if err != nil {
				m.sayError(err)
				return
			}
			m.say(calm, "asked: the list says what came of it")
		}
	})
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
	for i := range rows {
		if rows[i].key == p.cur.key {
			var lines []text
			for _, t := range rows[i].story(m.o.Now()) {
				lines = append(lines, t.wrap(m.look, foot.w-gutter, 0)...)
			}
			drawFoot(foot, rows[i].host(), lines)
		}
	}
}

func (l *lock) host() string {
	if l.cert != nil {
		return l.cert.Host
	}
	return l.name.FQDN
}

func (l *lock) kind() string {
	if l.cert != nil {
		return l.cert.Kind
	}
	return l.table.Provider
}

// state says how it stands, in a word.
func (l *lock) state(now time.Time) span {
	if l.name != nil {
		return nameState(l.name)
	}
	return certState(l.cert, now)
}

func certState(c *proxy.CertificateStatus, now time.Time) span {
	state := c.State(now)
	switch state {
	case proxy.CertificateOK:
		return span{plain, string(state)}
	case proxy.CertificateExpired:
		return span{bad, strings.ToUpper(string(state))}
	}
	return span{warn, string(state)}
}

func nameState(n *ddns.NameStatus) span {
	switch {
	case n.At.IsZero():
		return span{plain, "new"}
	case n.Class == ddns.Stop:
		return span{bad, "STOPPED"}
	case n.Class != ddns.OK:
		return span{warn, n.Class.String()}
	}
	return span{plain, "ok"}
}

// ends is the days a certificate has left, or the address that is published.
func (l *lock) ends(now time.Time) string {
	switch {
	case l.name != nil:
		return dash(addressWords(l.name.V4, l.name.V6))
	case l.cert.Until.IsZero():
		return "-"
	}
	return daysLeft(l.cert.Until.Sub(now))
}

func (l *lock) next(now time.Time) string {
	at := time.Time{}
	if l.cert != nil {
		at = l.cert.Next
	} else {
		at = l.name.Next
	}
	if !at.After(now) {
		return "-"
	}
	return unitDuration(at.Sub(now))
}

func (l *lock) words() string {
	if l.cert != nil {
		return dash(l.cert.Why)
	}
	return dash(l.name.Words)
}

// story tells the last words whole.
func (l *lock) story(now time.Time) []text {
	if c := l.cert; c != nil {
		lines := []text{append(text{l.state(now)}, span{plain, "  " + dash(c.Issuer)})}
		if !c.Until.IsZero() {
			lines = append(lines, say("until "+c.Until.Local().Format("2006-01-02 15:04")))
		}
		return append(lines, say(dash(c.Why)))
	}
	a := l.table
	lines := []text{append(text{l.state(now)}, span{plain, "  " + dash(l.name.Words)})}
	switch {
	case a.Carrier != "":
		lines = append(lines, say(warn, a.Carrier))
	case a.Problem != "":
		lines = append(lines, say(warn, a.Problem))
	default:
		lines = append(lines, say("public address "+dash(addressWords(a.V4, a.V6))+", published "+dash(addressWords(l.name.V4, l.name.V6))))
	}
	return append(lines, say("looked for "+since(a.Looked, now)+", next in "+unitDuration(max(a.Next.Sub(now), 0))))
}

func addressWords(v4, v6 netip.Addr) string {
	var list []string
	for _, a := range [...]netip.Addr{v4, v6} {
		if a.IsValid() {
			list = append(list, a.String())
		}
	}
	return strings.Join(list, " ")
}

func lockColumns(m *model, rows []lock) []column[lock] {
	now := m.o.Now()
	type col = column[lock]
	host := col{title: "NAME", width: 14, grow: 2, most: 40, rank: 1, cell: func(l *lock) span { return span{plain, l.host()} }}
	return []col{
		host.fit(m.look, rows),
		{title: "FROM", width: 10, rank: 4, cell: func(l *lock) span { return span{plain, l.kind()} }},
		{title: "STATE", width: 9, rank: 2, cell: func(l *lock) span { return l.state(now) }},
		{title: "LEFT/AT", width: 15, rank: 3, cell: func(l *lock) span { return span{plain, l.ends(now)} }},
		{title: "NEXT", width: 6, rank: 6, cell: func(l *lock) span { return span{plain, l.next(now)} }},
		{title: "LAST WORDS", width: 12, grow: 3, rank: 5, cell: func(l *lock) span { return span{plain, l.words()} }},
	}
}
