package ddns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// lookUp tells what is published of a name; an error where nobody can say.
type lookUp func(context.Context, Name) (Addresses, error)

// publicServers tell who serves a zone where the system's resolver does not: in
// a home, a Pi-hole may hide it, or a zone of the same name stand inside.
var publicServers = []string{"1.1.1.1:53", "9.9.9.9:53"}

// resolvers are those to ask who serves a zone, one after the other.
func resolvers() []*net.Resolver {
	list := []*net.Resolver{net.DefaultResolver}
	for _, server := range publicServers {
		list = append(list, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		}})
	}
	return list
}

// lookup asks the servers of a name's own zone what they publish: a resolver on
// the way may remember an old answer or give one of its own. That there is no
// address, or one inside a home, is believed if the world is told it too.
func lookup(ctx context.Context, n Name) (a Addresses, err error) {
	for _, resolver := range resolvers() {
		if a, err = lookupBy(ctx, resolver, n); err == nil && a.Has() && !a.inside() {
			break
		}
	}
	return a, err
}

// inside tells addresses that nobody outside reaches.
func (a Addresses) inside() bool {
	return a.V4.IsValid() && !Global(a.V4) || a.V6.IsValid() && !Global(a.V6)
}

// lookupBy asks the servers of the zone that a resolver names.
func lookupBy(ctx context.Context, resolver *net.Resolver, n Name) (a Addresses, err error) {
	ctx, cancel := context.WithTimeout(ctx, echoTime)
	defer cancel()
	servers, err := zoneServers(ctx, resolver, n.FQDN)
	if err != nil {
		return Addresses{}, err
	}
	for _, kind := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
		addr, err := askZone(ctx, servers, n, kind)
		switch {
		case err != nil:
			return Addresses{}, err
		case addr.Is4():
			a.V4 = addr
		case addr.IsValid():
			a.V6 = addr
		}
	}
	return a, nil
}

// zoneServers finds the addresses of those who serve the nearest parent that has
// servers of names.
func zoneServers(ctx context.Context, resolver *net.Resolver, fqdn string) (servers []string, err error) {
	for zone := strings.TrimPrefix(fqdn, "*."); strings.Contains(zone, "."); {
		list, err := resolver.LookupNS(ctx, zone)
		if err != nil || len(list) == 0 {
			_, zone, _ = strings.Cut(zone, ".")
			continue
		}
		for _, ns := range list {
			hosts, _ := resolver.LookupHost(ctx, ns.Host)
			servers = append(servers, hosts...)
		}
		break
	}
	if len(servers) == 0 {
		return nil, errors.New("no servers were found for the zone of " + fqdn)
	}
	return servers, nil
}

// askZone asks until one server answers with authority. For "*.x" a name below x
// that nobody made is asked.
func askZone(ctx context.Context, servers []string, n Name, kind uint16) (netip.Addr, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(strings.Replace(n.FQDN, "*", "portico-looks", 1)), kind)
	c := dns.Client{Timeout: 3 * time.Second}
	for _, server := range servers {
		reply, _, err := c.ExchangeContext(ctx, m, net.JoinHostPort(server, "53"))
		if err != nil || !reply.Authoritative {
			continue
		}
		addr, _ := netip.ParseAddr(recordText(reply))
		return addr.Unmap(), nil
	}
	return netip.Addr{}, errors.New("no server of the zone of " + n.FQDN + " answers")
}
