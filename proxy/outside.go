package proxy

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/certs"
)

// What there is to know of how strangers come to this home.

// Published are the addresses that the world is told of a host: by the resolver
// of [acme], else by the servers of its zone.
func Published(ctx context.Context, a *config.ACME, host string) ([]netip.Addr, error) {
	resolver := certs.Resolver("")
	if a != nil {
		resolver = certs.Resolver(a.Resolver)
	}
	return resolver.Published(ctx, host)
}

// Front names who stands before an address and passes requests on, "" for
// nobody known.
func (s *Server) Front(a netip.Addr) string { return world{server: s}.Front(a) }

// BuiltAt is a time that has passed for certain: a clock before it is wrong.
func BuiltAt() time.Time { return builtAt() }

// ErrNotServed says that Rehearse asked nobody.
var ErrNotServed = certs.ErrNotServed

// Rehearse has an authority validate a host from outside and throws away what
// comes of it. The directory that was asked is returned. Without an https
// listener strangers come over plain HTTP alone.
func (s *Server) Rehearse(ctx context.Context, c *config.ACME, host string) (directory string, err error) {
	snap := s.snapshot.Load()
	if !slices.ContainsFunc(snap.config.Routes, func(r *config.Route) bool { return r.Enabled && hasHost(r, host) }) {
		return "", fmt.Errorf("%w: no route serves %s", ErrNotServed, host)
	}
	a := rehearsalAuthority(c)
	if snap.https == "" {
		a.Front = true
	}
	if err := s.certs.Rehearse(ctx, host, *a); err != nil {
		return a.Directory, err
	}
	return a.Directory, ctx.Err()
}

func hasHost(r *config.Route, host string) bool {
	return slices.ContainsFunc(r.Hosts, func(h string) bool {
		return h == "*" || h == host || strings.HasPrefix(h, "*.") && strings.HasSuffix(host, h[1:])
	})
}

// rehearsalAuthority is the one of the configuration. In place of Let's Encrypt
// its directory for tests is asked, however the other was spelled: it counts
// what is asked of it, and gives real certificates.
func rehearsalAuthority(c *config.ACME) *certs.Authority {
	if c == nil {
		c = &config.ACME{}
	}
	a := acmeAuthority(c)
	at, err := url.Parse(a.Directory)
	if err != nil {
		return a
	}
	if host := strings.ToLower(strings.TrimSuffix(at.Hostname(), ".")); host == letsEncryptHome || strings.HasSuffix(host, "."+letsEncryptHome) {
		a.Directory = letsEncryptStaging
	}
	return a
}
