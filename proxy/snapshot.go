package proxy

import (
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/certs"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// snapshot is a configuration made ready for requests. It is immutable to the
// leaves, except for live upstreams and counters, which outlive it.
type snapshot struct {
	config    *config.Config
	table     *match.Table // over active
	active    []*route     // the enabled ones
	routes    []*route     // all, sorted by name
	upstreams []*upstream.Upstream
	trusted   *network.Set
	balancers *network.Set // peers that must send a PROXY header
	bans      *bans        // nil: nobody is banned
	limits    http1.Limits

	certificates certs.Plan
	https        string        // the port of the first https listener, "" without one
	header       time.Duration // for a head to arrive
	idle         time.Duration // between two requests
}

// route is a config.Route made ready.
type route struct {
	*config.Route
	action    action
	guards    []guard // in their order; nil: everybody may pass
	byAddress int     // so many of them, the first, look at nothing but the address
	counted   counted
	group     *upstream.Group
	waker     *waker // nil: nobody is woken
	counters  *record.Counters
	prefix    []byte // StripPrefix, as a field's value

	requestEdits, responseEdits *edits

	dropTrailer func(*message.Field) bool // of a request; nil: all may go on
}

// action is what a route does with a request that may pass.
type action interface {
	serve(v *visit)
	// words describe it for people.
	words() string
	// explain fills in what serve would do.
	explain(e *explainer, r *route)
}

// routeOf returns the route of a match, nil without one.
func (s *snapshot) routeOf(r match.Result) *route {
	if r.Route < 0 {
		return nil
	}
	return s.active[r.Route]
}
