package router_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/ddns/router"
)

const soon = 20 * time.Second

// mapped runs a Mapper for ports of a gateway.
type mapped struct {
	*router.Mapper
	t    *testing.T
	stop func()

	mu    sync.Mutex
	ports []router.Port
}

func ports(list ...string) (all []router.Port) {
	for i, text := range list {
		all = append(all, router.Port{Outer: []uint16{80, 443}[i], Listener: netip.MustParseAddrPort(text)})
	}
	return all
}

func start(t *testing.T, g *gateway, list ...string) *mapped {
	t.Helper()
	m := &mapped{t: t, ports: ports(list...)}
	m.Mapper = router.NewMapper(slog.New(slog.DiscardHandler), g.list, func() []router.Port {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.ports
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { _ = m.Run(ctx); close(done) }()
	m.stop = func() { cancel(); <-done }
	t.Cleanup(m.stop)
	return m
}

func (m *mapped) want(list ...string) {
	m.mu.Lock()
	m.ports = ports(list...)
	m.mu.Unlock()
	m.Nudge()
}

// until waits for a state.
func (m *mapped) until(good func(router.State) bool) router.State {
	m.t.Helper()
	for deadline := time.Now().Add(soon); ; time.Sleep(5 * time.Millisecond) {
		if s := m.State(); good(s) {
			return s
		} else if time.Now().After(deadline) {
			m.t.Fatalf("%+v", s)
		}
	}
}

func looked(s router.State) bool { return len(s.Ports) > 0 }

var speaks = map[string]func(*gateway){
	"NAT-PMP": func(g *gateway) { g.natpmp() },
	"UPnP":    func(g *gateway) { g.upnp("WANIPConnection:1") },
}

// TestMap: the ports are opened, changed with the listeners, and closed at the
// end.
func TestMap(t *testing.T) {
	t.Parallel()
	for protocol, speak := range speaks {
		t.Run(protocol, func(t *testing.T) {
			g := newGateway(t)
			speak(g)
			m := start(t, g, "0.0.0.0:8080", "127.0.0.1:8443")
			s := m.until(looked)
			for i, want := range []router.PortState{{Outer: 80, To: netip.MustParseAddrPort("127.0.0.1:8080")}, {Outer: 443, To: netip.MustParseAddrPort("127.0.0.1:8443")}} {
				got := s.Ports[i]
				if got.Outer != want.Outer || got.To != want.To || got.Protocol != protocol || got.Err != "" || time.Until(got.Until) < 50*time.Minute {
					t.Errorf("%+v", got)
				}
			}
			if now := g.now(); now[80].inner != 8080 || now[443].inner != 8443 || now[443].seconds != 3600 || s.Router != g.addr {
				t.Errorf("%+v at %s", now, s.Router)
			}

			m.want("0.0.0.0:8081")
			m.until(func(s router.State) bool { return len(s.Ports) == 1 && s.Ports[0].To.Port() == 8081 })
			if now := g.now(); len(now) != 1 || now[80].inner != 8081 {
				t.Errorf("after a change: %+v", now)
			}

			m.want()
			m.until(func(s router.State) bool { return len(s.Ports) == 0 })
			if now := g.now(); len(now) != 0 {
				t.Errorf("when none is wanted: %+v", now)
			}

			m.want("0.0.0.0:8080", "0.0.0.0:8443")
			m.until(looked)
			m.stop()
			if now := g.now(); len(now) != 0 {
				t.Errorf("at the end: %+v", now)
			}
		})
	}
}

// TestPermanent: routers that know no leases are asked for one without end.
func TestPermanent(t *testing.T) {
	t.Parallel()
	for _, code := range []int{725, 402} {
		g := newGateway(t)
		g.refuse = func(action string, m mapping) int {
			if action == "AddPortMapping" && m.seconds != 0 {
				return code
			}
			return 0
		}
		g.upnp("WANIPConnection:1")
		m := start(t, g, "0.0.0.0:8080")
		if p := m.until(looked).Ports[0]; p.Err != "" || !p.Until.IsZero() || g.now()[80].inner != 8080 {
			t.Errorf("%d: %+v", code, p)
		}
		m.stop()
		if got := g.actions(); got != "AddPortMapping 80 3600, AddPortMapping 80 0, DeletePortMapping 80 0" || len(g.now()) != 0 {
			t.Errorf("%d: asked %s, left %+v", code, got, g.now())
		}
	}
}

// TestTaken: a port of another machine stays its own, also at the end, and a
// person reads whose it is.
func TestTaken(t *testing.T) {
	t.Parallel()
	for protocol, says := range map[string]string{"NAT-PMP": "the port is taken, the router offers 1080", "UPnP": "sends the port to 192.168.1.9:8000 already"} {
		g := newGateway(t)
		other := mapping{80, 8000, "192.168.1.9", 0}
		g.opened[80] = other
		speaks[protocol](g)
		m := start(t, g, "0.0.0.0:8080", "0.0.0.0:8443")
		s := m.until(looked)
		if p := s.Ports[0]; !strings.Contains(p.Err, says) || p.Protocol != "" || s.Ports[1].Err != "" {
			t.Errorf("%s: %+v", protocol, s)
		}
		m.stop()
		if now := g.now(); len(now) != 1 || now[80] != other {
			t.Errorf("%s: left %+v", protocol, now)
		}
	}
}

// TestTakenMeanwhile: what another machine took while it was ours is not shut.
func TestTakenMeanwhile(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.upnp("WANIPConnection:1")
	m := start(t, g, "0.0.0.0:8080")
	m.until(looked)
	g.mu.Lock()
	g.opened[80] = mapping{80, 8000, "192.168.1.9", 0}
	g.mu.Unlock()
	m.stop()
	if now := g.now(); now[80].client != "192.168.1.9" {
		t.Errorf("%+v", now)
	}
}

// TestRefused: what a router answers is shown in its words.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		speak func(*gateway)
		says  string
	}{
		"conflict": {func(g *gateway) { g.refusing(718) }, "UPnP: the router says: 718 ConflictInMappingEntry"},
		"unknown to a lookup": {func(g *gateway) {
			g.refuse = func(action string, _ mapping) int {
				return map[string]int{"GetSpecificPortMappingEntry": 501, "AddPortMapping": 606}[action]
			}
			g.upnp("WANIPConnection:1")
		}, "UPnP: the router says: 606 Action not authorized"},
		"escapes": {func(g *gateway) {
			g.ssdp(found("http://" + g.web(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					_, _ = w.Write([]byte(description("WANIPConnection:1", "/control")))
					return
				}
				w.WriteHeader(500)
				_, _ = w.Write([]byte(fault(501, "red &#10; \u202e"+strings.Repeat("x", 9000))))
			}) + "/"))
		}, "UPnP: the router says: 501 red xxx"},
		"NAT-PMP": {func(g *gateway) { g.result = 2; g.natpmp() }, "NAT-PMP: Non-zero result code 2 (Not Authorized/Refused)"},
		"silence": {func(*gateway) {}, "UPnP: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			c.speak(g)
			p := start(t, g, "0.0.0.0:8080").until(looked).Ports[0]
			if !strings.Contains(p.Err, c.says) || len(p.Err) > 400 || strings.ContainsFunc(p.Err, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q", p.Err)
			}
		})
	}
}

