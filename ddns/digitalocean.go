package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"forge.home.arpa/portico/config"
)

type digitalOcean struct{ zoneAPI }

func newDigitalOcean(c *config.DDNS, cl *client) provider {
	return eachRecord{&digitalOcean{newZoneAPI(c, cl)}}
}

type digitalOceanRecord struct {
	ID   int64  `json:"id,omitempty"`
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
	Data string `json:"data"`
	TTL  int    `json:"ttl,omitempty"`
}

func (p *digitalOcean) ask(ctx context.Context, method, path string, body, into any) error {
	var failure struct {
		ID      string `json:"id"`
		Message string `json:"message"`
	}
	a, err := p.call(ctx, method, p.at("https://api.digitalocean.com", path), body, into, bearer(p.token))
	switch {
	case err != nil:
		return err
	case a.ok() && (a.isJSON() || a.status == http.StatusNoContent && method == http.MethodDelete):
		return nil
	case a.ok():
		return retry("an answer that is none of the API's: " + a.said())
	}
	a.json(&failure)
	return statusRefusal(a, a.quote(failure.Message))
}

func (p *digitalOcean) records(ctx context.Context, n Name, kind string) (path, label string, list []digitalOceanRecord, err error) {
	zone, label := p.place(n)
	path = "/v2" + in("domains", zone, "records")
	var reply struct {
		Records *[]digitalOceanRecord `json:"domain_records"`
	}
	err = p.ask(ctx, http.MethodGet, path+"?name="+url.QueryEscape(n.FQDN)+"&type="+kind, nil, &reply)
	if err == nil && reply.Records == nil {
		err = retry("an answer without records")
	}
	if err != nil {
		return "", "", nil, err
	}
	return path, label, *reply.Records, nil
}

func (p *digitalOcean) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	path, label, list, err := p.records(ctx, n, kind)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return p.create(ctx, path, label, kind, addr.String())
	case list[0].Data == addr.String():
		return nil
	}
	return p.write(ctx, http.MethodPatch, path+in(strconv.FormatInt(list[0].ID, 10)), digitalOceanRecord{Type: kind, Data: addr.String()})
}

func (p *digitalOcean) create(ctx context.Context, path, label, kind, data string) error {
	return p.write(ctx, http.MethodPost, path, digitalOceanRecord{Type: kind, Name: label, Data: data, TTL: 300})
}

// write changes a record; the API shows the record that came of it.
func (p *digitalOcean) write(ctx context.Context, method, path string, r digitalOceanRecord) error {
	var reply struct {
		Record *digitalOceanRecord `json:"domain_record"`
	}
	err := p.ask(ctx, method, path, r, &reply)
	if err == nil && reply.Record == nil {
		err = retry("an answer without the record")
	}
	return err
}

func (p *digitalOcean) published(ctx context.Context, n Name, kind string) (netip.Addr, error) {
	_, _, list, err := p.records(ctx, n, kind)
	if err != nil || len(list) == 0 {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(list[0].Data)
}

func (p *digitalOcean) addTXT(ctx context.Context, n Name, value string) error {
	zone, label := p.place(n)
	return p.create(ctx, "/v2"+in("domains", zone, "records"), label, "TXT", value)
}

func (p *digitalOcean) removeTXT(ctx context.Context, n Name, value string) error {
	path, _, list, err := p.records(ctx, n, "TXT")
	for _, r := range list {
		if err == nil && r.Data == value {
			err = p.ask(ctx, http.MethodDelete, path+in(strconv.FormatInt(r.ID, 10)), nil, nil)
		}
	}
	return err
}
