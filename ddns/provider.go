package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/config"
)

// Addresses are what names are published at; an invalid one is not published.
type Addresses struct{ V4, V6 netip.Addr }

// Has tells whether there is anything to publish.
func (a Addresses) Has() bool { return a.V4.IsValid() || a.V6.IsValid() }

// has tells whether addr is one of them.
func (a Addresses) has(addr netip.Addr) bool { return addr.IsValid() && (addr == a.V4 || addr == a.V6) }

// each calls do for each address there is, with the type of its record.
func (a Addresses) each(do func(kind string, addr netip.Addr)) {
	if a.V4.IsValid() {
		do("A", a.V4)
	}
	if a.V6.IsValid() {
		do("AAAA", a.V6)
	}
}

// Name is a name in a domain that a provider serves.
type Name struct {
	FQDN   string // without final dot
	Domain string // that the provider knows as a zone; "" where it knows names only
	Label  string // of FQDN within Domain, "@" for itself
}

// name cuts fqdn at its domain.
func name(fqdn, domain string) Name {
	n := Name{FQDN: fqdn, Domain: domain, Label: "@"}
	if domain != "" && fqdn != domain {
		n.Label = strings.TrimSuffix(fqdn, "."+domain)
	}
	return n
}

// provider speaks one service's protocol.
type provider interface {
	// publish brings names to the addresses and returns a reply for each.
	publish(ctx context.Context, names []Name, a Addresses) []Reply
}

// choosy is a provider that does not publish every family.
type choosy interface {
	// takes is what it publishes of the addresses.
	takes(a Addresses) Addresses
}

// reader is a provider that tells what it publishes; an invalid address for
// none.
type reader interface {
	published(ctx context.Context, n Name, kind string) (netip.Addr, error)
}

// texter is a provider that can also publish a TXT record (RFC 8555 section
// 8.4).
type texter interface {
	addTXT(ctx context.Context, n Name, value string) error
	removeTXT(ctx context.Context, n Name, value string) error
}

// services make a provider of a [ddns.NAME] table.
var services = map[string]func(*config.DDNS, *client) provider{
	"namecheap":    newNamecheap,
	"dyndns2":      newDynDNS2,
	"duckdns":      newDuckDNS,
	"freedns":      newFreeDNS,
	"desec":        newDeSEC,
	"cloudflare":   newCloudflare,
	"digitalocean": newDigitalOcean,
	"gandi":        newGandi,
	"hetzner":      newHetzner,
	"porkbun":      newPorkbun,
	"rfc2136":      newRFC2136,
	"url":          newURL,
}

// newProvider makes the provider of an account; transport carries its requests,
// and zone tells what is published.
func newProvider(c *config.DDNS, transport http.RoundTripper, zone lookUp) provider {
	cl := &client{http: &http.Client{Transport: transport, CheckRedirect: stayThere}, zone: zone}
	if c.Provider != "rfc2136" {
		cl.base = c.Server
	}
	for _, s := range []config.Secret{c.Password, c.Token, c.Key, c.Secret} {
		cl.secrets = append(cl.secrets, s.Reveal())
	}
	if make := services[c.Provider]; make != nil {
		return make(c, cl)
	}
	return newMember(c, cl)
}

// stayThere follows no redirect: a provider's API has none, and a password in
// the query must not travel to another host.
func stayThere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// setter is a provider that sets one record at a time.
type setter interface {
	set(ctx context.Context, n Name, kind string, addr netip.Addr) error
}

// eachRecord publishes through a setter: every record on its own, so that one
// that fails takes no other with it.
type eachRecord struct{ setter }

func (e eachRecord) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	replies := make([]Reply, len(names))
	for i, n := range names {
		a.each(func(kind string, addr netip.Addr) {
			replies[i] = worse(replies[i], replyOf(e.set(ctx, n, kind, addr), "published"))
		})
		if replies[i].Words == "" {
			replies[i].Words = "published"
		}
	}
	return replies
}

// all gives every name the same reply.
func all(names []Name, r Reply) []Reply {
	replies := make([]Reply, len(names))
	for i := range replies {
		replies[i] = r
	}
	return replies
}
