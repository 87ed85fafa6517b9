package tui

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// world is a home with a few routes, for consoles under test.
type world struct {
	lifted    []netip.Addr
	banned    []netip.Addr
	status    proxy.Status
	log       *record.Log
	asked     []proxy.Request // what Explain was asked
	refuse    error           // why Prepare fails
	state     string          // the state directory of its store
	moves     proxy.Moves     // what Moves answers
	mends     []proxy.Mend    // what Mends and MendsOf answer
	mended    []string        // what they were asked
	replayed  []bool          // whether with secrets
	unsent    error           // why Replay fails
	unweighed error           // why it does not answer
	weighed   *config.Config  // what it was asked
}

func (w *world) Status() proxy.Status {
	s := w.status
	s.Now = time.Now()
	return s
}
func (w *world) Records() *record.Log { return w.log }

func (w *world) Explain(r proxy.Request) (proxy.Explanation, error) {
	w.asked = append(w.asked, r)
	if r.URL == "http://" {
		return proxy.Explanation{}, errors.New("the URL has no host")
	}
	git := "git"
	return proxy.Explanation{
		Route: &git, Client: r.From.String(), URL: r.URL, Upstream: "http://nas:3000",
		Reasons: []proxy.Reason{
			{Route: "git", Matched: true, Why: "host git.home.lan, all paths"},
			{Route: "any", Why: "host * is less specific than git.home.lan"},
		},
		Guards: []proxy.Verdict{
			{Guard: "deny", Verdict: "pass", Why: "no list"},
			{Guard: "allow", Verdict: "refuse", Why: "203.0.113.9 is not in lan"},
		},
	}, nil
}

// home is the world of the golden frames: git is down, the rest is well.
func home() *world {
	w := &world{log: record.New(10_000, 1_000, 1_024)}
	noon := time.Now()
	w.status = proxy.Status{
		Started:   noon.Add(-50 * time.Hour),
		Listeners: []proxy.ListenerStatus{{Address: ":8080", Bound: "[::]:8080"}},
		Total: record.Rates{PerSecond: 142.3, BytesPerSecond: 1.2 * (1 << 20), P50: 6 * time.Millisecond,
			P95: 38 * time.Millisecond, P99: 210 * time.Millisecond, Errors: 0.002, Recent: 8000},
		Routes: []proxy.RouteStatus{
			route("cloud", "cloud.home.lan", "http://10.0.0.7:8000 +1", proxy.StateOK, 31, 44, 0),
			route("git", "git.home.lan", "http://nas:3000", proxy.StateDown, 12, 29, 0.41),
			route("ha", "ha.home.lan", "http://10.0.0.4:8123", proxy.StateOK, 98, 3, 0),
			route("old", "old.home.lan", "http://nas:80", proxy.StateUnknown, 0, 0, 0),
			route("photos", "photos.home.lan", "http://nas:2342", proxy.StateOK, 1.2, 850, 0),
			route("www", "www.home.lan", "redirect https://home.lan{uri}", proxy.StateNone, 0, 0, 0),
		},
		Upstreams: []proxy.UpstreamStatus{
			upstream("http://10.0.0.4:8123", "ha"), upstream("http://10.0.0.7:8000", "cloud"),
			upstream("http://nas:2342", "photos"), upstream("http://nas:3000", "git"),
		},
	}
	w.status.Routes[1].Reason = "refused 192.168.1.20:3000"
	w.status.Routes[3].Enabled = false
	git := &w.status.Upstreams[3]
	git.State, git.Since, git.Failures = proxy.StateDown, noon.Add(-124*time.Minute), 3
	git.Reason, git.LastFail, git.NextTry = "refused 192.168.1.20:3000", noon.Add(-4*time.Second), noon.Add(4*time.Second)
	for i := range 40 {
		w.request(i)
	}
	return w
}

func route(name, host, target string, s proxy.State, rps float64, p95 int, errs float64) proxy.RouteStatus {
	r := proxy.RouteStatus{
		Name: name, Enabled: true, Hosts: []string{host}, Target: target, To: []string{target}, Health: s,
		Rates: record.Rates{PerSecond: rps, P95: time.Duration(p95) * time.Millisecond, Errors: errs, Recent: uint64(rps * 60)},
	}
	for i := range 60 {
		n := uint32(float64(i%17) * rps)
		r.Minutes = append(r.Minutes, record.Minute{Start: time.Now().Add(time.Duration(i-60) * time.Minute), Requests: n})
	}
	return r
}

