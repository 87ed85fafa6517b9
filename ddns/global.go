package ddns

import (
	"fmt"
	"net/netip"
	"slices"
)

// shared is the range behind a carrier's own NAT (RFC 6598), which
// netip.Addr.IsPrivate does not know.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// reserved are further ranges that lead nowhere outside, though they are
// unicast (RFC 6890); DS-Lite puts the first of them on a router's outer side.
var reserved = []netip.Prefix{netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4")}

// Global tells whether strangers can reach an address at all.
func Global(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a) &&
		!slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseGlobal reads an address that was said to be ours, of the wanted family.
func parseGlobal(text string, v6 bool) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	a = a.Unmap()
	switch {
	case err != nil || a.Zone() != "":
		return netip.Addr{}, fmt.Errorf("no address in its answer: %s", clean(text))
	case a.Is6() != v6:
		return netip.Addr{}, fmt.Errorf("%s is of the other family", a)
	case !Global(a):
		return netip.Addr{}, fmt.Errorf("%s is not reachable from outside", a)
	}
	return a, nil
}

// SecondRouter ends what Service.Carrier says of a home whose router stands
// behind another, which may be its owner's too and lead here.
const SecondRouter = "another router or the provider's NAT stands before it"

// behindCarrier says in words why a router's outer address cannot be reached,
// "" where it can. public is the address that others see; invalid where nobody
// said.
func behindCarrier(router, public netip.Addr) string {
	switch {
	case !router.IsValid():
		return ""
	case shared.Contains(router):
		return fmt.Sprintf("the router's own address %s belongs to the provider's network (CGNAT): nobody reaches this home over IPv4", router)
	case router.IsPrivate():
		return fmt.Sprintf("the router's own address %s is private: %s", router, SecondRouter)
	case !Global(router):
		return fmt.Sprintf("the router's own address %s leads nowhere outside (DS-Lite): nobody reaches this home over IPv4", router)
	case public.IsValid() && router != public:
		return fmt.Sprintf("the router has %s, but others see %s: the provider's NAT stands between", router, public)
	}
	return ""
}
