package router

import (
	"fmt"
	"net/netip"
	"slices"
)

// Port is a TCP port at which strangers come, and a listener here.
type Port struct {
	Outer uint16
	// Listener may have the unspecified address: then it answers at all of this
	// machine's.
	Listener netip.AddrPort
}

// want is a port of a gateway that shall lead here.
type want struct {
	gateway netip.Addr
	outer   uint16
	to      netip.AddrPort
	cannot  string // why it is not asked for
}

// wants are the ports that shall be open, as this machine stands now.
func (m *Mapper) wants() (list []want) {
	ports := m.ports()
	if len(ports) == 0 {
		return nil
	}
	gateway, gateways := netip.Addr{}, m.gateways()
	if i := slices.IndexFunc(gateways, netip.Addr.Is4); i >= 0 {
		gateway = gateways[i]
	}
	for _, p := range ports {
		w := want{gateway: gateway, outer: p.Outer, to: p.Listener}
		here := p.Listener.Addr().Unmap()
		switch {
		case !gateway.IsValid():
			w.cannot = "this machine has no default gateway over IPv4"
		case here.IsUnspecified():
			w.to = netip.AddrPortFrom(Towards(gateway), p.Listener.Port())
		case !here.Is4() || here.IsLoopback() && !gateway.IsLoopback():
			w.cannot = fmt.Sprintf("the listener is on %s alone, where the router cannot come", here)
		}
		list = append(list, w)
	}
	return list
}
