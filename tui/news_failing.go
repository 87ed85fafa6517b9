package tui

import (
	"fmt"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// mostFailing is how many routes that fail are told of one by one. More are one
// piece of news: the routes themselves stand first in the list below it.
const mostFailing = 3

// failure is the last failure of a route.
type failure struct {
	status int
	why    string
}

// failingNews tells of routes whose visitors get nothing but failures, though no
// upstream counts as down: it answers so itself, or has not failed often enough.
func (f *facts) failingNews() (all []news) {
	var names []string
	for i := range f.status.Routes {
		if r := &f.status.Routes[i]; fails(r) {
			names = append(names, r.Name)
			all = append(all, f.failingRoute(r))
		}
	}
	if len(all) <= mostFailing {
		return all
	}
	return []news{failTogether(names)}
}

func (f *facts) failingRoute(r *proxy.RouteStatus) news {
	n := news{
		key: "failing " + r.Name, tone: bad, since: failingSince(r.Minutes),
		short: r.Name + " fails", what: "route " + r.Name + " fails",
		felt: "every request of the last minute was answered 5xx", cause: r.Reason,
		mend: func(m *model) { m.showRequestsOf(r.Name); m.mendTarget(r.Name, (*model).hint) },
	}
	if last, ok := f.failed[r.Name]; ok {
		n.felt, n.cause = fmt.Sprintf("visitors see %d", last.status), last.why
	}
	return n
}

// failTogether is one piece of news for many routes.
func failTogether(names []string) news {
	told := names[:min(len(names), 2*mostFailing)]
	felt := "visitors see 5xx of " + strings.Join(told, ", ")
	if left := len(names) - len(told); left > 0 {
		felt += fmt.Sprintf(" and %d more", left)
	}
	what := count(len(names), "route") + " fail"
	return news{key: "failing", tone: bad, short: what, what: what, felt: felt,
		mend: func(m *model) { m.showFiltered(m.pages[m.page], "5xx") }}
}

// failingSince is the first of the newest minutes in which nothing but failures
// was answered; zero when they began before all that is counted.
func failingSince(minutes []record.Minute) (since time.Time) {
	for i := len(minutes) - 1; i >= 0; i-- {
		switch m := minutes[i]; {
		case m.Requests == 0:
		case m.Errors < m.Requests:
			return since
		default:
			since = m.Start
		}
	}
	if len(minutes) > 0 && since.Equal(minutes[0].Start) {
		return time.Time{}
	}
	return since
}

// fails tells whether a route that is not down answers nothing but failures.
func fails(r *proxy.RouteStatus) bool {
	return r.Enabled && r.Health != proxy.StateDown && r.Health != proxy.StateNone && r.Rates.Recent > 0 && r.Rates.Errors >= 1
}

// lastFailures are the newest failures of the routes that fail.
func lastFailures(log *record.Log, routes []proxy.RouteStatus) map[string]failure {
	missing := map[string]bool{}
	for i := range routes {
		if fails(&routes[i]) {
			missing[routes[i].Name] = true
		}
	}
	if log == nil || len(missing) == 0 {
		return nil
	}
	found := map[string]failure{}
	log.Failures(0, make([]record.Row, 16), func(r *record.Row) bool {
		if r.Status >= 500 && missing[r.Route] {
			delete(missing, r.Route)
			found[r.Route] = failure{int(r.Status), whyFailed(r)}
		}
		return len(missing) == 0 // enough
	})
	return found
}

// whyFailed is the true cause of a failure in a few words.
func whyFailed(r *record.Row) string {
	switch {
	case r.Detail != "":
		return r.Detail
	case r.Cause == record.CauseNone && r.Upstream != "":
		return address(r.Upstream) + " answers so itself"
	}
	return shortCause(r)
}
