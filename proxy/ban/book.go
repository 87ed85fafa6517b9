// Package ban owns who is shut out: what counts against a client, when it is
// too much, until when it lasts, and the evidence for it. It deliberately does
// not know what a request is, whom nobody may ban, or whether bans are in force
// at all: its caller asks only about those who may be banned.
//
// A Book is safe for concurrent use, and its memory is bounded whatever
// addresses an attacker has.
package ban

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Terms say when a client is banned and for how long.
type Terms struct {
	After  int           // so many offences
	Within time.Duration // in so long a time
	For    time.Duration // are a ban of so long
}

// Offence is one thing that counted against a client.
type Offence struct {
	At   time.Time
	What string // for the owner; its visible part may be the client's own words
}

// Ban is a client that is shut out.
type Ban struct {
	Client   netip.Prefix // an IPv4 address, or the /64 of IPv6
	Since    time.Time
	Until    time.Time
	Count    int       // of the offences that led to it
	Evidence []Offence // the last of them, oldest first
}

const (
	maxBans    = 10_000
	maxWatched = 10_000 // clients with offences and without a ban
	maxTrusted = 10_000 // clients that authenticated
	// kept is how many offences are kept as evidence.
	kept = 5
	// trustFor is how long an address that authenticated is not banned.
	trustFor = 24 * time.Hour
	// sample is how many are looked at to find one that makes room.
	sample = 8
)

// Book keeps offences and bans. The zero value is ready.
type Book struct {
	banned atomic.Int64 // len(bans), for those who need no lock where there is none

	mu      sync.Mutex
	bans    map[netip.Prefix]Ban
	watched map[netip.Prefix]*watch
	trusted map[netip.Prefix]time.Time // until when
}

// watch counts the offences of one client.
type watch struct {
	window   window
	evidence []Offence
}

// Offend counts an offence; true where it was one too many and the client is
// banned from now on.
func (b *Book) Offend(client netip.Prefix, o Offence, t Terms) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.At.Before(b.trusted[client]) {
		return false
	}
	if ban, is := b.bans[client]; is && o.At.Before(ban.Until) {
		return false
	}
	w := b.watch(client, o.At, t.Within)
	if len(w.evidence) == kept {
		w.evidence = slices.Delete(w.evidence, 0, 1)
	}
	w.evidence = append(w.evidence, o)
	n := w.window.add(o.At, t.Within)
	if n < t.After {
		return false
	}
	delete(b.watched, client)
	b.add(Ban{Client: client, Since: o.At, Until: o.At.Add(t.For), Count: n, Evidence: w.evidence})
	return true
}

// watch finds or makes the count of a client. Where there is no room, of a few
// clients taken by chance the one with the least against it is forgotten: who
// is about to be banned stays, however many addresses are thrown in.
func (b *Book) watch(client netip.Prefix, now time.Time, within time.Duration) *watch {
	if w := b.watched[client]; w != nil {
		return w
	}
	if b.watched == nil {
		b.watched = map[netip.Prefix]*watch{}
	}
	if len(b.watched) >= maxWatched {
		least, fewest, looked := netip.Prefix{}, 0, 0
		for c, w := range b.watched {
			if n := w.window.sum(now, within); looked == 0 || n < fewest {
				least, fewest = c, n
			}
			if looked++; looked == sample {
				break
			}
		}
		delete(b.watched, least)
	}
	w := &watch{}
	b.watched[client] = w
	return w
}

// Ban shuts a client out, whatever it did.
func (b *Book) Ban(ban Ban) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watched, ban.Client)
	b.add(ban)
}

// add puts a ban into the book; where it is full the one that ends first ends
// now.
func (b *Book) add(ban Ban) {
	if b.bans == nil {
		b.bans = map[netip.Prefix]Ban{}
	}
	if _, is := b.bans[ban.Client]; !is && len(b.bans) >= maxBans {
		var first Ban
		for _, other := range b.bans {
			if first.Until.IsZero() || other.Until.Before(first.Until) {
				first = other
			}
		}
		delete(b.bans, first.Client)
	}
	b.bans[ban.Client] = ban
	b.banned.Store(int64(len(b.bans)))
}

// Banned tells whether a client is shut out, and until when.
func (b *Book) Banned(client netip.Prefix, now time.Time) (until time.Time, banned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ban, is := b.bans[client]
	return ban.Until, is && now.Before(ban.Until)
}

// Empty tells, without a lock, whether there is no ban at all.
func (b *Book) Empty() bool { return b.banned.Load() == 0 }

// Trust notes that a client has authenticated.
func (b *Book) Trust(client netip.Prefix, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	until := now.Add(trustFor)
	if before, is := b.trusted[client]; is && until.Sub(before) < time.Minute {
		return
	}
	if b.trusted == nil {
		b.trusted = map[netip.Prefix]time.Time{}
	}
	if _, is := b.trusted[client]; !is && len(b.trusted) >= maxTrusted {
		var oldest netip.Prefix
		looked := 0
		for c, end := range b.trusted {
			if looked == 0 || end.Before(b.trusted[oldest]) {
				oldest = c
			}
			if looked++; looked == sample {
				break
			}
		}
		delete(b.trusted, oldest)
	}
	b.trusted[client] = until
	delete(b.watched, client)
}

// Lift ends a ban and forgets what led to it; false where there was none.
func (b *Book) Lift(client netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, is := b.bans[client]
	b.remove(client)
	delete(b.watched, client)
	return is
}

func (b *Book) remove(client netip.Prefix) {
	delete(b.bans, client)
	b.banned.Store(int64(len(b.bans)))
}

// Bans lists who is shut out, the newest first, at most so many.
func (b *Book) Bans(now time.Time, most int) []Ban {
	b.mu.Lock()
	list := make([]Ban, 0, len(b.bans))
	for _, ban := range b.bans {
		if now.Before(ban.Until) {
			list = append(list, ban)
		}
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y Ban) int {
		return cmp.Or(y.Since.Compare(x.Since), x.Client.Compare(y.Client))
	})
	list = list[:min(len(list), most)]
	for i := range list {
		list[i].Evidence = slices.Clone(list[i].Evidence)
	}
	return list
}

// Count is how many are shut out.
func (b *Book) Count(now time.Time) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ban := range b.bans {
		if now.Before(ban.Until) {
			n++
		}
	}
	return n
}

// Sweep forgets what is over. within is how long offences count.
func (b *Book) Sweep(now time.Time, within time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, ban := range b.bans {
		if !now.Before(ban.Until) {
			b.remove(c)
		}
	}
	for c, w := range b.watched {
		if w.window.sum(now, within) == 0 {
			delete(b.watched, c)
		}
	}
	for c, until := range b.trusted {
		if !now.Before(until) {
			delete(b.trusted, c)
		}
	}
}
