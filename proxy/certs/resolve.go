package certs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// dnsTime bounds one question.
const dnsTime = 5 * time.Second

// Resolver is who is asked about our names: host:port of a server, "" for the
// servers of their zones. The system's resolver is never asked: in a home it
// may be one that answers 192.168.x.
type Resolver string

// Published are the addresses that the world is told of a name.
func (r Resolver) Published(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*dnsTime)
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
func (r Resolver) addresses(ctx context.Context, host string) (list []netip.Addr, alias string, err error) {
	servers, err := r.servers(ctx, host)
	if err != nil {
		return nil, "", err
	}
	for _, kind := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
		records, err := askAny(ctx, servers, host, kind)
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

// servers are those to ask about a name, as host:port.
func (r Resolver) servers(ctx context.Context, host string) ([]string, error) {
	if r != "" {
		return []string{string(r)}, nil
	}
	for zone := strings.TrimPrefix(host, "*."); strings.Contains(zone, "."); {
		if list, err := net.DefaultResolver.LookupNS(ctx, zone); err == nil && len(list) > 0 {
			servers := make([]string, len(list))
			for n, ns := range list {
				servers[n] = net.JoinHostPort(strings.TrimSuffix(ns.Host, "."), "53")
			}
			return servers, nil
		}
		_, zone, _ = strings.Cut(zone, ".")
	}
	return nil, fmt.Errorf("the DNS does not say who serves %s: is the domain registered, and this machine online?", host)
}

// askAny asks until a server answers.
func askAny(ctx context.Context, servers []string, host string, kind uint16) ([]dns.RR, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(host), kind)
	last := errors.New("no server of names could be asked about " + host)
	for _, server := range servers {
		reply, err := exchange(ctx, m, server)
		switch {
		case err != nil:
			last = fmt.Errorf("asking %s about %s: %w", server, host, err)
		case reply.Rcode == dns.RcodeSuccess, reply.Rcode == dns.RcodeNameError:
			return reply.Answer, nil
		default:
			last = fmt.Errorf("%s says %s of %s", server, dns.RcodeToString[reply.Rcode], host)
		}
	}
	return nil, last
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

// seesTXT tells whether every server of the zone publishes a value.
func (r Resolver) seesTXT(ctx context.Context, fqdn, value string) bool {
	servers, err := r.servers(ctx, fqdn)
	if err != nil {
		return false
	}
	for _, server := range servers {
		records, err := askAny(ctx, []string{server}, fqdn, dns.TypeTXT)
		if err != nil || !slices.ContainsFunc(records, func(rr dns.RR) bool {
			txt, ok := rr.(*dns.TXT)
			return ok && strings.Join(txt.Txt, "") == value
		}) {
			return false
		}
	}
	return true
}
