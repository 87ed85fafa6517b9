package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy"
)

// page is one of the numbered screens.
type page interface {
	view
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
