package tui

import (
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy"
)

// routesPage lists the routes and leads to what changes them.
type routesPage struct{ roster[proxy.RouteStatus] }

func newRoutesPage() *routesPage {
	return &routesPage{roster[proxy.RouteStatus]{
		rows: func(f *facts) []proxy.RouteStatus { return f.status.Routes },
		name: func(r *proxy.RouteStatus) string { return r.Name },
	}}
}

func (*routesPage) number() int   { return 3 }
func (*routesPage) name() string  { return "routes" }
func (*routesPage) title() string { return "Routes" }
func (*routesPage) short() string { return "Routes" }
func (*routesPage) scope() scope  { return onRoutes }

func (*routesPage) state(m *model) text {
	off := 0
	for _, r := range m.facts.status.Routes {
		if !r.Enabled {
			off++
		}
	}
	if off > 0 {
		return say(fmt.Sprintf("%d off", off))
	}
	return nil
}

// open shows the requests of the route under the cursor.
func (p *routesPage) open(m *model) {
	if p.cur.key != "" {
		m.showRequestsOf(p.cur.key)
	}
}

func (p *routesPage) draw(m *model, a area) {
	routes := m.facts.status.Routes
	if len(routes) == 0 {
		if m.facts.known {
			a.line(1).to(gutter).put(plain, "no route yet: a adds one, or :add host upstream")
		}
		return
	}
	foot := p.drawIn(m, a, routeColumns(m, routes))
	if r := m.facts.route(p.cur.key); r != nil {
		drawFoot(foot, r.Name, routeStory(m, r))
	}
}

// routeStory says what the columns had to cut.
func routeStory(m *model, r *proxy.RouteStatus) []text {
	lines := []text{say(strings.Join(r.Hosts, " ") + "  " + paths(r) + " " + m.look.signs.into + " " + r.Target)}
	if r.Reason != "" {
		lines = append(lines, say(routeState(&m.facts, r).tone, r.Reason))
	}
	if u := m.facts.downOf(r); u != nil {
		lines = append(lines, say(downSince(u, m)))
	}
	if rev := m.facts.revision; rev != nil {
		if set := rev.Config.Route(r.Name); set != nil {
			lines = append(lines, m.facts.spelled.inheritedBy(set)...)
		}
	}
	return lines
}

// downOf is the first upstream of a route that is down.
func (f *facts) downOf(r *proxy.RouteStatus) *proxy.UpstreamStatus {
	for _, url := range r.To {
		if u := f.upstream(url); u != nil && u.State == proxy.StateDown {
			return u
		}
	}
	return nil
}

// downSince tells how long an upstream has been down and when it is tried next.
func downSince(u *proxy.UpstreamStatus, m *model) string {
	now := m.o.Now()
	s := address(u.URL) + " down " + since(u.Since, now)
	if u.NextTry.After(now) {
		s += ", next try in " + longDuration(u.NextTry.Sub(now))
	}
	return s
}

func more(n int) string { return fmt.Sprintf("+%d more", n) }

func paths(r *proxy.RouteStatus) string {
	if len(r.Paths) == 0 {
		return "/*"
	}
	return strings.Join(r.Paths, " ")
}

func routeColumns(m *model, routes []proxy.RouteStatus) []column[proxy.RouteStatus] {
	type col = column[proxy.RouteStatus]
	name, state := routeNameColumn(), routeStateColumn(m)
	host := col{title: "HOST", width: 12, grow: 2, most: 40, rank: 3, cell: func(r *proxy.RouteStatus) span {
		return span{plain, list(r.Hosts)}
	}}
	path := col{title: "PATH", width: 6, grow: 1, most: 24, rank: 8, cell: func(r *proxy.RouteStatus) span {
		return span{plain, paths(r)}
	}}
	to := col{title: "TO", width: 12, grow: 2, most: 48, rank: 4, cell: func(r *proxy.RouteStatus) span {
		return span{plain, strings.TrimPrefix(r.Target, "http://")}
	}}
	return []col{
		name.fit(m.look, routes), host.fit(m.look, routes), path.fit(m.look, routes), to.fit(m.look, routes),
		state.fit(m.look, routes), routeRateColumn(), routeP95Column(), routeErrorsColumn(),
	}
}

// list names the first and counts the others.
func list(words []string) string {
	switch len(words) {
	case 0:
		return "-"
	case 1:
		return words[0]
	}
	return fmt.Sprintf("%s +%d", words[0], len(words)-1)
}

func routeNameColumn() column[proxy.RouteStatus] {
	return column[proxy.RouteStatus]{title: "NAME", width: 8, most: 32, grow: 1, rank: 1, ends: true,
		cell: func(r *proxy.RouteStatus) span { return span{plain, r.Name} }}
}

func routeStateColumn(m *model) column[proxy.RouteStatus] {
	return column[proxy.RouteStatus]{title: "STATE", width: 9, rank: 2,
		cell: func(r *proxy.RouteStatus) span { return routeState(&m.facts, r) }}
}

func routeRateColumn() column[proxy.RouteStatus] {
	return column[proxy.RouteStatus]{title: "RPS", width: 5, right: true, rank: 5,
		cell: func(r *proxy.RouteStatus) span { return span{plain, perSecond(r.Rates.PerSecond)} }}
}

func routeP95Column() column[proxy.RouteStatus] {
	return column[proxy.RouteStatus]{title: "P95", width: 5, right: true, rank: 7,
		cell: func(r *proxy.RouteStatus) span {
			if r.Rates.Recent == 0 {
				return span{plain, "-"}
			}
			return span{plain, unitDuration(r.Rates.P95)}
		}}
}

func routeErrorsColumn() column[proxy.RouteStatus] {
	return column[proxy.RouteStatus]{title: "5XX", width: 5, right: true, rank: 6,
		cell: func(r *proxy.RouteStatus) span {
			return span{errorTone(r.Rates.Errors), percent(r.Rates.Errors)}
		}}
}
