package tui

import (
	"fmt"

	"forge.home.arpa/portico/proxy"
)

// liveView lists what is under way and has no end of its own: WebSockets,
// events, cameras. They are among the requests only once they have ended.
type liveView struct{ roster[proxy.Live] }

func newLiveView() *liveView {
	return &liveView{roster[proxy.Live]{
		rows: func(f *facts) []proxy.Live { return f.status.Live },
		name: func(l *proxy.Live) string { return fmt.Sprint(l.Since.UnixNano(), l.Client, l.Path) },
	}}
}

func (*liveView) scope() scope { return inSheet }
func (*liveView) open(*model)  {}

func (*liveView) back(m *model) bool {
	m.pop()
	return true
}

func (v *liveView) draw(m *model, a area) {
	v.settle(m)
	st := m.facts.status
	a.line(0).put(calm, "live").put(plain, "  "+liveWords(st.AllLive)).
		atRight(say(older(st.AllLive - len(st.Live))))
	_, rest := a.top(1)
	if len(st.Live) == 0 {
		rest.line(0).to(gutter).put(plain, "no WebSocket, no events, no camera at the moment")
		return
	}
	foot := v.drawIn(m, rest, liveColumns(m, st.Live))
	if l := st.Live[v.cur.at]; foot.h > 0 {
		drawFoot(foot, l.Host+maskQuery(l.Path), []text{
			say(fmt.Sprintf("%s %s from %s", l.Kind, since(l.Since, m.o.Now()), l.Client)),
			say("route " + dash(l.Route) + ", upstream " + dash(l.Upstream)),
		})
	}
}

func liveWords(n int) string {
	if n == 1 {
		return "1 exchange without an end of its own"
	}
	return group(n) + " exchanges without an end of their own"
}

func older(n int) string {
	if n <= 0 {
		return ""
	}
	return group(n) + " older ones are not shown"
}

func liveColumns(m *model, rows []proxy.Live) []column[proxy.Live] {
	type col = column[proxy.Live]
	route := col{title: "ROUTE", width: 8, most: 16, grow: 1, rank: 6, cell: func(l *proxy.Live) span { return span{plain, dash(l.Route)} }}
	return []col{
		{title: "FOR", width: 6, rank: 1, cell: func(l *proxy.Live) span { return span{plain, longDuration(m.o.Now().Sub(l.Since))} }},
		{title: "KIND", width: 9, rank: 3, cell: func(l *proxy.Live) span { return span{plain, l.Kind.String()} }},
		{title: "CLIENT", width: 15, grow: 1, most: 39, rank: 4, cell: func(l *proxy.Live) span { return span{plain, l.Client.String()} }},
		{title: "IN", width: 5, right: true, rank: 5, cell: func(l *proxy.Live) span { return span{plain, shortBytes(l.BytesIn)} }},
		{title: "OUT", width: 5, right: true, rank: 2, cell: func(l *proxy.Live) span { return span{plain, shortBytes(l.BytesOut)} }},
		route.fit(m.look, rows),
		{title: "HOST", width: 12, grow: 2, most: 32, rank: 7, cell: func(l *proxy.Live) span { return span{plain, l.Host} }},
		{title: "PATH", width: 10, grow: 4, rank: 0, cell: func(l *proxy.Live) span { return span{plain, maskQuery(l.Path)} }},
	}
}
