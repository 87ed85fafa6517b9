package ddns

import (
	"context"
	"net/url"
	"strings"

	"forge.home.arpa/portico/config"
)

// duckdns takes all names of a token at once.
type duckdns struct {
	*client
	token string
}

func newDuckDNS(c *config.DDNS, cl *client) provider { return &duckdns{cl, c.Token.Reveal()} }

func (p *duckdns) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = p.short(n)
	}
	q := url.Values{"domains": {strings.Join(list, ",")}, "verbose": {"true"}}
	if a.V4.IsValid() {
		q.Set("ip", a.V4.String())
	}
	if a.V6.IsValid() {
		q.Set("ipv6", a.V6.String())
	}
	return all(names, replyOf(p.update(ctx, q), "OK"))
}

// short is the name as the service knows it: below its own domain, or the one
// of the table. What lies below it follows by itself.
func (p *duckdns) short(n Name) string {
	rest, ours := strings.CutSuffix(n.FQDN, ".duckdns.org")
	if !ours && n.Domain != "" {
		rest = n.Label
	}
	return rest[strings.LastIndexByte(rest, '.')+1:]
}

func (p *duckdns) update(ctx context.Context, q url.Values) error {
	q.Set("token", p.token)
	a, err := p.submit(ctx, p.at("https://www.duckdns.org", "/update?"+q.Encode()), nil)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(a.text(), "\n")
	switch word := strings.TrimSpace(first); {
	case !a.ok():
		return statusRefusal(a, "")
	case word == "OK":
		return nil
	case word == "KO":
		return stop("KO: the token or a name is wrong")
	}
	return retry(a.said())
}

func (p *duckdns) addTXT(ctx context.Context, n Name, value string) error {
	return p.update(ctx, url.Values{"domains": {p.short(n)}, "txt": {value}})
}

func (p *duckdns) removeTXT(ctx context.Context, n Name, value string) error {
	return p.update(ctx, url.Values{"domains": {p.short(n)}, "txt": {value}, "clear": {"true"}})
}