func (g *gateway) refusing(code int) {
	g.refuse = func(action string, _ mapping) int {
		if action == "AddPortMapping" {
			return code
		}
		return 0
	}
	g.upnp("WANIPConnection:1")
}

// TestOneRefusesTheOtherOpens: both protocols are tried before a port is given up.
func TestOneRefusesTheOtherOpens(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.result = 2
	g.natpmp()
	g.upnp("WANIPConnection:1")
	if p := start(t, g, "0.0.0.0:8080").until(looked).Ports[0]; p.Protocol != "UPnP" || p.Err != "" {
		t.Errorf("%+v", p)
	}
}

// TestOwnOldPort: a router that does not change a port of ours is told to forget
// it first.
func TestOwnOldPort(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.opened[80] = mapping{80, 9999, "127.0.0.1", 0}
	g.refuse = func(action string, m mapping) int {
		if old, taken := g.opened[m.outer]; action == "AddPortMapping" && taken && old.inner != m.inner {
			return 718
		}
		return 0
	}
	g.upnp("WANIPConnection:1")
	if p := start(t, g, "0.0.0.0:8080").until(looked).Ports[0]; p.Err != "" || g.now()[80].inner != 8080 {
		t.Errorf("%+v, %+v", p, g.now())
	}
}

// TestNoWay: listeners that no router reaches, and no router.
func TestNoWay(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{"[fd00::2]:80": "on fd00::2 alone"} {
		g := newGateway(t)
		if p := start(t, g, text).until(looked).Ports[0]; !strings.Contains(p.Err, says) {
			t.Errorf("%s: %q", text, p.Err)
		}
	}
	m := router.NewMapper(slog.New(slog.DiscardHandler), func() []netip.Addr { return nil }, func() []router.Port { return ports("0.0.0.0:80") })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { _ = m.Run(ctx); close(done) }()
	one := &mapped{Mapper: m, t: t}
	if p := one.until(looked).Ports[0]; !strings.Contains(p.Err, "no default gateway") {
		t.Errorf("%+v", p)
	}
	cancel()
	<-done
	lan := router.NewMapper(slog.New(slog.DiscardHandler), func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("192.0.2.1")} },
		func() []router.Port { return ports("127.0.0.1:80") })
	ctx, cancel = context.WithCancel(context.Background())
	go func() { _ = lan.Run(ctx) }()
	defer cancel()
	if p := (&mapped{Mapper: lan, t: t}).until(looked).Ports[0]; !strings.Contains(p.Err, "on 127.0.0.1 alone") {
		t.Errorf("%+v", p)
	}
}

// TestRenew: a lease is renewed before its end, and a router that restarted, or
// was in a bad mood, is asked again.
func TestRenew(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.lifetime = 2
	g.natpmp()
	m := start(t, g, "0.0.0.0:8080")
	first := m.until(looked).Ports[0].Until
	m.until(func(s router.State) bool { return s.Ports[0].Until.After(first) })
	g.mu.Lock()
	delete(g.opened, 80)
	g.result = 4
	g.mu.Unlock()
	m.until(func(s router.State) bool { return s.Ports[0].Err != "" })
	g.mu.Lock()
	g.result = 0
	g.mu.Unlock()
	m.until(func(s router.State) bool { return s.Ports[0].Err == "" })
	if now := g.now(); now[80].inner != 8080 {
		t.Errorf("%+v", now)
	}
}

// TestHangingRouter: a router that never answers does not hold up the end.
func TestHangingRouter(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.upnp("WANIPConnection:1")
	m := start(t, g, "0.0.0.0:8080", "0.0.0.0:8443")
	m.until(looked)
	g.mu.Lock() // it answers nothing any more
	defer g.mu.Unlock()
	done := make(chan struct{})
	go func() { m.stop(); close(done) }()
	select {
	case <-done:
	case <-time.After(soon):
		t.Error("it waits for the router")
	}
	if slices.Contains(g.deleted, 80) {
		t.Error("the router answered")
	}
}
