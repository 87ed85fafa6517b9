package ddns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// firstRetry and lastRetry bound the growing pauses after failures.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// learn keeps a reply and what it means for the next time.
func (a *account) learn(n Name, sent Addresses, r Reply) {
	now := time.Now()
	e := a.service.memory.entry(a.DDNS, n.FQDN)
	before := e
	e.Class, e.Words, e.At, e.Not, e.Unsure = r.Class, r.Words, now, time.Time{}, r.Unsure
	if r.Class != OK && e.Failing.IsZero() {
		e.Failing = now
	}
	switch r.Class {
	case OK:
		e.V4, e.V6, e.OK, e.Failures, e.Drifted, e.Failing = sent.V4, sent.V6, now, 0, false, time.Time{}
	case Wait:
		e.Not = now.Add(r.After)
	case Retry:
		e.Failures++
		e.Not = now.Add(pause(e.Failures))
	case Stop:
		e.Failures++
	}
	a.service.memory.learn(a.DDNS, n.FQDN, e)
	a.service.memory.note(a.Name, n.FQDN, Attempt{now, a.Provider, sent.V4, sent.V6, r.Class, r.Words})
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
