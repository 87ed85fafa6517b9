package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// Check is how an upstream's health is looked at; the zero value is not at all.
type Check struct {
	Path     string // that is asked for, where the protocol has paths; "" for its ping, or a connect
	Host     string // that is asked by, where the protocol has hosts; "" for the upstream's own
	Interval time.Duration
	Timeout  time.Duration // for everything from the name to the answer
	Expect   Statuses
	Fall     int // failures one after another that take it out
	Rise     int // successes one after another that bring it back
}

func (c *Check) on() bool { return c.Interval > 0 }

// Statuses is a set of HTTP statuses, from 100 to 599.
type Statuses [8]uint64

// Add puts the statuses from one to another into the set.
func (s *Statuses) Add(from, to int) {
	for n := max(from, 100); n <= min(to, 599); n++ {
		s[(n-100)/64] |= 1 << ((n - 100) % 64)
	}
}

// Has tells whether a status is in the set.
func (s *Statuses) Has(n int) bool {
	return 100 <= n && n <= 599 && s[(n-100)/64]&(1<<((n-100)%64)) != 0
}

// Unwell is an upstream's own word that it is not well.
type Unwell string

func (u Unwell) Error() string { return string(u) }

// Ping asks over a fresh connection whether an upstream is well: an Unwell is
// its answer, any other error the connection's. It ends when that is closed.
type Ping func(ctx context.Context, conn net.Conn, s *Spec) error

// Watch begins the checks, where there are any; Unwatch ends them.
func (u *Upstream) Watch() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.Check.on() || u.retired || u.unwatch != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	u.unwatch = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		u.watch(ctx)
	}()
}

// Unwatch returns when no check runs any more.
func (u *Upstream) Unwatch() {
	u.mu.Lock()
	end := u.unwatch
	u.unwatch = nil
	u.mu.Unlock()
	if end != nil {
		end()
	}
}

// watch checks until ctx ends. The first check comes soon, and none come at the
// same moment as those of other upstreams for long.
func (u *Upstream) watch(ctx context.Context) {
	wait := time.Duration(rand.Int64N(int64(min(u.Check.Interval, time.Second))))
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		err := u.Look(ctx)
		if ctx.Err() != nil {
			return // what was cut short has found nothing
		}
		u.found(time.Now(), err)
		wait = jittered(u.nextCheck())
	}
}

// nextCheck hurries for one that is down, as it would be tried without checks.
func (u *Upstream) nextCheck() time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.health.down && u.FailTime > 0 {
		return min(u.Check.Interval, u.FailTime)
	}
	return u.Check.Interval
}

func jittered(d time.Duration) time.Duration {
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)+1))
}

// Look checks once. The error is an Unwell or a *Failure.
func (u *Upstream) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.Check.Timeout)
	defer cancel()
	conn, _, err := u.Connect(ctx, 0)
	if err != nil {
		return err
	}
	defer conn.Close()
	if u.protocol.Ping == nil {
		return nil
	}
	return u.ping(ctx, conn)
}

// ping ends the connection together with ctx.
func (u *Upstream) ping(ctx context.Context, conn net.Conn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	err := u.protocol.Ping(ctx, conn, &u.Spec)
	switch {
	case err == nil, errors.As(err, new(Unwell)):
		return err
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return u.ExchangeFailure(Waiting, err)
}
