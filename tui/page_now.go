package tui

import (
	"slices"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// nowPage is what is wrong, worst first, then a line a route, then the newest
// requests.
type nowPage struct {
	reading
	atTop
	cur   cursor // over the news, what new routes need, and the routes
	moved bool
	first cursor // where the news that show begin
	shown cursor // where the routes that show begin

	needed cursor // where the lines of the checklist that show begin
	tail   *stream
}

func newNowPage(log *record.Log) *nowPage { return &nowPage{tail: newStream(log)} }

func (*nowPage) number() int       { return 1 }
func (*nowPage) name() string      { return "now" }
func (*nowPage) title() string     { return "Now" }
func (*nowPage) short() string     { return "Now" }
func (*nowPage) scope() scope      { return onNow }
func (*nowPage) state(*model) text { return nil }

// settle keeps the cursor where the person put it; until then it is on the
// worst.
func (n *nowPage) settle(m *model) {
	if !n.moved {
		n.cur = cursor{}
	}
	n.cur.settle(n.items(m))
}

func (n *nowPage) move(m *model, by int) {
	n.moved = true
	n.cur.move(n.items(m), by)
}

func (n *nowPage) jump(m *model, bottom bool) {
	n.moved = bottom
	n.cur.jump(n.items(m), bottom)
}

// items are the keys of what the cursor moves over.
func (n *nowPage) items(m *model) []string {
	var keys []string
	for _, w := range m.troubles() {
		keys = append(keys, w.key)
	}
	for _, s := range m.openSteps() {
		keys = append(keys, s.key())
	}
	for _, r := range troubledFirst(m.facts.status.Routes) {
		keys = append(keys, "route "+r.Name)
	}
	return keys
}

// open mends what is wrong, or shows a route's requests.
func (n *nowPage) open(m *model) {
	all := m.troubles()
	if n.cur.at < len(all) {
		all[n.cur.at].mend(m)
		return
	}
	if s := n.selectedStep(m); s != nil {
		s.mend(m)
		return
	}
	routes := troubledFirst(m.facts.status.Routes)
	if i := n.cur.at - len(all) - len(m.openSteps()); i >= 0 && i < len(routes) {
		m.showRequestsOf(routes[i].Name)
	}
}

// selectedStep is what the cursor is on of what new routes need; nil for none.
func (n *nowPage) selectedStep(m *model) *step {
	steps := m.openSteps()
	if i := n.cur.at - len(m.troubles()); i >= 0 && i < len(steps) {
		return &steps[i]
	}
	return nil
}

// troubles are the news but those of which the checklist tells more.
func (m *model) troubles() []news {
	told := map[string]bool{}
	for _, s := range m.openSteps() {
		told[s.tells] = true
	}
	return slices.DeleteFunc(m.facts.news(m.o.Now()), func(w news) bool { return told[w.key] })
}

// troubledFirst puts the routes that are down before those that fail, and both
// before the others.
func troubledFirst(routes []proxy.RouteStatus) []proxy.RouteStatus {
	trouble := func(r proxy.RouteStatus) int {
		switch {
		case r.Enabled && r.Health == proxy.StateDown:
			return 0
		case fails(&r):
			return 1
		}
		return 2
	}
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b proxy.RouteStatus) int { return trouble(a) - trouble(b) })
	return routes
}

func (n *nowPage) draw(m *model, a area) {
	if !m.facts.known {
		return
	}
	all := m.troubles()
	well := allWell(all) && len(m.openSteps()) == 0
	head, rest := a.top(newsHeight(all, a.h/2, well))
	n.drawNews(m, head, all, well)
	rest = n.drawSteps(m, rest, n.cur.at-len(all))
	roomy, titled := rest.h >= 12, a.h >= 10
	if roomy {
		rest.rule(0, "routes")
		_, rest = rest.top(1)
	}
	routes := troubledFirst(m.facts.status.Routes)
	list, rest := rest.top(min(len(routes)+1, (rest.h+1)/2))
	n.drawRoutes(m, list, routes, n.cur.at-len(all)-len(m.openSteps()), titled)
	if roomy {
		rest.rule(0, "requests")
		_, rest = rest.top(1)
	}
	n.drawTail(m, rest)
}

