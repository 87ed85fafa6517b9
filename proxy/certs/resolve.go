package certs

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// dnsTime bounds one question, and lookTime all of them about a name.
const (
	dnsTime  = 2 * time.Second
	lookTime = 20 * time.Second
)

// Resolver is who is asked about our names: host:port of a server, "" for the
// servers of their zones. The system's resolver is asked for those only: in a
// home it may be one that answers 192.168.x.
type Resolver string

// Published are the addresses that the world is told of a name.
func (r Resolver) Published(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	for range maxAliases {
		list, alias, err := r.addresses(ctx, host)
		if err != nil || len(list) > 0 || alias == "" {
			return list, err
		}
		host = alias // whose zone is another, with servers of its own
	}
	return nil, fmt.Errorf("the names in the DNS lead from one to the next and to no address, last to %s", host)
}

// maxAliases bounds how many names lead to one another (RFC 1034 section
// 3.6.2).
const maxAliases = 8

// addresses asks about one name; alias is where it leads, if not to an address.
// What leads inside a home is asked of others too: the world is told another
// thing.
func (r Resolver) addresses(ctx context.Context, host string) (list []netip.Addr, alias string, err error) {
	own, others := r.servers(ctx, host)
	for _, server := range slices.Concat(own, others) {
		found, leads, failed := addressesAt(ctx, server, host)
		switch {
		case failed != nil && len(list) == 0:
			err = failed
		case failed != nil:
		case slices.ContainsFunc(found, isHome) && len(others) > 0:
			list, err = found, nil
		default:
			return found, leads, nil
		}
	}
	return list, "", err
}

// addressesAt asks one server.
func addressesAt(ctx context.Context, server, host string) (list []netip.Addr, alias string, err error) {
	for _, kind := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
		records, err := ask(ctx, server, host, kind)
		if err != nil {
			return nil, "", err
		}
		for _, rr := range records {
			if a, ok := addressOf(rr); ok {
				list = append(list, a)
			} else if c, ok := rr.(*dns.CNAME); ok {
				alias = strings.TrimSuffix(c.Target, ".")
			}
		}
	}
	return list, alias, nil
}

func addressOf(rr dns.RR) (netip.Addr, bool) {
	switch r := rr.(type) {
	case *dns.A:
		a, ok := netip.AddrFromSlice(r.A)
		return a.Unmap(), ok
	case *dns.AAAA:
		return netip.AddrFromSlice(r.AAAA)
	}
	return netip.Addr{}, false
}

// publicServers are asked where the system's resolver does not tell who serves a
// zone, or those do not answer: a home may have a zone of the same name inside,
// and a router may let nothing out to the servers of others.
var publicServers = []string{"1.1.1.1:53", "9.9.9.9:53"}

// servers are those to ask about a name, as host:port: with authority, and any
// that may be asked after them.
func (r Resolver) servers(ctx context.Context, host string) (own, others []string) {
	if r != "" {
		return []string{string(r)}, nil
	}
	for zone := strings.TrimPrefix(host, "*."); strings.Contains(zone, "."); {
		if list, err := net.DefaultResolver.LookupNS(ctx, zone); err == nil && len(list) > 0 {
			own = make([]string, len(list))
			for n, ns := range list {
				own[n] = net.JoinHostPort(strings.TrimSuffix(ns.Host, "."), "53")
			}
			return own, publicServers
		}
		_, zone, _ = strings.Cut(zone, ".")
	}
	return publicServers, nil
}

func ask(ctx context.Context, server, host string, kind uint16) ([]dns.RR, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(host), kind)
	reply, err := exchange(ctx, m, server)
	switch {
	case err != nil:
		return nil, fmt.Errorf("asking %s about %s: %w", server, host, err)
	case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("%s says %s of %s", server, dns.RcodeToString[reply.Rcode], host)
	}
	return reply.Answer, nil
}

func exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	c := dns.Client{Timeout: dnsTime}
	reply, _, err := c.ExchangeContext(ctx, m, server)
	if err == nil && !reply.Truncated {
		return reply, nil
	}
	c.Net = "tcp"
	reply, _, err = c.ExchangeContext(ctx, m, server)
	return reply, err
}

// seesTXT tells whether every server of the zone that answers publishes a value.
// sure says that one did: others may remember that there was none.
func (r Resolver) seesTXT(ctx context.Context, fqdn, value string) (seen, sure bool) {
	own, others := r.servers(ctx, fqdn)
	seen, answered := seenAt(ctx, own, fqdn, value)
	return seen, answered && len(others) > 0
}

// seenAt asks servers until one that answers has it not.
func seenAt(ctx context.Context, servers []string, fqdn, value string) (seen, answered bool) {
	for _, server := range servers {
		records, err := ask(ctx, server, fqdn, dns.TypeTXT)
		if err != nil {
			continue
		}
		answered = true
		seen = slices.ContainsFunc(records, func(rr dns.RR) bool {
			txt, ok := rr.(*dns.TXT)
			return ok && strings.Join(txt.Txt, "") == value
		})
		if !seen {
			break
		}
	}
	return seen, answered
}
