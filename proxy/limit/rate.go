// Package limit owns what is counted by client: how often one asks, and how
// many of its requests are under way. It deliberately does not know routes,
// answers, or how an address is found; a client is what network.Group makes of
// its address.
//
// Everything here is safe for concurrent use, and its memory is bounded
// whatever addresses an attacker has.
package limit

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"
)

const (
	// mostClients is how many clients have a bucket of their own at a time.
	mostClients = 10_000
	// sharedBuckets serve all others. Forgetting a client to make room would
	// hand it a fresh burst, and so everything to whoever owns more addresses
	// than the table has places: a /48 of IPv6 is 65,536 clients. Sharing makes
	// a flood of addresses poorer, never richer.
	sharedBuckets = 256
	// sweepPause keeps a flood from having the full table looked through for
	// every request.
	sweepPause = time.Second
)

// Rate is a token bucket for each client: burst requests at once, and in the
// long run one in each interval.
type Rate struct {
	perSecond float64
	burst     int
	every     time.Duration
	epoch     time.Time

	mu     sync.Mutex
	full   map[netip.Prefix]time.Duration // since epoch: when a client's bucket is full again
	shared [sharedBuckets]time.Duration
	seed   maphash.Seed
	swept  time.Duration // since epoch
}

// NewRate makes a Rate; perSecond and burst are above zero.
func NewRate(perSecond float64, burst int) *Rate {
	return &Rate{
		perSecond: perSecond, burst: burst, every: max(1, time.Duration(math.Round(float64(time.Second)/perSecond))),
		epoch: time.Now(), full: map[netip.Prefix]time.Duration{}, seed: maphash.MakeSeed(), swept: -sweepPause,
	}
}

// Has tells whether these are its terms: then it can go on after an edit.
func (r *Rate) Has(perSecond float64, burst int) bool {
	return r.perSecond == perSecond && r.burst == burst
}

// Burst is how many requests a client has at once.
func (r *Rate) Burst() int { return r.burst }

// Take counts a request, or tells how long it would have to wait; one that must
// wait is not counted.
func (r *Rate) Take(client netip.Prefix, now time.Time) (wait time.Duration) {
	t := now.Sub(r.epoch)
	r.mu.Lock()
	defer r.mu.Unlock()
	debt, own := r.debt(client, t)
	if wait = r.wait(debt); wait > 0 {
		return wait
	}
	if !own && !r.room(t) {
		r.shared[r.bucket(client)] = t + debt + r.every
		return 0
	}
	r.full[client] = t + debt + r.every
	return 0
}

// Look tells how many requests of the burst are used up, and how long another
// would have to wait. It counts nothing.
func (r *Rate) Look(client netip.Prefix, now time.Time) (used int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	debt, _ := r.debt(client, now.Sub(r.epoch))
	return int((debt + r.every - 1) / r.every), r.wait(debt)
}

// Sweep forgets clients whose bucket is full.
func (r *Rate) Sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now.Sub(r.epoch))
}

// debt is how long it takes until the client's bucket is full again; own is
// false where it has none of its own.
func (r *Rate) debt(client netip.Prefix, t time.Duration) (debt time.Duration, own bool) {
	full, own := r.full[client]
	if !own && len(r.full) >= mostClients {
		full = r.shared[r.bucket(client)]
	}
	return max(full-t, 0), own
}

func (r *Rate) wait(debt time.Duration) time.Duration {
	return debt - time.Duration(r.burst-1)*r.every
}

// room makes place for another client, if that can be.
func (r *Rate) room(t time.Duration) bool {
	if len(r.full) >= mostClients && t-r.swept >= sweepPause {
		r.sweep(t)
	}
	return len(r.full) < mostClients
}

func (r *Rate) sweep(t time.Duration) {
	r.swept = t
	for client, full := range r.full {
		if full <= t {
			delete(r.full, client)
		}
	}
	if len(r.full) == 0 {
		r.full = map[netip.Prefix]time.Duration{} // one that was large stays large
	}
}

func (r *Rate) bucket(client netip.Prefix) uint64 {
	return maphash.Comparable(r.seed, client) % sharedBuckets
}
