package router

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/huin/goupnp"
	igd "github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/soap"
)

// connection is what the services of a gateway that have an outer address have
// in common.
type connection interface {
	GetExternalIPAddressCtx(context.Context) (string, error)
	AddPortMappingCtx(ctx context.Context, remote string, outer uint16, protocol string, inner uint16, client string, enabled bool, description string, seconds uint32) error
	DeletePortMappingCtx(ctx context.Context, remote string, outer uint16, protocol string) error
	GetSpecificPortMappingEntryCtx(ctx context.Context, remote string, outer uint16, protocol string) (inner uint16, client string, enabled bool, description string, seconds uint32, err error)
}

// uPnP speaks with a gateway over UPnP.
type uPnP struct{ connection }

func reachUPnP(ctx context.Context, gateway netip.Addr) (speaker, error) {
	if !gateway.Is4() {
		return nil, errFamily("UPnP", gateway)
	}
	client := only(gateway)
	var found []connection
	var why error
	err := search(ctx, gateway, func(place *url.URL) bool {
		var root *goupnp.RootDevice
		if root, why = describe(ctx, client, place); why == nil {
			found = connections(root, place, client)
		}
		return len(found) > 0
	})
	if err != nil {
		return nil, fmt.Errorf("UPnP: %w", errors.Join(why, err))
	}
	for _, c := range found {
		if _, err := (uPnP{c}).outer(ctx); err == nil {
			return uPnP{c}, nil // of several, one is plugged in
		}
	}
	return uPnP{found[0]}, nil
}

func describe(ctx context.Context, client *http.Client, place *url.URL) (*goupnp.RootDevice, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	decoder := xml.NewDecoder(resp.Body)
	decoder.DefaultSpace = goupnp.DeviceXMLNamespace
	root := new(goupnp.RootDevice)
	if err := decoder.Decode(root); err != nil {
		return nil, fmt.Errorf("the router's description of itself cannot be read: %w", err)
	}
	base, err := url.Parse(root.URLBaseStr)
	if err != nil || base.Host == "" {
		base = place
	}
	root.SetURLBase(base)
	return root, nil
}

// connections are the services of a description that may open ports.
func connections(root *goupnp.RootDevice, place *url.URL, client *http.Client) (list []connection) {
	if found, err := igd.NewWANIPConnection2ClientsFromRootDevice(root, place); err == nil {
		for _, c := range found {
			c.SOAPClient.HTTPClient = *client
			list = append(list, c)
		}
	}
	if found, err := igd.NewWANIPConnection1ClientsFromRootDevice(root, place); err == nil {
		for _, c := range found {
			c.SOAPClient.HTTPClient = *client
			list = append(list, c)
		}
	}
	if found, err := igd.NewWANPPPConnection1ClientsFromRootDevice(root, place); err == nil {
		for _, c := range found {
			c.SOAPClient.HTTPClient = *client
			list = append(list, c)
		}
	}
	return list
}

func (uPnP) protocol() string { return "UPnP" }

func (u uPnP) outer(ctx context.Context) (netip.Addr, error) {
	text, err := u.GetExternalIPAddressCtx(ctx)
	if err != nil {
		return netip.Addr{}, said(err)
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.IsUnspecified() {
		return netip.Addr{}, errors.New("the router has no outer address")
	}
	return a, nil
}

// What a router answers to a mapping (WANIPConnection:1, 2.4.16).
const (
	faultArguments = 402
	faultConflict  = 718
	faultPermanent = 725 // only leases without end
)

// open takes no port that another machine has: many routers would let it.
func (u uPnP) open(ctx context.Context, port uint16, to netip.AddrPort) (time.Duration, error) {
	holder := u.holder(ctx, port)
	if holder.IsValid() && holder.Addr() != to.Addr() {
		return 0, fmt.Errorf("UPnP: the router sends the port to %s already", holder)
	}
	granted := lease
	err := u.add(ctx, port, to, granted)
	if fault(err) == faultConflict && holder.IsValid() {
		// Ours, for another port here.
		_ = u.shut(ctx, port, holder)
		err = u.add(ctx, port, to, granted)
	}
	if code := fault(err); code == faultPermanent || code == faultArguments {
		granted = 0
		err = u.add(ctx, port, to, granted)
	}
	return granted, said(err)
}

func (u uPnP) add(ctx context.Context, port uint16, to netip.AddrPort, d time.Duration) error {
	return u.AddPortMappingCtx(ctx, "", port, "TCP", to.Port(), to.Addr().String(), true, "portico", uint32(d/time.Second))
}

// shut leaves a port that went to another machine meanwhile.
func (u uPnP) shut(ctx context.Context, port uint16, to netip.AddrPort) error {
	if holder := u.holder(ctx, port); holder.IsValid() && holder.Addr() != to.Addr() {
		return nil
	}
	return said(u.DeletePortMappingCtx(ctx, "", port, "TCP"))
}

// holder is where the router sends a port now; the zero value for nowhere, or
// where it does not tell.
func (u uPnP) holder(ctx context.Context, port uint16) netip.AddrPort {
	inner, client, enabled, _, _, err := u.GetSpecificPortMappingEntryCtx(ctx, "", port, "TCP")
	a, bad := netip.ParseAddr(client)
	if err != nil || bad != nil || !enabled || a.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), inner)
}

// fault is the number of a router's refusal, 0 for none.
func fault(err error) int {
	var f *soap.SOAPFaultError
	if errors.As(err, &f) {
		return f.Detail.UPnPError.Errorcode
	}
	return 0
}

// said is a refusal in the router's words.
func said(err error) error {
	var f *soap.SOAPFaultError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && f.Detail.UPnPError.Errorcode != 0:
		return fmt.Errorf("UPnP: the router says: %d %s", f.Detail.UPnPError.Errorcode, printable(f.Detail.UPnPError.ErrorDescription))
	}
	return fmt.Errorf("UPnP: %s", printable(err.Error()))
}
