package ddns

import (
	"context"
	"net/netip"
	"time"
)

// driftEvery is how often the zone's own servers are asked what they publish.
const driftEvery = time.Hour

// driftTime bounds the look at all names of a table.
const driftTime = time.Minute

// lookForDrift compares what is published with what was accepted; somebody else
// may have changed it.
func (a *account) lookForDrift(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, driftTime)
	defer cancel()
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		if e.Class != OK || e.OK.IsZero() {
			continue
		}
		switch e.Drifted = a.drifted(ctx, n, e); {
		case !e.Drifted:
			delete(a.vain, n.FQDN)
		case a.vain.again(n.FQDN):
			a.log.Info("the zone publishes another address: it is set again", "name", n.FQDN)
			a.service.memory.learn(a.DDNS, n.FQDN, e)
		}
	}
}

// repairs counts those of a name after which the zone still published something
// else: a record that no update changes must not bring one each hour.
type repairs map[string]*repair

type repair struct{ done, skip int }

// again tells whether to repair once more: at the first look, then after 1, 2, 4
// and so on, up to a day's.
func (r repairs) again(fqdn string) bool {
	if r[fqdn] == nil {
		r[fqdn] = &repair{}
	}
	now := r[fqdn]
	if now.skip > 0 {
		now.skip--
		return false
	}
	now.skip = min(1<<now.done, 24) - 1
	now.done = min(now.done+1, 5)
	return true
}

// drifted asks the zone's servers, and where they say something else the
// provider's own API, if it has one: a proxied record answers with the proxy's
// addresses. Who cannot be asked has not drifted.
func (a *account) drifted(ctx context.Context, n Name, e entry) bool {
	published, err := a.service.lookup(ctx, n)
	if err != nil || published.cover(e.accepted()) {
		return false
	}
	api, ok := unwrap(a.provider).(reader)
	if !ok {
		return true
	}
	published, err = read(ctx, api, n, e.accepted())
	return err == nil && !published.cover(e.accepted())
}

// shows tells whether the addresses are published for certain: by the
// provider's own API, else by the zone's servers.
func (a *account) shows(ctx context.Context, n Name, want Addresses) bool {
	var published Addresses
	var err error
	if api, ok := unwrap(a.provider).(reader); ok {
		published, err = read(ctx, api, n, want)
	} else {
		published, err = a.service.lookup(ctx, n)
	}
	return err == nil && published.cover(want)
}

// read asks an API for the families of want.
func read(ctx context.Context, api reader, n Name, want Addresses) (is Addresses, err error) {
	want.each(func(kind string, _ netip.Addr) {
		addr, failed := api.published(ctx, n, kind)
		switch {
		case failed != nil:
			err = failed
		case addr.Is4():
			is.V4 = addr
		default:
			is.V6 = addr
		}
	})
	return is, err
}

// unwrap is the provider behind eachRecord.
func unwrap(p provider) any {
	if e, ok := p.(eachRecord); ok {
		return e.setter
	}
	return p
}
