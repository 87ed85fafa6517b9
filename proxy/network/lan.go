package network

import (
	"net/netip"
	"slices"
)

// Machine is what "lan" follows from: the interfaces and default gateways of
// one machine at one moment.
type Machine struct {
	Links    []Link
	Gateways []netip.Addr // next hops of the default routes
}

// Link is an interface that is up.
type Link struct {
	Name         string
	Bridge       bool
	PointToPoint bool // a tunnel: WireGuard, OpenVPN, PPP
	Loopback     bool
	Addrs        []netip.Prefix // its addresses with the length of their subnet; IPv4 never mapped
}

// lan is this machine's own subnets: who is in them is at home. It holds
//
//   - loopback: the owner at the machine itself. A tunnel daemon that connects
//     from here on behalf of the internet (cloudflared, ssh -R) belongs into
//     trusted_proxies, or its visitors are taken for the owner.
//   - the subnets of every interface, IPv6 and link-local ones included, unless
//     the interface is a tunnel, whose other end may be anyone's, or one of
//     them is of addresses that the internet routes or a provider shares (RFC
//     6598): then strangers are on its wire, as on that of a rented server,
//     and its private and IPv6 subnets are no better.
//
// and it never holds
//
//   - the default gateway: a router that hides visitors (hairpin or full NAT)
//     sends them all from its own address. A route of up to three bits counts
//     as default, since VPNs split it in pieces.
//   - a bridge's own address: what Docker's userland proxy or a masquerade
//     relays appears to come from it, whoever sent it.
type lan struct {
	prefixes []netip.Prefix
	gateways []netip.Addr
	except   []netip.Addr // of the prefixes
	zones    []string     // links whose link-local addresses count
	outer    []string     // links that do not count
	inside   table
	outside  table
}

func lanOf(m Machine) *lan {
	l := &lan{prefixes: slices.Clone(loopback)}
	for _, link := range m.Links {
		l.add(link)
	}
	for _, a := range m.Gateways {
		l.gateways = append(l.gateways, a.Unmap().WithZone(""))
	}
	l.gateways = inOrder(l.gateways, netip.Addr.Compare)
	l.except = inOrder(append(l.except, l.gateways...), netip.Addr.Compare)
	l.prefixes = inOrder(l.prefixes, netip.Prefix.Compare)
	l.inside = tableOf(l.prefixes)
	l.except = slices.DeleteFunc(l.except, func(a netip.Addr) bool { return l.inside.find(a) < 0 })
	l.outside = tableOf(hosts(l.except))
	return l
}

func (l *lan) add(link Link) {
	if link.Loopback {
		return
	}
	if link.PointToPoint || slices.ContainsFunc(link.Addrs, isOuter) {
		l.outer = append(l.outer, link.Name)
		return
	}
	l.zones = append(l.zones, link.Name)
	for _, p := range link.Addrs {
		l.prefixes = append(l.prefixes, p.Masked())
		if link.Bridge {
			l.except = append(l.except, p.Addr())
		}
	}
}

// isOuter reports a subnet that is no home's own: one of IPv4 that is not wholly
// in a network the internet does not route, however short its mask is, or one of
// IPv6 that is larger than what a provider gives to a site (RFC 6177).
func isOuter(subnet netip.Prefix) bool {
	isInner := slices.ContainsFunc(inner, func(own netip.Prefix) bool {
		return own.Bits() <= subnet.Bits() && own.Contains(subnet.Addr())
	})
	return !isInner && (subnet.Addr().Is4() || subnet.Bits() < 48)
}

func (l *lan) contains(a netip.Addr) bool {
	if zone := a.Zone(); zone != "" && !slices.Contains(l.zones, zone) {
		return false
	}
	return l.inside.find(a) >= 0 && l.outside.find(a) < 0
}

func inOrder[T comparable](list []T, compare func(a, b T) int) []T {
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}

// hosts are the prefixes of single addresses.
func hosts(addrs []netip.Addr) []netip.Prefix {
	all := make([]netip.Prefix, len(addrs))
	for i, a := range addrs {
		all[i] = netip.PrefixFrom(a, a.BitLen())
	}
	return all
}
