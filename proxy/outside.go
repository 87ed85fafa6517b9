package proxy

import (
	"context"
	"net/netip"
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

// IsHomeName tells a host that the world knows nothing of: every home may have
// it, or it is an address.
func IsHomeName(host string) bool { return isHomeName(host) }

// BuiltAt is a time that has passed for certain: a clock before it is wrong.
func BuiltAt() time.Time { return builtAt() }

// ErrNotServed says that Rehearse asked nobody.
var ErrNotServed = certs.ErrNotServed

// Rehearse has an authority validate a host from outside and throws away what
// comes of it. It asks Let's Encrypt's directory for tests, or the one that the
// configuration names; that one is returned.
func (s *Server) Rehearse(ctx context.Context, c *config.ACME, host string) (directory string, err error) {
	if c == nil {
		c = &config.ACME{}
	}
	a := acmeAuthority(c)
	if a.Directory == letsEncrypt {
		a.Directory = letsEncryptStaging
	}
	if err := s.certs.Rehearse(ctx, host, *a); err != nil {
		return a.Directory, err
	}
	return a.Directory, ctx.Err()
}
