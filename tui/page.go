package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// page is one of the numbered screens.
type page interface {
	view
	number() int
	name() string // as a flag and a command spell it
	title() string
	short() string     // for narrow windows
	state(*model) text // at the right of the bar, the most telling piece first
	settle(*model)     // after new facts
}

// reading is what a view without a place for text has.
type reading struct{}

func (reading) typed(*model, tea.KeyMsg) {}

// atTop is a page from which nothing leads back.
type atTop struct{}

func (atTop) back(*model) bool { return false }

// pageSet is the numbered screens.
type pageSet struct {
	now      *nowPage
	requests *requestsPage
	routes   *routesPage
	ups      *upstreamsPage
	certs    *certsPage
	history  *historyPage
}

func newPageSet(log *record.Log) pageSet {
	return pageSet{newNowPage(log), newRequestsPage(log), newRoutesPage(), newUpstreamsPage(), newCertsPage(), &historyPage{}}
}

func (s *pageSet) all() []page { return []page{s.now, s.requests, s.routes, s.ups, s.certs, s.history} }

// Pages are the names of the pages that a console may open on, see Options.
func Pages() []string {
	set := newPageSet(nil)
	var names []string
	for _, p := range set.all() {
		names = append(names, p.name())
	}
	return append(names, wallName)
}

// show goes to a page and closes what was open.
func (m *model) show(p page) {
	m.layers = nil
	for i := range m.pages {
		if m.pages[i] == p {
			m.page = i
		}
	}
	m.pull()
}

// showUpstream goes to an upstream.
func (m *model) showUpstream(url string) {
	m.show(m.ups)
	m.ups.goTo(m, url)
}

// routeState is a route's health in a word, with its tone.
func routeState(f *facts, r *proxy.RouteStatus) span {
	switch {
	case !r.Enabled:
		return span{plain, "off"}
	case r.Health == proxy.StateDown:
		return span{bad, "DOWN" + f.failing(r)}
	case r.Health == proxy.StateNone:
		return span{plain, "-"}
	case fails(r):
		return span{bad, "fails"}
	case r.Reason != "":
		return span{warn, r.Health.String() + "!"}
	}
	return span{plain, r.Health.String()}
}

// failing says how often a route's worst upstream failed in a row.
func (f *facts) failing(r *proxy.RouteStatus) string {
	most := 0
	for _, url := range r.To {
		if u := f.upstream(url); u != nil && u.State == proxy.StateDown {
			most = max(most, u.Failures)
		}
	}
	return times(most)
}

// errorTone marks a share of 5xx.
func errorTone(share float64) tone {
	if share > 0 {
		return bad
	}
	return plain
}
