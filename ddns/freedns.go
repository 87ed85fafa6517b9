package ddns

import (
	"context"
	"net/netip"
	"net/url"
	"strings"

	"forge.home.arpa/portico/config"
)

// freedns has a token for each name, and a host for each family.
type freedns struct {
	*client
	token string
}

func newFreeDNS(c *config.DDNS, cl *client) provider { return &freedns{cl, c.Token.Reveal()} }

// publish takes the first name only: the token says which one is meant, whatever
// is asked for, so that another would be called published and is not.
func (p *freedns) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	rest := all(names[1:], Reply{Class: Stop, Words: "a token of freedns is for one name: give each a [ddns] table of its own"})
	return append(eachRecord{p}.publish(ctx, names[:1], a), rest...)
}

func (p *freedns) set(ctx context.Context, _ Name, kind string, addr netip.Addr) error {
	base := "https://sync.afraid.org"
	if kind == "AAAA" {
		base = "https://v6.sync.afraid.org"
	}
	a, err := p.submit(ctx, p.at(base, "/u/"+url.PathEscape(p.token)+"/?address="+url.QueryEscape(addr.String())), nil)
	if err != nil {
		return err
	}
	switch text := a.text(); {
	case !a.ok():
		return statusRefusal(a, "")
	case strings.HasPrefix(text, "Updated"), strings.HasPrefix(text, "No IP change detected"):
		return nil
	case strings.HasPrefix(text, "ERROR"):
		return stop(a.said())
	}
	return retry(a.said())
}
