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

// lookup asks the servers of a name's own zone what they publish: a resolver on
// the way may remember an old answer or, as a Pi-hole, give one of its own.
func lookup(ctx context.Context, n Name) (Addresses, error) {
	ctx, cancel := context.WithTimeout(ctx, echoTime)
	defer cancel()
	servers, err := zoneServers(ctx, n.FQDN)
	if err != nil {
		return Addresses{}, err
	}
	var a Addresses
	for _, kind := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
		addr, err := askZone(ctx, servers, strings.TrimPrefix(n.FQDN, "*."), n, kind)
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

// zoneServers finds the nearest parent that has servers of names.
func zoneServers(ctx context.Context, fqdn string) ([]string, error) {
	for zone := strings.TrimPrefix(fqdn, "*."); strings.Contains(zone, "."); {
		if list, err := net.DefaultResolver.LookupNS(ctx, zone); err == nil && len(list) > 0 {
			hosts := make([]string, len(list))
			for i, ns := range list {
				hosts[i] = ns.Host
			}
			return hosts, nil
		}
		_, zone, _ = strings.Cut(zone, ".")
	}
	return nil, errors.New("no servers were found for the zone of " + fqdn)
}

// askZone asks until one server answers with authority. For "*.x" a name below x
// that nobody made is asked.
func askZone(ctx context.Context, servers []string, fqdn string, n Name, kind uint16) (netip.Addr, error) {
	if strings.HasPrefix(n.FQDN, "*.") {
		fqdn = "portico-looks." + fqdn
	}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(fqdn), kind)
	c := dns.Client{Timeout: 3 * time.Second}
	for _, server := range servers {
		reply, _, err := c.ExchangeContext(ctx, m, net.JoinHostPort(strings.TrimSuffix(server, "."), "53"))
		if err != nil || !reply.Authoritative {
			continue
		}
		addr, _ := netip.ParseAddr(recordText(reply))
		return addr.Unmap(), nil
	}
	return netip.Addr{}, errors.New("no server of the zone of " + n.FQDN + " answers")
}
