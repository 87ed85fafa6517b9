package proxy

import (
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// Status is a copy of what the server knows about itself at one moment.
type Status struct {
	Started   time.Time
	Now       time.Time
	Listeners []ListenerStatus
	Routes    []RouteStatus // sorted by name, the disabled ones included
	Upstreams []UpstreamStatus
	Total     record.Rates
	Open      int // client connections
	Active    int // requests under way, upgraded ones included
	Upgraded  int // upgraded connections under way
	Networks  []NetworkStatus
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

// NetworkStatus is a built-in network as it is now.
type NetworkStatus struct {
	Name     string
	Prefixes []string
}
