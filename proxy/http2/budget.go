package http2

import (
	"sync"
	"time"
)

// budget is what a client may cost without wanting anything: frames that only
// keep us busy, and requests taken back before their answer. It grows with
// time and with answers: who is sent much has much to acknowledge.
type budget struct {
	mu    sync.Mutex
	left  int
	since time.Time // left was reckoned up to here
	acks  int       // that what was sent may bring, beside left
	spent bool      // more than there was
}

const (
	fullBudget = 2000
	perSecond  = 200
	// earned is for each frame of an answer: a client may say of each that it
	// was taken, for the stream and the connection, and measure the way.
	earned = 4
	// ackedBytes is the least that a client that reads in small pieces takes at
	// a time, in bytes: it tells the stream and the connection of each.
	ackedBytes = 1 << 10
	// earlyReset is the price of a request that was taken back before its
	// answer: the upstream may have been asked already. A browser that leaves
	// a page takes back all its streams at once.
	earlyReset = 10
)

func (b *budget) init() { b.left, b.since = fullBudget, time.Now() }

func (b *budget) earn(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+n, fullBudget)
}

// sent lets a client acknowledge n bytes of an answer. It may do so long after
// and all at once: these are not bounded, but as dear as the bytes themselves.
func (b *budget) sent(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acks += 2 * (1 + n/ackedBytes)
}

// acknowledge takes off a WINDOW_UPDATE; false when there was nothing to
// acknowledge and nothing else is left.
func (b *budget) acknowledge() bool {
	b.mu.Lock()
	paid := b.acks > 0
	if paid {
		b.acks--
	}
	b.mu.Unlock()
	return paid || b.spend(1)
}

// spend takes n off; false when that was more than there is.
func (b *budget) spend(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < n {
		b.refill(time.Now())
	}
	if b.spent = b.spent || b.left < n; b.spent {
		return false
	}
	b.left -= n
	return true
}

// refill adds what time has brought.
func (b *budget) refill(now time.Time) {
	gained := min(now.Sub(b.since).Seconds()*perSecond, fullBudget)
	if gained < 1 {
		return // the next look gains more
	}
	b.left, b.since = min(b.left+int(gained), fullBudget), now
}

// broke tells whether more was spent than there was.
func (b *budget) broke() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}
