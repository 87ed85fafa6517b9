package ddns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"
	natpmp "github.com/jackpal/go-nat-pmp"
)

// routerTime bounds the search for a router that tells its outer address.
const routerTime = 5 * time.Second

// askRouter asks the gateways for their outer address: by NAT-PMP (RFC 6886),
// then by UPnP. The address is as the router says it; it may be private.
func askRouter(ctx context.Context, gateways []netip.Addr) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, routerTime)
	defer cancel()
	for _, g := range gateways {
		if a, err := askNATPMP(g); err == nil {
			return a, nil
		}
	}
	if a, err := askUPnP(ctx); err == nil {
		return a, nil
	}
	return netip.Addr{}, errors.New("no router answers over NAT-PMP or UPnP: switch one of them on in it, or choose another address")
}

func askNATPMP(gateway netip.Addr) (netip.Addr, error) {
	if !gateway.Is4() {
		return netip.Addr{}, errors.New("NAT-PMP is for IPv4")
	}
	r, err := natpmp.NewClientWithTimeout(net.IP(gateway.AsSlice()), routerTime/5).GetExternalAddress()
	if err != nil {
		return netip.Addr{}, err
	}
	a := netip.AddrFrom4(r.ExternalIPAddress)
	if a.IsUnspecified() {
		return netip.Addr{}, errors.New("the router has no outer address")
	}
	return a, nil
}

// externalAddress is what the UPnP services of a router have in common.
type externalAddress interface {
	GetExternalIPAddressCtx(context.Context) (string, error)
}

func askUPnP(ctx context.Context) (netip.Addr, error) {
	var services []externalAddress
	if list, _, err := internetgateway2.NewWANIPConnection2ClientsCtx(ctx); err == nil {
		for _, s := range list {
			services = append(services, s)
		}
	}
	if list, _, err := internetgateway2.NewWANIPConnection1ClientsCtx(ctx); err == nil && len(services) == 0 {
		for _, s := range list {
			services = append(services, s)
		}
	}
	for _, s := range services {
		text, err := s.GetExternalIPAddressCtx(ctx)
		if a, parse := netip.ParseAddr(text); err == nil && parse == nil && !a.IsUnspecified() {
			return a, nil
		}
	}
	return netip.Addr{}, errors.New("no router answers over UPnP")
}
