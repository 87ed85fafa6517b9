package tui

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/proxy"
)

// trace shows what would happen to a request as the routes stand; nothing is
// sent.
func (m *model) trace(r proxy.Request) {
	var e proxy.Explanation
	var err error
	known := false
	m.push(&sheet{title: "trace " + r.Method + " " + maskQuery(r.URL), body: func(_ *model, p *paper) {
		switch {
		case err != nil:
			p.add(say(bad, err.Error()), 0)
		case known:
			p.explain(e)
		}
	}})
	m.await(func(context.Context) then {
		got, failed := m.src.Proxy.Explain(r)
		return func(*model) { e, err, known = got, failed, true }
	})
}

// traceURL traces a GET from this machine, as :test does.
func (m *model) traceURL(url string) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	m.trace(proxy.Request{URL: url, Method: http.MethodGet, From: netip.MustParseAddr("127.0.0.1")})
}

// traceSelected traces the request, or a request to the route, that is looked at.
func (m *model) traceSelected() {
	if row := m.pointed(); row != nil {
		m.trace(asked(row))
		return
	}
	if r := m.facts.route(m.routes.cur.key); m.scope() == onRoutes && r != nil {
		m.traceURL(m.facts.sampleURL(r))
		return
	}
	m.say(plain, "nothing is selected; :test URL traces what is typed")
}

// sampleURL is one that the route is made for: its first host, its first path,
// over TLS where there is a listener for it.
func (f *facts) sampleURL(r *proxy.RouteStatus) string {
	host, path := "localhost", "/"
	if len(r.Hosts) > 0 && r.Hosts[0] != "*" {
		host = strings.Replace(r.Hosts[0], "*.", "any.", 1)
	}
	if at, ok := firstPath(r); ok {
		path = at
	}
	scheme := "http://"
	for _, l := range f.status.Listeners {
		if l.TLS && l.Error == "" {
			scheme = "https://"
		}
	}
	return scheme + host + path
}

// explain adds an explanation: the answer, the guards, then the routes.
func (p *paper) explain(e proxy.Explanation) {
	fact := func(name, value string) {
		const n = 12
		p.add(append(say(calm, fill(name, n)), say(value)...), n)
	}
	for _, f := range e.Facts() {
		if f[0] == "url" {
			f[1] = maskQuery(f[1])
		}
		fact(f[0], f[1])
	}
	for _, line := range e.Inherited() {
		fact("from", line)
	}
	for _, line := range e.Advice {
		fact("to do", line)
	}
	p.heading("guards")
	for _, g := range e.Guards {
		t := plain
		if g.Verdict != "pass" {
			t = warn
		}
		p.add(say(fill(g.Guard, 10)+" ", t, fill(g.Verdict, 6), "  "+g.Why), 19)
	}
	if len(e.Guards) == 0 {
		p.add(say("none"), 0)
	}
	p.heading("routes")
	p.addReasons(e.Reasons)
}
