package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"forge.home.arpa/portico/config"
)

// desec deletes the record of a family that an update leaves out, so a missing
// one is asked to be preserved.
type desec struct {
	zoneAPI
}

func newDeSEC(c *config.DDNS, cl *client) provider { return &desec{newZoneAPI(c, cl)} }

func (p *desec) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	replies := make([]Reply, len(names))
	for i, n := range names {
		replies[i] = replyOf(p.update(ctx, n, a), "good")
	}
	return replies
}

func (p *desec) update(ctx context.Context, n Name, addrs Addresses) error {
	q := url.Values{"hostname": {n.FQDN}, "myipv4": {orPreserve(addrs.V4)}, "myipv6": {orPreserve(addrs.V6)}}
	a, err := p.submit(ctx, p.at("https://update.dedyn.io", "/?"+q.Encode()), func(r *http.Request) {
		r.SetBasicAuth(n.FQDN, p.token)
	})
	switch {
	case err != nil:
		return err
	case a.ok() && a.text() == "good":
		return nil
	case a.ok():
		return retry(a.said())
	}
	return statusRefusal(a, "")
}

func orPreserve(a netip.Addr) string {
	if a.IsValid() {
		return a.String()
	}
	return "preserve"
}

// desecRecords is a set of records in the service's API; an empty one is
// removed.
type desecRecords struct {
	Subname string   `json:"subname"`
	Type    string   `json:"type"`
	TTL     int      `json:"ttl"`
	Records []string `json:"records"`
}

func (p *desec) addTXT(ctx context.Context, n Name, value string) error {
	return p.setTXT(ctx, n, []string{strconv.Quote(value)})
}

func (p *desec) removeTXT(ctx context.Context, n Name, _ string) error {
	return p.setTXT(ctx, n, []string{})
}

func (p *desec) setTXT(ctx context.Context, n Name, values []string) error {
	const leastTTL = 3600 // the service takes no less
	zone, subname := p.place(n)
	if subname == "@" {
		subname = ""
	}
	list := []desecRecords{{Subname: subname, Type: "TXT", TTL: leastTTL, Records: values}}
	a, err := p.call(ctx, http.MethodPatch, p.at("https://desec.io", "/api/v1/domains/"+url.PathEscape(zone)+"/rrsets/"),
		list, nil, func(r *http.Request) { r.Header.Set("Authorization", "Token "+p.token) })
	switch {
	case err != nil:
		return err
	case !a.ok():
		return statusRefusal(a, "")
	case !a.isJSON():
		return retry("an answer that is none of the API's: " + a.said())
	}
	return nil
}