func upstream(url, route string) proxy.UpstreamStatus {
	return proxy.UpstreamStatus{
		URL: url, Routes: []string{route}, State: proxy.StateOK, Since: time.Now().Add(-26 * time.Hour),
		Open: 3, Idle: 2, Rates: record.Rates{PerSecond: 9.5, P95: 12 * time.Millisecond, Recent: 500},
	}
}

// request puts the i-th of a fixed sequence of requests into the log.
func (w *world) request(i int) uint64 {
	r := row(i)
	return w.log.Put(&r, []byte(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/8.5\r\n"+
		"Authorization: Bearer eyJhbGciOi\r\nCookie: session=s3cr3t; theme=dark\r\n\r\n", r.Path.String(), r.Host.String())),
		[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: session=n3w; Path=/; HttpOnly\r\n\r\n"))
}

func row(i int) record.Row {
	kinds := []struct {
		route, method, path, upstream string
		status                        uint16
		took                          time.Duration
	}{
		{"photos", "GET", "/api/v1/photos?count=60&token=abc", "http://nas:2342", 200, 31 * time.Millisecond},
		{"git", "GET", "/api/v1/repos/ann/portico", "http://nas:3000", 502, 1200 * time.Microsecond},
		{"ha", "POST", "/api/states", "http://10.0.0.4:8123", 200, 4 * time.Millisecond},
		{"cloud", "PROPFIND", "/remote.php/dav/files/ann/IMG_20260101_2231.jpg", "http://10.0.0.7:8000", 207, 5 * time.Second},
		{"", "GET", "/wp-login.php", "", 404, 90 * time.Microsecond},
		{"cloud", "GET", "/status.php", "http://10.0.0.7:8000", 403, 700 * time.Microsecond},
	}
	k := kinds[i%len(kinds)]
	var r record.Row
	r.Start = time.Now().Add(time.Duration(i-40) * 1700 * time.Millisecond).UnixNano()
	r.Method.Set([]byte(k.method))
	r.Path.Set([]byte(k.path))
	r.Host.Set([]byte(k.route + ".home.lan"))
	r.Route, r.Upstream, r.Status = k.route, k.upstream, k.status
	r.Client, r.Peer = netip.MustParseAddr("192.168.1.23"), netip.MustParseAddr("192.168.1.23")
	r.BytesOut, r.BytesIn = int64(i)*977, int64(i)*13
	r.ReqID.Set([]byte(fmt.Sprintf("req-%04d", i)))
	r.Phases = record.Phases{Total: k.took, Guard: k.took / 20, Dial: k.took / 5, Send: k.took / 20, FirstByte: k.took / 2, Body: k.took / 5}
	switch k.status {
	case 502:
		r.Cause, r.Detail = record.CauseRefused, "dial tcp 192.168.1.20:3000: connect: connection refused"
	case 404:
		r.Host.Set([]byte("203.0.113.80"))
		r.Client, r.Peer = netip.MustParseAddr("2001:db8::17"), netip.MustParseAddr("2001:db8::17")
	case 403:
		r.Rule, r.Upstream = "deny lan", ""
		r.Client, r.Source, r.TLS = netip.MustParseAddr("203.0.113.9"), record.FromForwardedFor, true
	}
	return r
}

// source is a console's view of the world.
func (w *world) source(s Store) Source {
	return Source{Proxy: w, Store: s, Version: "test"}
}

// Lift implements Proxy.
func (w *world) Lift(a netip.Addr) bool {
	w.lifted = append(w.lifted, a)
	return true
}

// Mends implements Proxy.
func (w *world) Mends(_ context.Context, d record.Detail) []proxy.Mend {
	w.mended = append(w.mended, d.Row.Host.String())
	return w.mends
}

// MendsOf implements Proxy.
func (w *world) MendsOf(_ context.Context, target string) []proxy.Mend {
	w.mended = append(w.mended, target)
	return w.mends
}

// Ban implements Proxy.
func (w *world) Ban(a netip.Addr) (time.Time, error) {
	w.banned = append(w.banned, a)
	return time.Now().Add(time.Hour), nil
}

// Replay implements Proxy.
func (w *world) Replay(_ context.Context, p *proxy.Replay, secrets bool) (record.Row, error) {
	w.replayed = append(w.replayed, secrets)
	if w.unsent != nil {
		return record.Row{}, w.unsent
	}
	d, _ := w.log.Get(w.request(1))
	return d.Row, nil
}

// Moves implements Proxy.
func (w *world) Moves(c *config.Config) (proxy.Moves, error) {
	w.weighed = c
	return w.moves, w.unweighed
}
