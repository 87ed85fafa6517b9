package tui

import (
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy"
)

// upstreamsPage lists the live upstreams.
type upstreamsPage struct{ roster[proxy.UpstreamStatus] }

func newUpstreamsPage() *upstreamsPage {
	return &upstreamsPage{roster[proxy.UpstreamStatus]{
		rows: func(f *facts) []proxy.UpstreamStatus { return f.status.Upstreams },
		name: func(u *proxy.UpstreamStatus) string { return u.URL },
	}}
}

func (*upstreamsPage) number() int       { return 4 }
func (*upstreamsPage) name() string      { return "upstreams" }
func (*upstreamsPage) title() string     { return "Upstreams" }
func (*upstreamsPage) short() string     { return "Ups" }
func (*upstreamsPage) scope() scope      { return onUpstreams }
func (*upstreamsPage) state(*model) text { return nil }

// open shows the requests that went to the upstream under the cursor.
func (p *upstreamsPage) open(m *model) {
	if p.cur.key != "" {
		m.showFiltered(m.ups, "up:"+address(p.cur.key))
	}
}

func (p *upstreamsPage) draw(m *model, a area) {
	ups := m.facts.status.Upstreams
	if len(ups) == 0 {
		if m.facts.known {
			a.line(1).to(gutter).put(plain, "no upstream: no route sends requests on")
		}
		return
	}
	foot := p.drawIn(m, a, upstreamColumns(m, ups))
	if u := m.facts.upstream(p.cur.key); u != nil {
		drawFoot(foot, u.URL, upstreamStory(m, u))
	}
}

func upstreamState(u *proxy.UpstreamStatus) span {
	if u.State == proxy.StateDown {
		return span{bad, "DOWN" + times(u.Failures)}
	}
	if returning(u) {
		return span{plain, "back" + share(u)}
	}
	return span{plain, u.State.String()}
}

func upstreamColumns(m *model, ups []proxy.UpstreamStatus) []column[proxy.UpstreamStatus] {
	type col = column[proxy.UpstreamStatus]
	url := col{title: "UPSTREAM", width: 14, grow: 2, most: 48, rank: 1, ends: true, cell: func(u *proxy.UpstreamStatus) span {
		return span{plain, u.URL}
	}}
	state := col{title: "STATE", width: 9, rank: 2, cell: func(u *proxy.UpstreamStatus) span { return upstreamState(u) }}
	return []col{
		url.fit(m.look, ups), state.fit(m.look, ups),
		{title: "SINCE", width: 11, rank: 7, cell: func(u *proxy.UpstreamStatus) span {
			if u.Since.IsZero() {
				return span{plain, "-"}
			}
			return span{plain, timeOfDay(u.Since, m.o.Now())}
		}},
		{title: "OPEN", width: 4, right: true, rank: 6, cell: func(u *proxy.UpstreamStatus) span { return span{plain, fmt.Sprint(u.Open)} }},
		{title: "IDLE", width: 4, right: true, rank: 9, cell: func(u *proxy.UpstreamStatus) span { return span{plain, fmt.Sprint(u.Idle)} }},
		{title: "RPS", width: 5, right: true, rank: 3, cell: func(u *proxy.UpstreamStatus) span {
			return span{plain, perSecond(u.Rates.PerSecond)}
		}},
		{title: "P95", width: 5, right: true, rank: 5, cell: func(u *proxy.UpstreamStatus) span {
			if u.Rates.Recent == 0 {
				return span{plain, "-"}
			}
			return span{plain, unitDuration(u.Rates.P95)}
		}},
		{title: "5XX", width: 5, right: true, rank: 4, cell: func(u *proxy.UpstreamStatus) span {
			return span{errorTone(u.Rates.Errors), percent(u.Rates.Errors)}
		}},
		{title: "ROUTES", width: 8, grow: 1, rank: 8, cell: func(u *proxy.UpstreamStatus) span {
			return span{plain, strings.Join(u.Routes, " ")}
		}},
	}
}
