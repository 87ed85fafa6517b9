package tui

import (
	"context"
	"fmt"
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

// traceSelected traces the request that is looked at.
func (m *model) traceSelected() {
	d := m.requests.pane
	if m.scope() == onRequests {
		row := m.requests.stream.selected()
		if row == nil {
			return
		}
		m.trace(asked(row))
		return
	}
	m.trace(asked(&d.Row))
}

// explain adds an explanation: the answer, the guards, then the routes.
func (p *paper) explain(e proxy.Explanation) {
	route := "none"
	if e.Route != nil {
		route = *e.Route
	}
	p.labelled("route", say(route))
	p.labelled("client", say(dash(e.Client)))
	if e.Status != 0 {
		p.labelled("answer", say(fmt.Sprintf("%d %s, by portico itself", e.Status, http.StatusText(e.Status))))
	}
	if e.Upstream != "" {
		p.labelled("upstream", say(e.Upstream))
		p.labelled("sent as", say(maskQuery(e.URL)))
	}
	if e.Certificate != "" {
		p.labelled("cert", say(e.Certificate))
	}
	for _, line := range e.Inherited() {
		p.labelled("from", say(line))
	}
	for _, line := range e.Advice {
		p.labelled("to do", say(line))
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
