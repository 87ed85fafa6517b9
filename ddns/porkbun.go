package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
)

// porkbun carries its keys in the body and is asked one thing at a time.
type porkbun struct {
	zoneAPI
	key, secret string
}

func newPorkbun(c *config.DDNS, cl *client) provider {
	return eachRecord{&porkbun{newZoneAPI(c, cl), c.Key.Reveal(), c.Secret.Reveal()}}
}

type porkbunRecord struct {
	Content string `json:"content"`
}

type porkbunReply struct {
	Status  string          `json:"status"`
	Message string          `json:"message"`
	Records []porkbunRecord `json:"records"`
}

func (p *porkbun) ask(ctx context.Context, action, path string, more map[string]string) (*porkbunReply, error) {
	body := map[string]string{"apikey": p.key, "secretapikey": p.secret}
	for k, v := range more {
		body[k] = v
	}
	var r porkbunReply
	a, err := p.call(ctx, http.MethodPost, p.at("https://api.porkbun.com", "/api/json/v3/dns/"+action+path), body, &r, nil)
	switch {
	case err != nil:
		return nil, err
	case a.ok() && r.Status == "SUCCESS":
		return &r, nil
	case r.Status == "ERROR" && !strings.Contains(strings.ToLower(r.Message), "try again") && a.status < 500 && a.status != http.StatusTooManyRequests:
		return nil, stop(a.quote(r.Message))
	case a.ok():
		return nil, retry(a.said())
	}
	return nil, statusRefusal(a, a.quote(r.Message))
}

// of is the path of a name's records; the domain's own have no last part.
func (p *porkbun) of(n Name, kind string) string {
	zone, label := p.place(n)
	if label == "@" {
		return in(zone, kind)
	}
	return in(zone, kind) + in(label)
}

func (p *porkbun) records(ctx context.Context, n Name, kind string) ([]porkbunRecord, error) {
	r, err := p.ask(ctx, "retrieveByNameType", p.of(n, kind), nil)
	if err != nil {
		return nil, err
	}
	return r.Records, nil
}

func (p *porkbun) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	list, err := p.records(ctx, n, kind)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return p.create(ctx, n, kind, addr.String())
	}
	if slices.Contains(list, porkbunRecord{addr.String()}) && len(list) == 1 {
		return nil // the service calls an edit without a change an error
	}
	_, err = p.ask(ctx, "editByNameType", p.of(n, kind), map[string]string{"content": addr.String(), "ttl": "600"})
	return err
}

func (p *porkbun) create(ctx context.Context, n Name, kind, content string) error {
	zone, label := p.place(n)
	if label == "@" {
		label = ""
	}
	_, err := p.ask(ctx, "create", in(zone), map[string]string{"name": label, "type": kind, "content": content, "ttl": "600"})
	return err
}

func (p *porkbun) published(ctx context.Context, n Name, kind string) (netip.Addr, error) {
	list, err := p.records(ctx, n, kind)
	if err != nil || len(list) == 0 {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(list[0].Content)
}

func (p *porkbun) addTXT(ctx context.Context, n Name, value string) error {
	return p.create(ctx, n, "TXT", value)
}

// removeTXT takes all of the name's: it is one that only challenges use.
func (p *porkbun) removeTXT(ctx context.Context, n Name, _ string) error {
	_, err := p.ask(ctx, "deleteByNameType", p.of(n, "TXT"), nil)
	return err
}