// newsHeight is two lines for each of the news, or as many as fit into most
// and a line for the others; one line for none.
func newsHeight(all []news, most int, well bool) int {
	h := 2 * len(all)
	if h > most {
		h = max(most/2, 1)*2 + 1
	}
	if well {
		h++
	}
	return h
}

// allWell tells whether nothing is wrong that visitors feel or may come to feel.
func allWell(all []news) bool { return len(all) == 0 || all[0].tone == calm }

func (n *nowPage) drawNews(m *model, a area, all []news, well bool) {
	if well {
		a.line(0).to(gutter).put(plain, "all well")
		_, a = a.top(1)
	}
	fit := a.h / 2
	first := n.first.scroll(min(n.cur.at, len(all)-1), len(all), fit)
	for i := first; i < min(first+fit, len(all)); i++ {
		_, lines := a.top((i - first) * 2)
		all[i].draw(lines, i == n.cur.at, m.o.Now())
	}
	if left := len(all) - first - fit; left > 0 {
		a.line(2*fit).to(gutter).put(warn, more(left))
	}
}

// draw tells one piece of news in two lines.
func (w news) draw(a area, selected bool, now time.Time) {
	p := a.line(0)
	if selected {
		p.put(plain, ">")
	}
	p.to(gutter).put(w.tone, w.sign()+w.what)
	if s := since(w.since, now); s != "" {
		p.put(plain, " "+s)
	}
	a.line(1).to(gutter + 2).text(w.reason())
}

// sign marks news that should be looked at without colour too.
func (w news) sign() string {
	if w.tone == calm {
		return "  "
	}
	return "! "
}

// reason is what visitors see and why.
func (w news) reason() text {
	switch {
	case w.felt == "":
		return say(w.cause)
	case w.cause == "":
		return say(w.felt)
	}
	return say(w.felt + ": " + w.cause)
}

func (n *nowPage) drawRoutes(m *model, a area, routes []proxy.RouteStatus, at int, titled bool) {
	if len(routes) == 0 {
		a.line(0).to(gutter).put(plain, "no route yet: a adds one")
		return
	}
	cols := arrange(nowColumns(m, routes), a.w, 0)
	if titled {
		drawTitles(a.line(0), cols)
		_, a = a.top(1)
	}
	drawList(a, cols, routes, at, &n.shown)
}

func nowColumns(m *model, routes []proxy.RouteStatus) []column[proxy.RouteStatus] {
	name, state := routeNameColumn(), routeStateColumn(m)
	return []column[proxy.RouteStatus]{
		name.fit(m.look, routes), state.fit(m.look, routes),
		routeRateColumn(), routeP95Column(), routeErrorsColumn(),
		{title: "LAST HOUR", width: 10, grow: 1, most: 60, rank: 6, cell: func(r *proxy.RouteStatus) span {
			return span{plain, m.look.spark(r.Minutes, sparkWidth(m.w))}
		}},
	}
}

// sparkWidth is a divisor of the hour, so that each cell is as long as the others.
func sparkWidth(w int) int {
	switch {
	case w >= 110:
		return 60
	case w >= 80:
		return 30
	case w >= 60:
		return 20
	}
	return 10
}

func (n *nowPage) drawTail(m *model, a area) {
	n.tail.resize(a.h)
	rows := slices.Clone(n.tail.rows)
	slices.Reverse(rows)
	if len(rows) == 0 {
		a.line(0).to(gutter).put(plain, m.facts.firstRequest())
		return
	}
	cols := arrange(requestColumns(m, rows, a.w), a.w, 0)
	for i := range rows {
		drawRow(a.line(i), cols, &rows[i])
	}
}
