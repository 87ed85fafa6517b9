package main

import (
	"encoding/hex"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// report is what the running portico says of itself. Scripts read it, so its
// names stay when those of proxy.Status change: members are added, never
// renamed. Times that did not happen are left out.
type report struct {
	Version   string           `json:"version"`
	Config    string           `json:"config"`             // path of the file
	Sum       string           `json:"sum"`                // SHA-256 of the text that runs
	Problems  []problemJSON    `json:"problems"`           // of the file, while an older text runs
	LastGood  time.Time        `json:"last_good,omitzero"` // since when the last good text runs in place of the file
	Pending   *pendingReport   `json:"pending,omitempty"`  // an edit that waits to be kept
	Started   time.Time        `json:"started"`
	Now       time.Time        `json:"now"`
	Open      int              `json:"open"`     // client connections
	Active    int              `json:"active"`   // requests under way
	Upgraded  int              `json:"upgraded"` // of them, upgraded connections
	Total     ratesReport      `json:"total"`
	Listeners []listenerReport `json:"listeners"`
	Routes    []routeReport    `json:"routes"`
	Upstreams []upstreamReport `json:"upstreams"`

	Certificates []certReport `json:"certificates"`
	Warnings     []string     `json:"warnings"` // that stand
	Ports        []portReport `json:"ports"`    // that the router was asked for
	Bans         banReport    `json:"bans"`
}

// banReport says how many clients are shut out.
type banReport struct {
	On        bool   `json:"on"`
	Count     int    `json:"count"`
	Suspended string `json:"suspended,omitempty"` // why none is in force nevertheless
}

// pendingReport is an edit that goes back by itself unless it is kept.
type pendingReport struct {
	Until   time.Time `json:"until"`
	Who     string    `json:"who"`
	What    string    `json:"what"`
	Version int       `json:"version"`
	Stuck   string    `json:"stuck,omitempty"` // why it did not go back when it was time
}

type listenerReport struct {
	Address  string `json:"address"` // as configured
	Bound    string `json:"bound"`
	TLS      bool   `json:"tls"`
	Draining bool   `json:"draining"`
	Error    string `json:"error,omitempty"`
}

type routeReport struct {
	Name    string      `json:"name"`
	Enabled bool        `json:"enabled"`
	Hosts   []string    `json:"hosts"`
	Paths   []string    `json:"paths"`  // none for all
	Target  string      `json:"target"` // in words
	Health  string      `json:"health"` // "ok", "down", "new", or "" without upstreams
	Reason  string      `json:"reason,omitempty"`
	Rates   ratesReport `json:"rates"`
}

type upstreamReport struct {
	URL      string      `json:"url"`
	Routes   []string    `json:"routes"`
	Health   string      `json:"health"`
	Since    time.Time   `json:"since,omitzero"`
	Reason   string      `json:"reason,omitempty"` // of the last failure
	Failures int         `json:"failures"`         // one after another, until now
	LastFail time.Time   `json:"last_fail,omitzero"`
	LastOK   time.Time   `json:"last_ok,omitzero"`
	NextTry  time.Time   `json:"next_try,omitzero"`
	Open     int         `json:"open"`
	Idle     int         `json:"idle"`
	Rates    ratesReport `json:"rates"`

	Missed      int                `json:"missed"` // checks, one after another
	Checked     time.Time          `json:"checked,omitzero"`
	Share       float64            `json:"share"` // of its weight, 0 to 1
	Changes     []changeReport     `json:"changes"`
	Verify      string             `json:"verify,omitempty"` // "system", "ca", "pin", "off", or "" without TLS
	Certificate *certificateReport `json:"certificate,omitempty"`
}

// changeReport is one turn of an upstream's health.
type changeReport struct {
	At     time.Time `json:"at"`
	Health string    `json:"health"` // "ok" or "down"
	Reason string    `json:"reason"`
}

// ratesReport is of the last 10 seconds for what is a second, of the last 60
// for times and errors, and since the start for what is counted.
type ratesReport struct {
	PerSecond      float64 `json:"requests_per_second"`
	BytesPerSecond float64 `json:"bytes_per_second"`
	P50            float64 `json:"p50_ms"`
	P95            float64 `json:"p95_ms"`
	P99            float64 `json:"p99_ms"`
	Errors         float64 `json:"errors"` // share of 5xx, 0 to 1
	Requests       uint64  `json:"requests"`
	Failed         uint64  `json:"failed"`
}

func reportOf(store *config.Store, server *proxy.Server, ports *ports) *report {
	problems, _ := store.Problems()
	since, _ := store.LastGood()
	sum := store.Current().Sum
	st := server.Status()
	return &report{
		Version: version(), Config: store.Path(), Sum: hex.EncodeToString(sum[:]),
		Problems: problemsJSON(store.Path(), problems), LastGood: since, Pending: pendingOf(store),
		Started: st.Started, Now: st.Now, Open: st.Open, Active: st.Active, Upgraded: st.Upgraded,
		Total:     ratesOf(st.Total),
		Listeners: each(st.Listeners, listenerOf),
		Routes:    each(st.Routes, routeOf),
		Upstreams: each(st.Upstreams, upstreamOf),

		Certificates: certReports(server.Certificates()),
		Warnings:     append(each(st.Warnings, func(w proxy.Warning) string { return w.What }), ports.warnings()...),
		Ports:        ports.reports(),
		Bans:         banReport{st.Bans.On, st.Bans.Count, st.Bans.Suspended},
	}
}

func pendingOf(store *config.Store) *pendingReport {
	p, waits := store.Pending()
	if !waits {
		return nil
	}
	r := &pendingReport{Until: p.Until, Who: p.Who, What: p.What, Version: p.Version}
	if p.Stuck != nil {
		r.Stuck = p.Stuck.Error()
	}
	return r
}

func listenerOf(l proxy.ListenerStatus) listenerReport {
	return listenerReport{Address: l.Address, Bound: l.Bound, TLS: l.TLS, Draining: l.Draining, Error: l.Error}
}

func routeOf(r proxy.RouteStatus) routeReport {
	return routeReport{
		Name: r.Name, Enabled: r.Enabled, Hosts: listed(r.Hosts), Paths: listed(r.Paths), Target: r.Target,
		Health: healthOf(r.Health), Reason: r.Reason, Rates: ratesOf(r.Rates),
	}
}

func upstreamOf(u proxy.UpstreamStatus) upstreamReport {
	return upstreamReport{
		URL: u.URL, Routes: listed(u.Routes), Health: healthOf(u.State), Since: u.Since, Reason: u.Reason,
		Failures: u.Failures, LastFail: u.LastFail, LastOK: u.LastOK, NextTry: u.NextTry,
		Open: u.Open, Idle: u.Idle, Rates: ratesOf(u.Rates),
		Missed: u.Missed, Checked: u.Checked, Share: u.Share, Changes: each(u.Changes, turnOf),
		Verify: u.Verify, Certificate: certificateOf(u.Certificate),
	}
}

func turnOf(c proxy.UpstreamChange) changeReport {
	state := proxy.StateOK
	if c.Down {
		state = proxy.StateDown
	}
	return changeReport{c.At, healthOf(state), c.Reason}
}

func healthOf(s proxy.State) string { return strings.ToLower(s.String()) }

func ratesOf(r record.Rates) ratesReport {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return ratesReport{r.PerSecond, r.BytesPerSecond, ms(r.P50), ms(r.P95), ms(r.P99), r.Errors, r.Requests, r.Failed}
}

// each translates a list; an empty one is a list in JSON too.
func each[From, To any](list []From, one func(From) To) []To {
	out := make([]To, len(list))
	for i, from := range list {
		out[i] = one(from)
	}
	return out
}

func listed(list []string) []string { return append([]string{}, list...) }
