package main

import (
	"fmt"
	"strconv"
	"strings"

	"forge.home.arpa/portico/proxy"
)

// metrics is the state in the text format of Prometheus. The names are what
// dashboards rely on.
func metrics(st proxy.Status, certs []proxy.CertificateStatus) []byte {
	var m sheet
	m.head("portico_requests_total", "counter", "requests answered")
	m.add("portico_requests_total", float64(st.Total.Requests))
	m.head("portico_requests_failed_total", "counter", "requests answered with 5xx")
	m.add("portico_requests_failed_total", float64(st.Total.Failed))
	m.head("portico_connections", "gauge", "open client connections")
	m.add("portico_connections", float64(st.Open))
	m.head("portico_requests_under_way", "gauge", "requests that wait for an upstream or its answer")
	m.add("portico_requests_under_way", float64(st.Active))
	m.routes(st.Routes)
	m.upstreams(st.Upstreams)
	m.certificates(certs)
	return []byte(m.String())
}

func (m *sheet) routes(list []proxy.RouteStatus) {
	m.head("portico_route_requests_total", "counter", "requests of a route")
	for _, r := range list {
		m.add("portico_route_requests_total", float64(r.Rates.Requests), "route", r.Name)
	}
	m.head("portico_route_requests_failed_total", "counter", "requests of a route answered with 5xx")
	for _, r := range list {
		m.add("portico_route_requests_failed_total", float64(r.Rates.Failed), "route", r.Name)
	}
	m.head("portico_route_duration_seconds", "gauge", "95th percentile of the last minute")
	for _, r := range list {
		m.add("portico_route_duration_seconds", r.Rates.P95.Seconds(), "route", r.Name, "quantile", "0.95")
	}
}

func (m *sheet) upstreams(list []proxy.UpstreamStatus) {
	m.head("portico_upstream_up", "gauge", "0 while an upstream is taken out")
	for _, u := range list {
		up := 1.0
		if u.State == proxy.StateDown {
			up = 0
		}
		m.add("portico_upstream_up", up, "upstream", u.URL)
	}
	m.head("portico_upstream_connections", "gauge", "connections to an upstream")
	for _, u := range list {
		m.add("portico_upstream_connections", float64(u.Open), "upstream", u.URL, "state", "in_use")
		m.add("portico_upstream_connections", float64(u.Idle), "upstream", u.URL, "state", "kept")
	}
}

func (m *sheet) certificates(list []proxy.CertificateStatus) {
	m.head("portico_certificate_end_seconds", "gauge", "Unix time at which a certificate ends; 0 while there is none")
	for _, c := range list {
		end := 0.0
		if !c.Until.IsZero() {
			end = float64(c.Until.Unix())
		}
		m.add("portico_certificate_end_seconds", end, "host", c.Host, "from", c.Kind)
	}
}

// sheet is metrics in the making.
type sheet struct{ strings.Builder }

func (m *sheet) head(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// add writes a sample; labels are names and values in turn.
func (m *sheet) add(name string, value float64, labels ...string) {
	m.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		m.WriteByte(before)
		m.WriteString(labels[i] + `="` + labelValue.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		m.WriteByte('}')
	}
	m.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// labelValue escapes what a value must not hold as it is.
var labelValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
