package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"forge.home.arpa/portico/ddns/router"
	"forge.home.arpa/portico/proxy"
)

// door is a port at which strangers come, and the one of ours it leads to.
type door struct {
	outer uint16
	inner netip.AddrPort
	tls   bool
}

// doorsOf are where strangers come: 80, and 443 where TLS is spoken. Of several
// listeners the one that a router can reach is meant, at best on the same port.
func doorsOf(server *proxy.Server) (list []door) {
	for _, l := range server.Status().Listeners {
		bound, err := netip.ParseAddrPort(l.Bound)
		if err != nil || l.Draining || l.Error != "" {
			continue
		}
		d := door{80, bound, l.TLS}
		if l.TLS {
			d.outer = 443
		}
		i := slices.IndexFunc(list, func(o door) bool { return o.outer == d.outer })
		if i < 0 {
			list = append(list, d)
		} else if d.rank() > list[i].rank() {
			list[i] = d
		}
	}
	slices.SortFunc(list, func(a, b door) int { return int(a.outer) - int(b.outer) })
	return list
}

func (d door) rank() (n int) {
	if !d.inner.Addr().IsLoopback() {
		n += 2
	}
	if d.inner.Port() == d.outer {
		n++
	}
	return n
}

// homeRouter is the home's router, and this machine's address on its side; zero
// values where there is none.
func homeRouter(server *proxy.Server) (gateway, here netip.Addr) {
	gateways := server.Gateways()
	if len(gateways) == 0 {
		return gateway, here
	}
	gateway = gateways[max(slices.IndexFunc(gateways, netip.Addr.Is4), 0)]
	return gateway, router.Towards(gateway)
}

// forwarding says what a person should tell the router.
func forwarding(server *proxy.Server) string {
	at, to := "the router", "this machine"
	if gateway, here := homeRouter(server); gateway.IsValid() {
		at = gateway.String()
		if here.IsValid() {
			to = here.String()
		}
	}
	var rules []string
	alone := ""
	for _, d := range doorsOf(server) {
		rule := fmt.Sprint(d.outer)
		if d.inner.Port() != d.outer {
			rule += fmt.Sprintf(" (as port %d)", d.inner.Port())
		}
		rules = append(rules, rule)
		if d.inner.Addr().IsLoopback() {
			alone = fmt.Sprintf(", and let portico listen there: it listens on %s alone, where nobody else comes", d.inner.Addr())
		}
	}
	return fmt.Sprintf("on %s forward TCP %s to %s%s", at, strings.Join(rules, " and "), to, alone)
}
