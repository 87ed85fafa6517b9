package ddns

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
)

// account is one [ddns.NAME] table at work. One goroutine runs it; the others
// read its view.
type account struct {
	*config.DDNS
	names    []Name
	provider provider
	service  *Service
	log      *slog.Logger
	poke     chan chan struct{} // somebody wants an update now, and waits for its end

	mu   sync.Mutex
	view AccountStatus
}

const (
	// firstRetry and lastRetry bound the growing pauses after failures.
	firstRetry = time.Minute
	lastRetry  = time.Hour
	// driftEvery is how often the zone's own servers are asked what they
	// publish.
	driftEvery = time.Hour
)

// run looks after the names until ctx ends.
func (a *account) run(ctx context.Context) {
	drift := time.Now().Add(driftEvery)
	for next := time.Now(); ; {
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case done := <-a.poke:
			timer.Stop()
			next = a.turn(ctx, true)
			close(done)
			continue
		case <-timer.C:
		}
		if now := time.Now(); now.After(drift) {
			a.lookForDrift(ctx)
			drift = now.Add(driftEvery)
		}
		next = a.turn(ctx, false)
	}
}

// turn looks once and publishes what is due; it returns when to look again.
// Forced by a person, it asks also where nothing changed or asking was stopped.
func (a *account) turn(ctx context.Context, forced bool) time.Time {
	found := a.service.finder.find(ctx, a.DDNS)
	now := time.Now()
	a.noteFinding(found)
	a.service.found(a.service.Addresses())
	next := now.Add(a.Every)
	if found.err == nil {
		if due := a.due(found.Addresses, now, forced); len(due) > 0 {
			a.publish(ctx, due, found.Addresses)
		}
	}
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		if (e.Class == Retry || e.Class == Wait) && e.Not.After(now) && e.Not.Before(next) {
			next = e.Not
		}
	}
	a.refresh(next)
	return next
}

// due are the names that a provider must be told of now.
func (a *account) due(found Addresses, now time.Time, forced bool) (due []Name) {
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		changed := e.Class != OK || e.OK.IsZero() || e.Drifted ||
			found.V4.IsValid() && found.V4 != e.V4 || found.V6.IsValid() && found.V6 != e.V6
		blocked := e.Class == Stop || now.Before(e.Not)
		if forced || changed && !blocked {
			due = append(due, n)
		}
	}
	return due
}

// publish tells the provider and learns from its replies. An address that was
// not found is sent as it was last accepted: some services delete what is left
// out.
func (a *account) publish(ctx context.Context, due []Name, found Addresses) {
	for _, same := range a.alike(due, found) {
		replies := a.provider.publish(ctx, same.names, same.Addresses)
		if ctx.Err() != nil {
			return // cut short by an edit or the end: nothing was learnt
		}
		for i, n := range same.names {
			a.learn(n, same.Addresses, replies[i])
		}
	}
	if err := a.service.memory.save(); err != nil {
		a.log.Warn("what dynamic DNS learnt cannot be kept over a restart", "error", err)
	}
}

// batch is names that get the same addresses.
type batch struct {
	names []Name
	Addresses
}

func (a *account) alike(due []Name, found Addresses) (list []batch) {
	at := map[Addresses]int{}
	for _, n := range due {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		want := Addresses{orAddr(found.V4, e.V4), orAddr(found.V6, e.V6)}
		i, ok := at[want]
		if !ok {
			i = len(list)
			at[want] = i
			list = append(list, batch{Addresses: want})
		}
		list[i].names = append(list[i].names, n)
	}
	return list
}

func orAddr(a, b netip.Addr) netip.Addr {
	if a.IsValid() {
		return a
	}
	return b
}

// learn keeps a reply and what it means for the next time.
func (a *account) learn(n Name, sent Addresses, r Reply) {
	now := time.Now()
	e := a.service.memory.entry(a.DDNS, n.FQDN)
	before := e
	e.Class, e.Words, e.At, e.Not = r.Class, r.Words, now, time.Time{}
	switch r.Class {
	case OK:
		e.V4, e.V6, e.OK, e.Failures, e.Drifted = sent.V4, sent.V6, now, 0, false
	case Wait:
		e.Not = now.Add(r.After)
	case Retry:
		e.Failures++
		e.Not = now.Add(pause(e.Failures))
	case Stop:
		e.Failures++
	}
	a.service.memory.learn(a.DDNS, n.FQDN, e)
	a.report(n, before, e)
}

// pause grows from firstRetry to lastRetry, with a fifth of jitter so that many
// homes do not come at once.
func pause(failures int) time.Duration {
	d := lastRetry
	if failures < 7 {
		d = min(firstRetry<<(failures-1), lastRetry)
	}
	return d - d/10 + rand.N(d/5)
}

// report logs what a person may want to know, once for each change.
func (a *account) report(n Name, before, e entry) {
	switch {
	case e.Class == OK && (before.V4 != e.V4 || before.V6 != e.V6):
		a.log.Info("name published", "name", n.FQDN, "addresses", Addresses{e.V4, e.V6}.words())
	case e.Class == OK && before.Class != OK:
		a.log.Info("name published again", "name", n.FQDN)
	case e.Class != OK && (before.Class != e.Class || before.Words != e.Words):
		a.log.Warn("name not published", "name", n.FQDN, "reply", e.Words, "then", e.then())
	}
}

// words lists the addresses.
func (a Addresses) words() string {
	var list []string
	a.each(func(_ string, addr netip.Addr) { list = append(list, addr.String()) })
	return strings.Join(list, " ")
}

// then says what is done next.
func (e entry) then() string {
	switch e.Class {
	case Stop:
		return "stopped until the configuration changes or an update is asked for"
	case Wait, Retry:
		return fmt.Sprintf("next try %s", e.Not.Local().Format("15:04:05"))
	}
	return ""
}

// lookForDrift compares what is published with what was accepted; somebody else
// may have changed it.
func (a *account) lookForDrift(ctx context.Context) {
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		if e.Class != OK || e.OK.IsZero() {
			continue
		}
		if e.Drifted = a.drifted(ctx, n, e); e.Drifted {
			a.log.Info("the zone publishes another address: it is set again", "name", n.FQDN)
			a.service.memory.learn(a.DDNS, n.FQDN, e)
		}
	}
}

// drifted asks the zone's servers, and where they say something else the
// provider's own API, if it has one: a proxied record answers with the proxy's
// addresses. Who cannot be asked has not drifted.
func (a *account) drifted(ctx context.Context, n Name, e entry) bool {
	published, err := a.service.lookup(ctx, n)
	if err != nil || agreeOn(published.V4, e.V4) && agreeOn(published.V6, e.V6) {
		return false
	}
	api, ok := unwrap(a.provider).(interface {
		published(context.Context, Name, string) (netip.Addr, error)
	})
	if !ok {
		return true
	}
	differs := false
	Addresses{e.V4, e.V6}.each(func(kind string, want netip.Addr) {
		is, err := api.published(ctx, n, kind)
		differs = differs || err == nil && is != want
	})
	return differs
}

func agreeOn(published, accepted netip.Addr) bool {
	return !accepted.IsValid() || published == accepted
}

// unwrap is the provider behind eachRecord.
func unwrap(p provider) any {
	if e, ok := p.(eachRecord); ok {
		return e.setter
	}
	return p
}
