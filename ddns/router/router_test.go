package router_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"forge.home.arpa/portico/ddns/router"
)

func outer(t *testing.T, g *gateway) string {
	t.Helper()
	a, err := router.Outer(context.Background(), g.list())
	if err != nil {
		return ""
	}
	return a.String()
}

// TestOuter: by each protocol, and by each service that routers have.
func TestOuter(t *testing.T) {
	for name, speak := range map[string]func(*gateway){
		"NAT-PMP":            func(g *gateway) { g.natpmp() },
		"WANIPConnection:1":  func(g *gateway) { g.upnp("WANIPConnection:1") },
		"WANIPConnection:2":  func(g *gateway) { g.upnp("WANIPConnection:2") },
		"WANPPPConnection:1": func(g *gateway) { g.upnp("WANPPPConnection:1") },
		"both":               func(g *gateway) { g.natpmp(); g.upnp("WANIPConnection:1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			speak(g)
			if got := outer(t, g); got != "203.0.113.7" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestOuterSilent: a router that speaks neither, and no router.
func TestOuterSilent(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	if got := outer(t, g); got != "" {
		t.Errorf("%q", got)
	}
	if a, err := router.Outer(context.Background(), nil); err == nil {
		t.Errorf("%s without a router", a)
	}
	if a, err := router.Outer(context.Background(), []netip.Addr{netip.MustParseAddr("fe80::1")}); err == nil {
		t.Errorf("%s over IPv6", a)
	}
}

// TestElsewhere: whatever a router's answers point at, only the router is asked.
func TestElsewhere(t *testing.T) {
	for name, speak := range map[string]func(g *gateway, victim string){
		"the place": func(g *gateway, victim string) { g.ssdp(found("http://" + victim + "/desc.xml")) },
		"a name":    func(g *gateway, victim string) { g.ssdp(found("http://localhost/desc.xml")) },
		"a file":    func(g *gateway, victim string) { g.ssdp(found("file:///etc/passwd")) },
		"no place":  func(g *gateway, victim string) { g.ssdp(found("")) },
		"a redirect": func(g *gateway, victim string) {
			g.ssdp(found("http://" + g.web(http.RedirectHandler("http://"+victim+"/desc.xml", http.StatusFound).ServeHTTP) + "/"))
		},
		"the control": func(g *gateway, victim string) {
			g.describes(description("WANIPConnection:1", "http://"+victim+"/control"))
		},
		"the base":      func(g *gateway, victim string) { g.describes(based("http://" + victim + "/")) },
		"a broken base": func(g *gateway, victim string) { g.describes(based("http://[")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var visits atomic.Int32
			g := newGateway(t)
			speak(g, newGateway(t).web(func(w http.ResponseWriter, _ *http.Request) {
				visits.Add(1)
				_, _ = io.WriteString(w, description("WANIPConnection:1", "/control"))
			}))
			if got := outer(t, g); got != "" || visits.Load() != 0 {
				t.Errorf("%q, and %d visits elsewhere", got, visits.Load())
			}
		})
	}
}

func (g *gateway) describes(text string) {
	g.ssdp(found("http://" + g.web(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }) + "/desc.xml"))
}

func based(base string) string {
	return strings.Replace(description("WANIPConnection:1", "control"), "<device>", "<URLBase>"+base+"</URLBase><device>", 1)
}

// TestGarbage: nothing that a router says brings more than an error, in a
// bounded time and memory.
func TestGarbage(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for line := strings.Repeat("<a>", 1000); r.Context().Err() == nil; {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}
	for name, speak := range map[string]func(*gateway){
		"no XML":      func(g *gateway) { g.describes("\x00\xff what") },
		"nothing":     func(g *gateway) { g.describes("") },
		"no service":  func(g *gateway) { g.describes("<root xmlns=\"urn:schemas-upnp-org:device-1-0\"></root>") },
		"endless":     func(g *gateway) { g.ssdp(found("http://" + g.web(endless) + "/")) },
		"a long head": func(g *gateway) { g.ssdp(found("http://" + g.web(longHead) + "/")) },
		"hangs": func(g *gateway) {
			g.ssdp(found("http://" + g.web(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }) + "/"))
		},
		"many places":    func(g *gateway) { g.ssdp(many(g)...) },
		"a short packet": func(g *gateway) { g.answer(5351, func([]byte) [][]byte { return [][]byte{{0}} }) },
		"a long packet":  func(g *gateway) { g.answer(5351, func([]byte) [][]byte { return [][]byte{make([]byte, 1400)} }) },
		"PCP":            func(g *gateway) { g.answer(5351, func([]byte) [][]byte { return [][]byte{{2, 128, 0, 1}} }) },
		"no address yet": func(g *gateway) { g.outer = "0.0.0.0"; g.natpmp(); g.upnp("WANIPConnection:1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			speak(g)
			if got := outer(t, g); got != "" {
				t.Errorf("%q", got)
			}
		})
	}
}

func longHead(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X", strings.Repeat("x", 1<<20))
}

func many(g *gateway) (packets []string) {
	for i := range 50 {
		packets = append(packets, found(fmt.Sprintf("http://%s/%d", netip.AddrPortFrom(g.addr, 9), i)))
	}
	return packets
}

// TestStranger: a machine that answers the search and is not the gateway is not
// believed.
func TestStranger(t *testing.T) {
	t.Parallel()
	g, stranger := newGateway(t), newGateway(t)
	place := found("http://" + stranger.serve("WANIPConnection:1") + "/desc.xml")
	other, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(g.addr, 1900)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for b := make([]byte, 2048); ; {
			_, from, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			_, _ = other.WriteToUDP([]byte(place), from)
		}
	}()
	if got := outer(t, g); got != "" {
		t.Errorf("%q", got)
	}
}
