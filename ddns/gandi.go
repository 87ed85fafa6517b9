package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"forge.home.arpa/portico/config"
)

// gandi keeps the records of a name and type as one set.
type gandi struct{ zoneAPI }

func newGandi(c *config.DDNS, cl *client) provider { return eachRecord{&gandi{newZoneAPI(c, cl)}} }

type gandiSet struct {
	Values []string `json:"rrset_values"`
	TTL    int      `json:"rrset_ttl,omitempty"`
}

// gandiTTL is the least that the service takes, in seconds.
const gandiTTL = 300

func (p *gandi) ask(ctx context.Context, method string, n Name, kind string, body, into any) (*answer, error) {
	zone, label := p.place(n)
	return p.call(ctx, method, p.at("https://api.gandi.net", "/v5/livedns"+in("domains", zone, "records", label, kind)),
		body, into, bearer(p.token))
}

func (p *gandi) put(ctx context.Context, n Name, kind string, values []string) error {
	var reply struct {
		Message string `json:"message"` // of a success too
	}
	a, err := p.ask(ctx, http.MethodPut, n, kind, gandiSet{values, gandiTTL}, &reply)
	switch {
	case err != nil:
		return err
	case !a.ok():
		return statusRefusal(a, a.quote(reply.Message))
	case reply.Message == "":
		return retry("an answer that is none of the API's: " + a.said())
	}
	return nil
}

func (p *gandi) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	return p.put(ctx, n, kind, []string{addr.String()})
}

// texts are the values that stand; a name without any has none.
func (p *gandi) texts(ctx context.Context, n Name) ([]string, error) {
	var set gandiSet
	a, err := p.ask(ctx, http.MethodGet, n, "TXT", nil, &set)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNotFound:
		return nil, nil
	case !a.ok():
		return nil, statusRefusal(a, "")
	case !a.isJSON():
		return nil, retry("an answer that is none of the API's: " + a.said())
	}
	return set.Values, nil
}

func (p *gandi) addTXT(ctx context.Context, n Name, value string) error {
	values, err := p.texts(ctx, n)
	if err != nil {
		return err
	}
	return p.put(ctx, n, "TXT", append(values, quoted(value)))
}

func (p *gandi) removeTXT(ctx context.Context, n Name, value string) error {
	values, err := p.texts(ctx, n)
	if err != nil {
		return err
	}
	values = slices.DeleteFunc(values, func(v string) bool { return v == quoted(value) || v == value })
	if len(values) > 0 {
		return p.put(ctx, n, "TXT", values)
	}
	a, err := p.ask(ctx, http.MethodDelete, n, "TXT", nil, nil)
	if err == nil && !a.ok() && a.status != http.StatusNotFound {
		err = statusRefusal(a, "")
	}
	return err
}
