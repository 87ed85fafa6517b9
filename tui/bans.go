package tui

import (
	"net/netip"

	"forge.home.arpa/portico/proxy"
)

// bansView lists who is shut out, with the evidence and the key to lift it.
type bansView struct{ roster[proxy.Ban] }

func newBansView() *bansView {
	return &bansView{roster[proxy.Ban]{
		rows: func(f *facts) []proxy.Ban { return f.status.Bans.Newest },
		name: func(b *proxy.Ban) string { return b.Client.String() },
	}}
}

func (*bansView) scope() scope { return inBans }

func (*bansView) back(m *model) bool {
	m.pop()
	return true
}

// open asks before it lifts the ban under the cursor.
func (v *bansView) open(m *model) {
	if client, err := netip.ParsePrefix(v.cur.key); err == nil {
		m.askLift(client)
	}
}

// askLift asks whether a client shall come in again.
func (m *model) askLift(client netip.Prefix) {
	m.ask = &ask{question: "let " + shutOut(client) + " in again?", edits: true, choices: []choice{{[]string{"y"}, "yes", func(m *model) {
		if m.src.Proxy.Lift(client.Addr()) {
			m.say(calm, shutOut(client)+" may come in again")
		} else {
			m.say(warn, shutOut(client)+" is not shut out any more")
		}
		m.refresh()
	}}}}
}

func (v *bansView) draw(m *model, a area) {
	v.settle(m)
	bans := m.facts.status.Bans
	a.line(0).put(calm, "bans").put(plain, "  "+count(bans.Count, "client")+" shut out").
		atRight(say(older(bans.Count - len(bans.Newest))))
	_, rest := a.top(1)
	if s := bans.Suspended; s != "" {
		rest.line(0).to(gutter).put(warn, "not in force: "+s)
		_, rest = rest.top(1)
	}
	switch {
	case !bans.On:
		rest.line(0).to(gutter).put(plain, "nobody is shut out: there is no [ban] table with `on`")
		return
	case len(bans.Newest) == 0:
		rest.line(0).to(gutter).put(plain, "nobody is shut out at the moment")
		return
	}
	foot := v.drawIn(m, rest, banColumns(m))
	if b := bans.Newest[v.cur.at]; foot.h > 0 {
		drawFoot(foot, shutOut(b.Client), evidence(m, &b))
	}
}

// evidence is what led to a ban, the last first.
func evidence(m *model, b *proxy.Ban) (lines []text) {
	for i := len(b.Evidence) - 1; i >= 0; i-- {
		e := b.Evidence[i]
		lines = append(lines, say(timeOfDay(e.At, m.o.Now())+"  "+e.What))
	}
	return lines
}

// clientPrefix is an address as bans have it.
func clientPrefix(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// shutOut is an address, or the network of an IPv6 client.
func shutOut(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func banColumns(m *model) []column[proxy.Ban] {
	now := m.o.Now()
	return []column[proxy.Ban]{
		{title: "CLIENT", width: 15, grow: 1, most: 43, rank: 0, cell: func(b *proxy.Ban) span { return span{plain, shutOut(b.Client)} }},
		{title: "SINCE", width: 11, rank: 3, cell: func(b *proxy.Ban) span { return span{plain, timeOfDay(b.Since, now)} }},
		{title: "LEFT", width: 6, rank: 1, cell: func(b *proxy.Ban) span { return span{plain, longDuration(max(b.Until.Sub(now), 0))} }},
		{title: "COUNT", width: 5, right: true, rank: 4, cell: func(b *proxy.Ban) span { return span{plain, group(b.Count)} }},
		{title: "LAST", width: 12, grow: 3, rank: 2, cell: func(b *proxy.Ban) span {
			if n := len(b.Evidence); n > 0 {
				return span{plain, b.Evidence[n-1].What}
			}
			return span{plain, "-"}
		}},
	}
}
