package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"forge.home.arpa/portico/config"
)

// hetzner answers with an action that ends later.
type hetzner struct{ zoneAPI }

func newHetzner(c *config.DDNS, cl *client) provider {
	return eachRecord{&hetzner{newZoneAPI(c, cl)}}
}

type hetznerRecord struct {
	Value string `json:"value"`
}

type hetznerAction struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
	Error  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// actionWait is how often an action is looked at, and actionTime how long.
const (
	actionWait = 500 * time.Millisecond
	actionTime = 20 * time.Second
)

// ask calls the API and waits for the action that it begins.
func (p *hetzner) ask(ctx context.Context, method, path string, body any) error {
	var reply struct {
		Action *hetznerAction `json:"action"`
	}
	a, err := p.call(ctx, method, p.at("https://api.hetzner.cloud/v1", path), body, &reply, bearer(p.token))
	switch {
	case err != nil:
		return err
	case !a.ok():
		return p.refusal(a)
	case reply.Action == nil:
		return retry("an answer without an action: " + a.said())
	}
	return p.await(ctx, reply.Action)
}

func (p *hetzner) refusal(a *answer) error {
	var failure struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	a.json(&failure)
	words := ""
	if failure.Error.Message != "" {
		words = a.quote(failure.Error.Code + ": " + failure.Error.Message)
	}
	if a.status == http.StatusNotFound {
		return &notFound{statusRefusal(a, words)}
	}
	return statusRefusal(a, words)
}

// notFound is a refusal that says that something does not exist.
type notFound struct{ error }

func (e *notFound) Unwrap() error { return e.error }

func (p *hetzner) await(ctx context.Context, act *hetznerAction) error {
	ctx, cancel := context.WithTimeout(ctx, actionTime)
	defer cancel()
	for {
		switch act.Status {
		case "success":
			return nil
		case "error":
			words := "the action failed"
			if act.Error != nil {
				words = clean(p.hide(act.Error.Code + ": " + act.Error.Message))
			}
			return retry(words)
		}
		if sleep(ctx, actionWait) != nil {
			return unconfirmed("the action has not ended")
		}
		var err error
		if act, err = p.look(ctx, act.ID); err != nil {
			return err
		}
	}
}

// look asks how an action stands. It was accepted: who does not tell leaves it
// open how it ends.
func (p *hetzner) look(ctx context.Context, id int64) (*hetznerAction, error) {
	var reply struct {
		Action hetznerAction `json:"action"`
	}
	a, err := p.call(ctx, http.MethodGet, p.at("https://api.hetzner.cloud/v1", in("actions", strconv.FormatInt(id, 10))),
		nil, &reply, bearer(p.token))
	switch {
	case err != nil:
		return nil, unconfirmed(err.Error())
	case !a.ok():
		return nil, unconfirmed(p.refusal(a).Error())
	}
	reply.Action.ID = id
	return &reply.Action, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (p *hetzner) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	return p.put(ctx, n, kind, []hetznerRecord{{addr.String()}})
}

// put replaces a set of records, or makes it.
func (p *hetzner) put(ctx context.Context, n Name, kind string, records []hetznerRecord) error {
	zone, label := p.place(n)
	err := p.ask(ctx, http.MethodPost, in("zones", zone, "rrsets", label, kind, "actions", "set_records"),
		map[string]any{"records": records})
	if _, absent := err.(*notFound); !absent {
		return err
	}
	return p.ask(ctx, http.MethodPost, in("zones", zone, "rrsets"),
		map[string]any{"name": label, "type": kind, "ttl": 300, "records": records})
}

// texts are the values that stand.
func (p *hetzner) texts(ctx context.Context, n Name) ([]hetznerRecord, error) {
	zone, label := p.place(n)
	var reply struct {
		Set struct {
			Records []hetznerRecord `json:"records"`
		} `json:"rrset"`
	}
	a, err := p.call(ctx, http.MethodGet, p.at("https://api.hetzner.cloud/v1", in("zones", zone, "rrsets", label, "TXT")),
		nil, &reply, bearer(p.token))
	if err == nil && !a.ok() && a.status != http.StatusNotFound {
		err = p.refusal(a)
	}
	return reply.Set.Records, err
}

func (p *hetzner) addTXT(ctx context.Context, n Name, value string) error {
	list, err := p.texts(ctx, n)
	if err != nil {
		return err
	}
	return p.put(ctx, n, "TXT", append(list, hetznerRecord{quoted(value)}))
}

func (p *hetzner) removeTXT(ctx context.Context, n Name, value string) error {
	list, err := p.texts(ctx, n)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r hetznerRecord) bool { return r.Value == quoted(value) || r.Value == value })
	if len(list) > 0 {
		return p.put(ctx, n, "TXT", list)
	}
	zone, label := p.place(n)
	err = p.ask(ctx, http.MethodDelete, in("zones", zone, "rrsets", label, "TXT"), nil)
	if _, absent := err.(*notFound); absent {
		return nil
	}
	return err
}
