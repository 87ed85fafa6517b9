package certs

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// opening is how an authority can validate a name.
type opening struct{ tls, http, dns bool }

// gate says how the authority can see for itself that a name is ours, or in a
// sentence why it cannot: an attempt that must fail is counted all the same.
func (i *issuer) gate(ctx context.Context) (opening, error) {
	k, now := i.keeper, time.Now()
	if now.Before(k.Floor) {
		return opening{}, fmt.Errorf("the clock says %s, which has passed long ago: it has to be set first", now.Format(time.DateOnly))
	}
	if e := k.memory.of(i.key()); e.holds(now) {
		return opening{}, fmt.Errorf("the last attempt failed: %s; next try %s", e.Words, e.Not.Local().Format("2006-01-02 15:04"))
	}
	return i.wayIn(ctx)
}

// wayIn is the gate without clock and pauses.
func (i *issuer) wayIn(ctx context.Context) (opening, error) {
	if isWildcard(i.host) {
		return i.gateDNS()
	}
	if i.authority.Front {
		return opening{http: true}, nil
	}
	open, err := i.gateAddress(ctx)
	if err != nil && i.keeper.TXT.CanTXT(challengeName(i.host)) == nil {
		return opening{dns: true}, nil // nothing has to reach us
	}
	return open, err
}

func (i *issuer) gateDNS() (opening, error) {
	if err := i.keeper.TXT.CanTXT(challengeName(i.host)); err != nil {
		return opening{}, fmt.Errorf("a wildcard is proved by a TXT record: %w", err)
	}
	return opening{dns: true}, nil
}

func (i *issuer) resolver() Resolver { return Resolver(i.authority.Resolver) }

// gateAddress compares what the world is told of the name with where we are.
func (i *issuer) gateAddress(ctx context.Context) (opening, error) {
	published, err := i.resolver().Published(ctx, i.host)
	switch {
	case err != nil:
		return opening{}, err
	case len(published) == 0:
		return opening{}, fmt.Errorf("%s has no address in the DNS yet: it needs a record, yours or one that a [ddns] table publishes", i.host)
	}
	for _, a := range published {
		if name := i.keeper.World.Front(a); name != "" {
			return opening{http: true}, nil
		}
	}
	return i.gateOurs(ctx, published)
}

func (i *issuer) gateOurs(ctx context.Context, published []netip.Addr) (opening, error) {
	ours := i.keeper.World.Addresses(ctx)
	carrier := i.keeper.World.Carrier()
	for _, a := range published {
		if slices.Contains(ours, a) && (a.Is6() || carrier == "") {
			return opening{tls: true, http: true}, nil
		}
	}
	switch {
	case carrier != "":
		return opening{}, errors.New(carrier + "; a certificate needs DNS-01 or an AAAA record of ours")
	case len(ours) == 0:
		return opening{}, errors.New("our public address is not known yet")
	}
	return opening{}, fmt.Errorf("%s leads to %s, and this home is %s: point the name here, or set front = true in [acme] where a relay stands before it",
		i.host, words(published), words(ours))
}

// forcedOpening is what a person gets who wants an attempt now: the way in that
// there is, or else a knock at the closed gate.
func (i *issuer) forcedOpening(ctx context.Context) opening {
	if open, err := i.wayIn(ctx); err == nil {
		return open
	}
	if isWildcard(i.host) {
		return opening{dns: true}
	}
	return opening{tls: !i.authority.Front, http: true}
}

func words(list []netip.Addr) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, " and ")
}

// challengeName is where the TXT record of a name's challenge stands (RFC 8555
// section 8.4).
func challengeName(host string) string {
	return "_acme-challenge." + strings.TrimPrefix(host, "*.")
}
