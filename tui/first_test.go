package tui

import (
	"testing"

	"forge.home.arpa/portico/proxy"
)

// TestFirstRequest: what the console says to type finds a route.
func TestFirstRequest(t *testing.T) {
	route := func(host string, paths ...string) proxy.RouteStatus {
		return proxy.RouteStatus{Enabled: true, Hosts: []string{host}, Paths: paths}
	}
	off := route("*")
	off.Enabled = false
	for _, c := range []struct {
		name   string
		routes []proxy.RouteStatus
		want   string
	}{
		{"none", nil, "http://localhost:21076/"},
		{"any host", []proxy.RouteStatus{route("*")}, "http://localhost:21076/"},
		{"a path", []proxy.RouteStatus{route("*", "~^/x", "/any/*")}, "http://localhost:21076/any/"},
		{"off", []proxy.RouteStatus{off, route("*", "/b")}, "http://localhost:21076/b"},
		{"a host", []proxy.RouteStatus{route("*.home.lan"), route("git.home.lan", "/x")}, "-H 'Host: git.home.lan' http://localhost:21076/x"},
		{"any host before a host", []proxy.RouteStatus{route("git.home.lan"), route("*", "/any/*")}, "http://localhost:21076/any/"},
		{"a path for no shell", []proxy.RouteStatus{route("*", "/$(x)")}, "http://localhost:21076/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts{known: true}
			f.status.Routes = c.routes
			f.status.Listeners = []proxy.ListenerStatus{{Address: ":443", TLS: true}, {Address: ":21076"}}
			if got := f.firstRequest(); got != "no request yet: curl "+c.want {
				t.Errorf("it says %q", got)
			}
		})
	}
}

// TestFailingRouteIsNews: nothing is well while every visitor gets a failure,
// also before the upstream counts as down.
func TestFailingRouteIsNews(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*proxy.RouteStatus)
		fails  bool
	}{
		{"all fail", func(r *proxy.RouteStatus) {}, true},
		{"some fail", func(r *proxy.RouteStatus) { r.Rates.Errors = 0.5 }, false},
		{"none came", func(r *proxy.RouteStatus) { r.Rates.Recent = 0 }, false},
		{"off", func(r *proxy.RouteStatus) { r.Enabled = false }, false},
		{"answers 503 itself", func(r *proxy.RouteStatus) { r.Health = proxy.StateNone }, false},
		{"down, and said so", func(r *proxy.RouteStatus) { r.Health = proxy.StateDown }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				w := home()
				r := route("photos", "photos.home.lan", "http://nas:2342", proxy.StateOK, 1, 3, 1)
				r.Reason = "refused 192.168.1.20:2342"
				c.change(&r)
				s := realStore(t, w, plainFile)
				w.status.Routes, w.status.Upstreams = []proxy.RouteStatus{r}, nil
				p := sit(t, w.source(s), modelOptions{Width: 100, Height: 30})
				if !c.fails {
					p.sees("all well")
					return
				}
				p.misses("all well")
				p.sees("! route photos fails", "every request of the last minute was answered 5xx: refused 192.168.1.20:2342")
				p.press("enter")
				p.sees("filter: route:photos")
			})
		})
	}
}
