package certs_test

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"forge.home.arpa/portico/proxy/certs"
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

// TestForgetlessResolver: a resolver that remembers there was no record does not
// keep a name from being proved by one.
func TestForgetlessResolver(t *testing.T) {
	defer certs.SetSpread(300 * time.Millisecond)()
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	w := here()
	w.pebble = p
	plan := acmePlan(p, "*.home.test")
	plan.Authority.Resolver = namer(func(string, uint16) (int, []string) { return dns.RcodeNameError, nil }).serve(t)
	h := newHome(t, t.TempDir(), httpL, tlsL, w)
	defer h.stop()
	h.follow(t, plan)
	h.wait(t, "*.home.test", issued)
}

// TestServersOfTheZone: one that does not answer is not waited for; one that has
// not heard of the record is, and nothing is asked of the authority before it
// has.
func TestServersOfTheZone(t *testing.T) {
	var heard atomic.Bool
	knows := func(always bool) namer {
		return func(_ string, kind uint16) (int, []string) {
			if kind != dns.TypeTXT || !always && !heard.Load() {
				return dns.RcodeSuccess, nil
			}
			return dns.RcodeSuccess, []string{"TXT proof"}
		}
	}
	quick, slow := knows(true).serve(t), knows(false).serve(t)
	for title, c := range map[string]struct {
		servers    []string
		seen, sure bool
	}{
		"both, one late": {[]string{quick, slow}, false, true},
		"one is dead":    {[]string{"127.0.0.1:1", quick}, true, true},
		"all are dead":   {[]string{"127.0.0.1:1"}, false, false},
		"the late one":   {[]string{slow}, false, true},
		"the quick one":  {[]string{quick}, true, true},
	} {
		if seen, sure := certs.SeesTXT(t.Context(), c.servers, "proof"); seen != c.seen || sure != c.sure {
			t.Errorf("%s: seen %v, sure %v", title, seen, sure)
		}
	}
	heard.Store(true)
	if seen, _ := certs.SeesTXT(t.Context(), []string{quick, slow}, "proof"); !seen {
		t.Error("all have it")
	}
}
