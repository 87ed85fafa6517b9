package http1

import (
	"sync/atomic"
	"time"
)

// deadline moves a connection's deadline only when it must: moving a timer for
// every request costs more than parsing it. So a wait ends between its time and
// a quarter more.
type deadline struct {
	set   func(time.Time) error
	until time.Duration // since start; 0 for none
	over  atomic.Bool   // expire was called
}

// start is what until counts from: the monotonic clock alone is read then.
var start = time.Now()

var noTime time.Time

// arm lets the next operation wait at least that long; 0 is for ever.
func (d *deadline) arm(wait time.Duration) error {
	if wait == 0 {
		if d.until == 0 {
			return nil
		}
		return d.at(0, time.Time{})
	}
	earliest := time.Since(start) + wait
	if latest := earliest + wait/4; d.until < earliest || d.until > latest {
		return d.at(latest, start.Add(latest))
	}
	return nil
}

// exactly ends the next operations at a moment, whatever was armed.
func (d *deadline) exactly(t time.Time) error { return d.at(t.Sub(start), t) }

func (d *deadline) at(until time.Duration, t time.Time) error {
	d.until = until
	err := d.set(t)
	if d.over.Load() { // expire came before or meanwhile: it stands
		return d.set(past)
	}
	return err
}

// expire ends the waiting of another goroutine, now and until renew.
func (d *deadline) expire() {
	d.over.Store(true)
	_ = d.set(past) // on a closed connection nobody waits
}

// renew takes expire back; the next arm sets the deadline anew.
func (d *deadline) renew() {
	d.over.Store(false)
	d.until = 1
}

var past = time.Unix(1, 0)
