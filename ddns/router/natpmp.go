package router

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	natpmp "github.com/jackpal/go-nat-pmp"
)

// answerTime bounds one question over NAT-PMP; the library asks several times
// in it.
const answerTime = time.Second

// lease is how long the router is asked to keep a port open. It is renewed long
// before its end.
const lease = time.Hour

// natPMP speaks with a gateway over NAT-PMP.
type natPMP struct{ gateway netip.Addr }

func reachNATPMP(_ context.Context, gateway netip.Addr) (speaker, error) {
	if !gateway.Is4() {
		return nil, errFamily("NAT-PMP", gateway)
	}
	n := natPMP{gateway}
	if _, err := n.client(Towards(gateway)).GetExternalAddress(); err != nil {
		return nil, fmt.Errorf("NAT-PMP: %w", err)
	}
	return n, nil
}

// client asks from an address of this machine: the router sends a port to whoever
// asked for it.
func (n natPMP) client(from netip.Addr) *natpmp.Client {
	return natpmp.NewClientWithLocalAndTimeout(net.IP(n.gateway.AsSlice()), net.IP(from.AsSlice()), answerTime)
}

func (natPMP) protocol() string { return "NAT-PMP" }

func (n natPMP) outer(context.Context) (netip.Addr, error) {
	r, err := n.client(Towards(n.gateway)).GetExternalAddress()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("NAT-PMP: %w", err)
	}
	a := netip.AddrFrom4(r.ExternalIPAddress)
	if a.IsUnspecified() {
		return netip.Addr{}, errors.New("the router has no outer address")
	}
	return a, nil
}

// open takes no other port than the one asked for, which the protocol allows
// the router to give.
func (n natPMP) open(ctx context.Context, port uint16, to netip.AddrPort) (time.Duration, error) {
	r, err := n.client(to.Addr()).AddPortMapping("tcp", int(to.Port()), int(port), int(lease/time.Second))
	switch {
	case err != nil:
		return 0, fmt.Errorf("NAT-PMP: %w", err)
	case r.InternalPort != to.Port():
		return 0, fmt.Errorf("NAT-PMP: the router speaks of another port, %d", r.InternalPort)
	case r.MappedExternalPort != port:
		return 0, errors.Join(fmt.Errorf("NAT-PMP: the port is taken, the router offers %d in its place", r.MappedExternalPort), n.shut(ctx, port, to))
	case r.PortMappingLifetimeInSeconds == 0:
		return 0, errors.New("NAT-PMP: the router says yes, for no time at all")
	}
	return min(lease, time.Duration(r.PortMappingLifetimeInSeconds)*time.Second), nil
}

// shut names the port here alone: so the protocol has it.
func (n natPMP) shut(_ context.Context, _ uint16, to netip.AddrPort) error {
	if _, err := n.client(to.Addr()).AddPortMapping("tcp", int(to.Port()), 0, 0); err != nil {
		return fmt.Errorf("NAT-PMP: %w", err)
	}
	return nil
}
