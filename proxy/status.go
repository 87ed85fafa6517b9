package proxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// Status is a copy of what the server knows about itself at one moment.
type Status struct {
	Started   time.Time
	Now       time.Time
	Listeners []ListenerStatus
	Routes    []RouteStatus // sorted by name, the disabled ones included
	Upstreams []UpstreamStatus
	Total     record.Rates
	Open      int    // client connections
	Active    int    // requests under way, upgraded ones included
	Upgraded  int    // upgraded connections under way
	Live      []Live // the newest of the exchanges without an end of their own
	AllLive   int    // how many there are
	Networks  []network.Named
	Bans      BanStatus
	Warnings  []Warning // what stands and an owner should know, the oldest first
}

// Warning is something that is not as it should be, though nothing is down.
type Warning struct {
	Since time.Time
	Short string // for a header: "visitors hidden"
	What  string
}

// ListenerStatus is one listening address.
type ListenerStatus struct {
	Address  string // as configured
	Bound    string // as bound
	TLS      bool
	Draining bool
	Error    string
}

// RouteStatus is one route.
type RouteStatus struct {
	Name    string
	Enabled bool
	Hosts   []string
	Paths   []string
	Target  string   // what it does, in words: "http://nas:3000 +1", "redirect …"
	To      []string // its upstreams' URLs
	Health  State    // the best of its upstreams'; StateNone without upstreams
	Reason  string   // why it is not ok
	Rates   record.Rates
	Minutes []record.Minute // the last 60
}

// UpstreamStatus is one live upstream; several routes may share it.
type UpstreamStatus struct {
	URL      string
	Routes   []string
	State    State
	Since    time.Time // of State
	Reason   string    // of the last failure: "refused 192.168.1.20:8081"
	Failures int       // one after another, until now
	LastFail time.Time
	LastOK   time.Time
	NextTry  time.Time // when down
	Open     int       // connections in use
	Idle     int       // connections kept
	Rates    record.Rates

	Missed      int              // checks, one after another
	Checked     time.Time        // the last check; zero without one
	Share       float64          // of its weight, from 0 to 1: one that has returned gets more and more
	Changes     []UpstreamChange // of its state, the last 20, oldest first
	Verify      string           // how its certificate is verified: system, ca, pin, off; "" without TLS
	Certificate *Certificate     // that it showed when it was last dialled; nil when it did not
}

// UpstreamChange is one turn of an upstream's state.
type UpstreamChange struct {
	At     time.Time
	Down   bool
	Reason string
}

// Certificate is what an upstream showed of itself; its words are its own.
type Certificate struct {
	Subject    string
	Issuer     string
	Names      []string // it is valid for, at most 8
	SelfSigned bool
	NotBefore  time.Time
	NotAfter   time.Time
	Pin        string // "sha256:…", as upstream_tls takes it
	Seen       time.Time
	Refused    string // why it is not trusted; "" where it is, or nobody asked
}

// State is an upstream's health.
type State uint8

const (
	StateNone    State = iota
	StateUnknown       // nothing was tried yet
	StateOK
	StateDown
)

func (s State) String() string { return [...]string{"", "new", "ok", "DOWN"}[s] }

// statusLive bounds a Status's Live.
const statusLive = 100

// statusMinutes is how far a route's Minutes go back.
const statusMinutes = 60

// Status returns a copy of the state.
func (s *Server) Status() Status {
	now := time.Now()
	out := Status{
		Started: s.started, Now: now, Total: s.total.Rates(now),
		Active: int(s.active.Load()), Upgraded: int(s.upgraded.Load()),
		Listeners: s.listenerStatus(), Networks: s.builtins.Snapshot(),
	}
	out.Live, out.AllLive = s.Live(statusLive)
	s.mu.Lock()
	out.Open = len(s.conns)
	s.mu.Unlock()
	if snap := s.snapshot.Load(); snap != nil {
		out.Upstreams = snap.upstreamStatus(now)
		out.Routes = snap.routeStatus(now)
		out.Bans = s.banStatus(snap, now)
		out.Warnings = s.warnings(snap, now)
	}
	return out
}

