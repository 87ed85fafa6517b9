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

func newFreeDNS(c *config.DDNS, cl *client) provider {
	return eachRecord{&freedns{cl, c.Token.Reveal()}}
}

func (p *freedns) set(ctx context.Context, _ Name, kind string, addr netip.Addr) error {
	base := "https://sync.afraid.org"
	if kind == "AAAA" {
		base = "https://v6.sync.afraid.org"
	}
	a, err := p.get(ctx, p.at(base, "/u/"+url.PathEscape(p.token)+"/?address="+url.QueryEscape(addr.String())), nil)
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
