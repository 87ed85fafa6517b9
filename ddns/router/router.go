// Package router speaks with the home's router, over NAT-PMP (RFC 6886) and UPnP
// (the Internet Gateway Device): it asks for the router's outer address, and has
// it send strangers who come at a port there to a listener here.
//
// It owns those protocols and the leases of the ports that it opened. It does
// not know listeners, names or the configuration. Only default gateways are
// asked and believed: whatever else at home answers is not the router. A Mapper
// is safe for concurrent use.
package router

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// speaker is a way to speak with a router that answers.
type speaker interface {
	protocol() string
	// outer is the router's address on its other side.
	outer(context.Context) (netip.Addr, error)
	// open has the router send TCP connections for its port to an address of
	// this machine, and returns for how long; 0 is without end.
	open(ctx context.Context, port uint16, to netip.AddrPort) (time.Duration, error)
	// shut takes that back.
	shut(ctx context.Context, port uint16, to netip.AddrPort) error
}

// ways are tried in this order: NAT-PMP answers, or is known to be silent, in a
// second.
var ways = []func(ctx context.Context, gateway netip.Addr) (speaker, error){reachNATPMP, reachUPnP}

// reach finds the ways in which a gateway answers. The error says why none was
// found.
func reach(ctx context.Context, gateway netip.Addr) ([]speaker, error) {
	var found []speaker
	var failed []error
	for _, way := range ways {
		s, err := way(ctx, gateway)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		found = append(found, s)
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errors.Join(failed...)
}

// outerTime bounds the question for the outer address.
const outerTime = 8 * time.Second

// Outer asks the gateways for their outer address. It is as the router says it,
// and may be private.
func Outer(ctx context.Context, gateways []netip.Addr) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, outerTime)
	defer cancel()
	for _, g := range gateways {
		for _, way := range ways {
			if s, err := way(ctx, g); err == nil {
				if a, err := s.outer(ctx); err == nil {
					return a, nil
				}
			}
		}
	}
	return netip.Addr{}, errors.New("no router answers over NAT-PMP or UPnP: switch one of them on in it, or choose another address")
}

// Towards is this machine's address on the way to another; the zero value where
// no way leads there. Nothing is sent: a socket for datagrams only learns its
// own end.
func Towards(to netip.Addr) netip.Addr {
	conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// errFamily says that only IPv4 has ports to map.
func errFamily(protocol string, gateway netip.Addr) error {
	return fmt.Errorf("%s is for IPv4, and the router is %s", protocol, gateway)
}