func (s *Server) listenerStatus() []ListenerStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []ListenerStatus
	for _, l := range s.listeners {
		out = append(out, ListenerStatus{Address: l.addr, Bound: l.net.Addr().String(), TLS: l.tls.Load(), Draining: s.draining.Load()})
	}
	slices.SortFunc(out, func(a, b ListenerStatus) int { return strings.Compare(a.Address, b.Address) })
	return out
}

func (snap *snapshot) routeStatus(now time.Time) []RouteStatus {
	out := make([]RouteStatus, 0, len(snap.routes))
	for _, r := range snap.routes {
		st := RouteStatus{Name: r.Name, Enabled: r.Enabled, Hosts: r.Hosts, Paths: r.Paths, Target: r.action.words(),
			Rates: r.counters.Rates(now), Minutes: r.counters.Minutes(now, statusMinutes)}
		for _, to := range r.To {
			st.To = append(st.To, to.URL)
		}
		st.Health, st.Reason = r.health(now)
		out = append(out, st)
	}
	return out
}

// health is the best of the route's upstreams', with a reason of those that
// are not well.
func (r *route) health(now time.Time) (State, string) {
	if r.group == nil {
		return StateNone, ""
	}
	best, reason := StateDown, ""
	for _, u := range r.group.Members {
		h := u.Health(now)
		switch state := stateOf(h); {
		case state == StateDown:
			reason = h.Reason
		case best == StateDown || state == StateOK:
			best = state
		}
	}
	return best, reason
}

func stateOf(h upstream.Health) State {
	switch {
	case h.Down:
		return StateDown
	case h.Known:
		return StateOK
	}
	return StateUnknown
}

func (snap *snapshot) upstreamStatus(now time.Time) []UpstreamStatus {
	users := snap.users()
	out := make([]UpstreamStatus, 0, len(users))
	for u, routes := range users {
		h := u.Health(now)
		st := UpstreamStatus{URL: u.URL, Routes: routes, State: stateOf(h), Since: h.Since, Reason: h.Reason,
			Failures: h.Failures, LastFail: h.LastFail, LastOK: h.LastOK, NextTry: h.NextTry, Rates: u.Counters.Rates(now)}
		st.Open, st.Idle = u.Connections()
		st.Missed, st.Checked, st.Share = h.Missed, h.Checked, h.Share
		for _, c := range h.Changes {
			st.Changes = append(st.Changes, UpstreamChange(c))
		}
		st.Verify, st.Certificate = trust(u)
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b UpstreamStatus) int { return strings.Compare(a.URL, b.URL) })
	return out
}

// trust is how an upstream is verified, and what it showed.
func trust(u *upstream.Upstream) (verify string, shown *Certificate) {
	if u.TLS.Proto == "" {
		return "", nil
	}
	if c, ok := u.Certificate(); ok {
		shown = &Certificate{Subject: c.Subject, Issuer: c.Issuer, Names: c.Names, SelfSigned: c.SelfSigned,
			NotBefore: c.NotBefore, NotAfter: c.NotAfter, Pin: c.Pin(), Seen: c.Seen, Refused: c.Refused}
	}
	return u.TLS.Verify.String(), shown
}

// unverified warns of upstreams whose certificate nobody looks at.
func (snap *snapshot) unverified() (all []Warning) {
	users := snap.users()
	for _, u := range snap.upstreams {
		if u.TLS.Proto != "" && u.TLS.Verify == upstream.VerifyOff {
			all = append(all, Warning{u.Made, u.Addr + " unverified", fmt.Sprintf("%s (route %s) is not verified: whoever stands between can read and change everything",
				u.URL, strings.Join(users[u], ", "))})
		}
	}
	return all
}

// users are the routes of each upstream.
func (snap *snapshot) users() map[*upstream.Upstream][]string {
	users := map[*upstream.Upstream][]string{}
	for _, r := range snap.routes {
		if r.group == nil {
			continue
		}
		for _, u := range r.group.Members {
			users[u] = append(users[u], r.Name)
		}
	}
	return users
}
