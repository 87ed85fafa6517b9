package main

import (
	"context"
	"net/netip"

	"forge.home.arpa/portico/ddns"
)

// homeWorld is dynamic DNS as the certificates see it.
type homeWorld struct{ *ddns.Service }

func (w homeWorld) Addresses(ctx context.Context) []netip.Addr { return w.Public(ctx) }
