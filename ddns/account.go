package ddns

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
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
	vain     repairs            // of run alone
	poke     chan chan struct{} // somebody wants an update now, and waits for its end

	mu   sync.Mutex
	view AccountStatus
}

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

// update has run publish now, and returns when that has ended.
func (a *account) update(ctx context.Context, changed <-chan struct{}) error {
	done := make(chan struct{})
	select {
	case a.poke <- done:
	case <-changed:
		return fmt.Errorf("[ddns.%s]: the configuration changed meanwhile: ask again", a.Name)
	case <-ctx.Done():
		return fmt.Errorf("[ddns.%s]: the update did not begin in time: another one is under way", a.Name)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("[ddns.%s]: could not confirm: the provider has not answered yet", a.Name)
	}
}

// turn looks once and publishes what is due; it returns when to look again.
// Forced by a person, it asks also where nothing changed or asking was stopped.
func (a *account) turn(ctx context.Context, forced bool) time.Time {
	within := sameLook
	if forced { // who asks may have seen that it changed
		within = 0
	}
	found := a.service.finder.find(ctx, a.DDNS, within)
	if ctx.Err() != nil {
		return time.Now()
	}
	a.noteFinding(found)
	a.service.found(a.service.Addresses())
	now := time.Now()
	next := now.Add(a.Every)
	if found.err == nil {
		wanted := a.takes(found.Addresses)
		if due := a.due(wanted, now, forced); len(due) > 0 {
			a.publish(ctx, due, wanted, forced)
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

// takes is what the provider publishes of the addresses.
func (a *account) takes(found Addresses) Addresses {
	if p, ok := a.provider.(choosy); ok {
		return p.takes(found)
	}
	return found
}

// due are the names that a provider must be told of now.
func (a *account) due(wanted Addresses, now time.Time, forced bool) (due []Name) {
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		changed := e.Class != OK || e.OK.IsZero() || e.Drifted || !e.accepted().cover(wanted)
		if forced || changed && !e.blocked(now) {
			due = append(due, n)
		}
	}
	return due
}

// blocked tells whether the last reply forbids to ask now. A time farther off
// than any provider may name comes of a clock that was wrong.
func (e entry) blocked(now time.Time) bool {
	return e.Class == Stop || now.Before(e.Not) && e.Not.Sub(now) <= longestWait
}

func (e entry) accepted() Addresses { return Addresses{e.V4, e.V6} }

// cover tells whether a holds all of b.
func (a Addresses) cover(b Addresses) bool {
	return (!b.V4.IsValid() || a.V4 == b.V4) && (!b.V6.IsValid() || a.V6 == b.V6)
}

// publishTime bounds one turn with a provider, however many names it hangs at.
const publishTime = 90 * time.Second

// publish tells the provider and learns from its replies. An address that was
// not found is sent as it was last accepted: some services delete what is left
// out.
func (a *account) publish(ctx context.Context, due []Name, wanted Addresses, forced bool) {
	asking, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	for _, same := range a.alike(due, wanted) {
		if !forced {
			same.names = a.unpublished(asking, same)
		}
		if len(same.names) == 0 {
			continue
		}
		replies := a.provider.publish(asking, same.names, same.Addresses)
		for i, n := range same.names {
			// Cut short by an edit or the end, only what was said counts.
			if r := replies[i]; ctx.Err() == nil || r.Class == OK || r.Class == Stop {
				a.learn(n, same.Addresses, r)
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := a.service.memory.save(); err != nil {
		a.log.Warn("what dynamic DNS learnt cannot be kept over a restart", "error", err)
	}
}

// unpublished are the names that have to be sent. Where an earlier request may
// have been carried out, what is published decides.
func (a *account) unpublished(ctx context.Context, b batch) (list []Name) {
	for _, n := range b.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		if e.Unsure && a.shows(ctx, n, b.Addresses) {
			a.learn(n, b.Addresses, Reply{Words: "found published"})
			continue
		}
		list = append(list, n)
	}
	return list
}

// batch is names that get the same addresses.
type batch struct {
	names []Name
	Addresses
}

func (a *account) alike(due []Name, wanted Addresses) (list []batch) {
	at := map[Addresses]int{}
	for _, n := range due {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		want := Addresses{orAddr(wanted.V4, e.V4), orAddr(wanted.V6, e.V6)}
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
