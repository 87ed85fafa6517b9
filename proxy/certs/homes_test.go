package certs_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

// TestDSLite: the provider's NAT takes IPv4 away, and the name leads to us over
// IPv6.
func TestDSLite(t *testing.T) {
	var on [2]net.Listener
	for i := range on {
		l, err := net.Listen("tcp", "[::1]:0")
		if err != nil {
			t.Skip("there is no IPv6 here: ", err)
		}
		t.Cleanup(func() { l.Close() })
		on[i] = l
	}
	p := newPebble(t, port(on[0]), port(on[1]), false)
	p.leads("www.home.test", "::1")
	p.leads("old.home.test", "100.64.3.4")
	w := &world{addrs: []netip.Addr{netip.IPv6Loopback()}, carrier: "the router's own address 100.64.3.4 belongs to the provider's network (CGNAT)", noTXT: true}
	h := newHome(t, t.TempDir(), on[0], on[1], w)
	h.follow(t, acmePlan(p, "www.home.test", "old.home.test"))
	h.wait(t, "www.home.test", issued)
	if s := h.wait(t, "old.home.test", refused); !strings.Contains(s.Why, "CGNAT") || !strings.Contains(s.Why, "AAAA") {
		t.Errorf("over IPv4 alone: %q", s.Why)
	}
}
