package tui

import (
	"slices"
	"strings"

	"forge.home.arpa/portico/proxy/record"
)

// requestsPage is the live list of requests with the detail of one.
type requestsPage struct {
	reading
	stream *stream
	filter string // the one in force, as typed
	skip   int    // columns scrolled away
	pane   *detail
	from   page // where the person came from with a filter
	set    columnSet
}

func newRequestsPage(log *record.Log) *requestsPage {
	return &requestsPage{stream: newStream(log), pane: &detail{}}
}

func (*requestsPage) number() int   { return 2 }
func (*requestsPage) name() string  { return "requests" }
func (*requestsPage) title() string { return "Requests" }
func (*requestsPage) short() string { return "Req" }
func (*requestsPage) scope() scope  { return onRequests }
func (*requestsPage) settle(*model) {}

func (r *requestsPage) state(m *model) text {
	var t text
	switch s := r.stream; {
	case s.frozen:
		t = say(warn, "FROZEN", newRows(s.unseen))
	case s.follow:
		t = say("FOLLOW")
	default:
		t = say("PINNED", calm, newRows(s.unseen))
	}
	if r.filter != "" {
		t = append(t, say("  filter: ", calm, r.filter)...)
	}
	if s := r.stream; s.order != byTime || s.reversed {
		t = append(t, span{plain, "  by " + s.order.String() + reverseSign(s.reversed)})
	}
	if n := m.facts.status.AllLive; n > 0 {
		t = append(t, span{plain, "  live " + group(n)})
	}
	return t
}

// telling tells whether the list shows something else than the newest of all.
func (r *requestsPage) telling() bool {
	s := r.stream
	return s.frozen || !s.follow || r.filter != "" || s.order != byTime || s.reversed
}

func newRows(n int) string {
	if n == 0 {
		return ""
	}
	return " +" + group(n) + " new"
}

func reverseSign(reversed bool) string {
	if reversed {
		return " reversed"
	}
	return ""
}

func (r *requestsPage) move(m *model, by int) {
	r.stream.move(by)
	r.pane.follow(m)
}

func (r *requestsPage) jump(m *model, bottom bool) {
	if bottom {
		r.stream.bottom()
	} else {
		r.stream.top()
	}
	r.pane.follow(m)
}

// open shows the detail of the request under the cursor.
func (r *requestsPage) open(m *model) {
	row := r.stream.selected()
	if row == nil {
		return
	}
	r.pane.resume = r.stream.follow
	r.stream.pin()
	m.push(r.pane)
	r.pane.load(m, row)
}

// draw shows the list with the detail of the selected request. A list that
// follows has all the width: a terminal scrolls whole lines only, and beside a
// pane each new request would cost the whole list.
func (r *requestsPage) draw(m *model, a area) {
	switch {
	case a.c.w >= besideWidth && !r.stream.follow:
		left, right := a.left(a.w * 5 / 8)
		r.drawList(m, left)
		bar, right := right.left(2)
		for i := range bar.h {
			bar.line(i).put(plain, m.look.signs.bar)
		}
		r.drawPane(m, right)
	case a.c.h >= underHeight:
		list, under := a.top(a.h * 5 / 9)
		under.rule(0, "")
		_, under = under.top(1)
		r.drawList(m, list)
		r.drawPane(m, under)
	default:
		r.drawList(m, a)
	}
}

// split tells whether the detail stands beside or under the list.
func (m *model) split() bool { return m.w >= besideWidth || m.h >= underHeight }

func (r *requestsPage) drawList(m *model, a area) {
	s := r.stream
	s.resize(a.h - 1)
	rows, at := s.rows, s.index()
	if s.upward() {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
		at = len(rows) - 1 - at
	}
	cols := arrange(r.set.columns(m, rows, a.w), a.w, r.skip)
	drawTable(a, cols, rows, at, !s.follow)
	if len(rows) == 0 {
		_, rest := a.top(2)
		r.drawEmpty(m, rest)
	}
}

func (r *requestsPage) drawEmpty(m *model, a area) {
	switch {
	case r.filter != "":
		a.line(0).to(gutter).put(plain, "no request matches "+r.filter)
		a.line(1).to(gutter).put(plain, "esc clears the filter")
	case r.stream.log.Newest() == 0:
		a.line(0).to(gutter).put(plain, m.facts.firstRequest())
	}
}

// drawPane shows the detail where a request is selected, else what failed last.
func (r *requestsPage) drawPane(m *model, a area) {
	if r.stream.follow || r.stream.selected() == nil {
		drawFailures(m, a)
		return
	}
	r.pane.follow(m) // a filter, an order or another size moved the mark, not a key
	r.pane.drawIn(m, a)
}

// drawFailures lists what failed last, the newest at the top.
func drawFailures(m *model, a area) {
	p := a.line(0)
	p.put(calm, "last failures and refusals")
	_, rest := a.top(1)
	rows := make([]record.Row, max(rest.h-1, 0))
	rows = rows[:m.requests.stream.log.Failures(0, rows, nil)]
	if len(rows) == 0 {
		rest.line(0).put(plain, "none yet")
		return
	}
	drawTable(rest, arrange(failureColumns(m, rows), rest.w, 0), rows, -1, false)
}

// showRequestsOf shows the requests of a route.
func (m *model) showRequestsOf(route string) { m.showFiltered(m.pages[m.page], quoted("route:"+route)) }

// showFiltered shows requests under a filter; esc leads back.
func (m *model) showFiltered(from page, filter string) {
	m.show(m.requests)
	m.requests.from = from
	m.setFilter(filter)
	m.requests.stream.newest()
}

// setFilter puts a filter in force; a bad one leaves the last and says why.
func (m *model) setFilter(s string) error {
	want, err := parseFilter(s)
	if err != nil {
		return err
	}
	m.requests.filter = strings.TrimSpace(s)
	m.requests.stream.setFilter(want)
	return nil
}

// back clears the filter and leads to where the person came from.
func (r *requestsPage) back(m *model) bool {
	from := r.from
	r.from = nil
	if r.filter != "" {
		m.clearFilter()
	}
	if from != nil && from != page(r) {
		m.show(from)
	}
	return from != nil
}

// scrollColumns moves sideways by columns; some always stay.
func (r *requestsPage) scrollColumns(by int) {
	const scrolling = 8
	r.skip = min(max(r.skip+by, 0), scrolling-1)
}
