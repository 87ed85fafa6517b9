package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"forge.home.arpa/portico/config"
)

// cloudflare changes a record by PATCH: a PUT would switch its proxy off.
type cloudflare struct{ zoneAPI }

func newCloudflare(c *config.DDNS, cl *client) provider {
	return eachRecord{&cloudflare{newZoneAPI(c, cl)}}
}

type cloudflareRecord struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type,omitempty"`
	Name    string `json:"name,omitempty"`
	Content string `json:"content,omitempty"`
	TTL     int    `json:"ttl,omitempty"`
}

// ask calls the API; into takes the result.
func (p *cloudflare) ask(ctx context.Context, method, path string, body, result any) error {
	var reply struct {
		Success bool `json:"success"`
		Errors  []struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
		Result any `json:"result"`
	}
	reply.Result = result
	a, err := p.call(ctx, method, p.at("https://api.cloudflare.com/client/v4", path), body, &reply, bearer(p.token))
	switch {
	case err != nil:
		return err
	case a.ok() && reply.Success:
		return nil
	}
	words := ""
	for _, e := range reply.Errors {
		words += strconv.Itoa(e.Code) + " " + e.Message + " "
	}
	switch {
	case !a.ok():
		return statusRefusal(a, a.quote(words))
	case words == "": // a page that somebody puts before the API
		return retry(a.said())
	}
	return stop(a.quote(words))
}

func (p *cloudflare) zoneID(ctx context.Context, zone string) (string, error) {
	var zones []struct {
		ID string `json:"id"`
	}
	if err := p.ask(ctx, http.MethodGet, "/zones?name="+url.QueryEscape(zone), nil, &zones); err != nil {
		return "", err
	}
	if len(zones) == 0 {
		return "", stop("the token sees no zone " + zone + ": name the one that holds it (zone), or let the token read it")
	}
	return zones[0].ID, nil
}

func (p *cloudflare) records(ctx context.Context, n Name, kind string) (path string, list []cloudflareRecord, err error) {
	zone, _ := p.place(n)
	id, err := p.zoneID(ctx, zone)
	if err != nil {
		return "", nil, err
	}
	path = in("zones", id, "dns_records")
	err = p.ask(ctx, http.MethodGet, path+"?type="+kind+"&name="+url.QueryEscape(n.FQDN), nil, &list)
	return path, list, err
}

func (p *cloudflare) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	path, list, err := p.records(ctx, n, kind)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return p.create(ctx, path, n, kind, addr.String())
	}
	if list[0].Content == addr.String() {
		return nil
	}
	return p.ask(ctx, http.MethodPatch, path+in(list[0].ID), cloudflareRecord{Content: addr.String()}, nil)
}

func (p *cloudflare) create(ctx context.Context, path string, n Name, kind, content string) error {
	const automatic = 1
	return p.ask(ctx, http.MethodPost, path, cloudflareRecord{Type: kind, Name: n.FQDN, Content: content, TTL: automatic}, nil)
}

// published reads the record from the API: a proxied one answers with
// Cloudflare's own addresses in the DNS.
func (p *cloudflare) published(ctx context.Context, n Name, kind string) (netip.Addr, error) {
	_, list, err := p.records(ctx, n, kind)
	if err != nil || len(list) == 0 {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(list[0].Content)
}

func (p *cloudflare) addTXT(ctx context.Context, n Name, value string) error {
	path, _, err := p.records(ctx, n, "TXT")
	if err != nil {
		return err
	}
	return p.create(ctx, path, n, "TXT", quoted(value))
}

func (p *cloudflare) removeTXT(ctx context.Context, n Name, value string) error {
	path, list, err := p.records(ctx, n, "TXT")
	for _, r := range list {
		if err == nil && (r.Content == value || r.Content == quoted(value)) {
			err = p.ask(ctx, http.MethodDelete, path+in(r.ID), nil, nil)
		}
	}
	return err
}
