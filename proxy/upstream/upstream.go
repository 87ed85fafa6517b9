// Package upstream owns the live backends: their kept connections, their
// health as real traffic finds it, their counters, and the choice of one. It
// does not know routes, nor what is said over a connection: that is a Wire's.
//
// All methods are safe for concurrent use.
package upstream

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// Spec is what makes an upstream the same across an edit: one whose Spec did
// not change keeps its live object with connections, health and counters.
type Spec struct {
	URL      string // as written, for people
	Scheme   string // what is spoken with it
	Network  string // "tcp" or "unix"
	Addr     string // "host:port" or the socket's path
	MaxFails int    // failures one after another that take it out; 0 for never
	FailTime time.Duration
}

// Upstream is one live backend.
type Upstream struct {
	Spec
	Counters record.Counters

	log    *slog.Logger
	speak  func(net.Conn) Wire
	dialer net.Dialer
	open   atomic.Int64

	// What the hot path asks of health without a lock.
	failing atomic.Bool  // failures stand that a success would clear
	okAt    atomic.Int64 // Unix nanoseconds of the last success, to okEvery

	mu      sync.Mutex
	idle    []kept
	retired bool
	health  health
}

// kept is a connection that waits for its next request.
type kept struct {
	conn  Wire
	since time.Time
}

const (
	// maxIdle bounds the connections kept to one upstream.
	maxIdle = 128
	// idleTime is how long one is kept; servers at home close theirs after 5 s
	// to 75 s, and what they closed is noticed before use.
	idleTime = 60 * time.Second
)

// New makes an upstream over whose connections speak is spoken; it dials nothing.
func New(s Spec, speak func(net.Conn) Wire, log *slog.Logger) *Upstream {
	return &Upstream{Spec: s, speak: speak, log: log, health: health{since: time.Now()}}
}

// Conn is a connection in use, to be given back by Done.
type Conn struct {
	Wire
	Reused bool
}

// Kept returns a connection that was used before, if there is one.
func (u *Upstream) Kept() (Conn, bool) {
	for {
		u.mu.Lock()
		n := len(u.idle)
		if n == 0 {
			u.mu.Unlock()
			return Conn{}, false
		}
		c := u.idle[n-1].conn
		u.idle[n-1] = kept{}
		u.idle = u.idle[:n-1]
		u.mu.Unlock()
		if c.Quiet() {
			u.open.Add(1)
			return Conn{c, true}, true
		}
		drop(c)
	}
}

// Dial makes a new connection; the error is a *Failure. A name is resolved
// now, so that a changed address is followed.
func (u *Upstream) Dial(ctx context.Context, timeout time.Duration) (Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	conn, err := u.dialer.DialContext(ctx, u.Network, u.Addr)
	if err != nil {
		return Conn{}, dialFailure(u.Addr, err)
	}
	u.open.Add(1)
	return Conn{u.speak(conn), false}, nil
}

// Done gives a connection back that was last used at now: it is kept for
// another request where it can carry one, else closed.
func (u *Upstream) Done(c Conn, now time.Time) {
	u.open.Add(-1)
	if !c.Reusable() || !u.keep(c.Wire, now) {
		drop(c.Wire)
	}
}

func (u *Upstream) keep(c Wire, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.retired || len(u.idle) >= maxIdle {
		return false
	}
	u.idle = append(u.idle, kept{c, now})
	return true
}

func drop(c Wire) {
	c.Close()
	c.Release()
}

// Sweep closes connections that were kept too long.
func (u *Upstream) Sweep(now time.Time) {
	u.mu.Lock()
	n := 0
	for n < len(u.idle) && now.Sub(u.idle[n].since) > idleTime {
		n++
	}
	old := append([]kept(nil), u.idle[:n]...)
	u.idle = append(u.idle[:0], u.idle[n:]...)
	u.mu.Unlock()
	for _, k := range old {
		drop(k.conn)
	}
}

// Retire closes what is kept, now and from now on: the upstream is no longer
// configured, though requests may still be under way to it.
func (u *Upstream) Retire() {
	u.mu.Lock()
	old := u.idle
	u.idle, u.retired = nil, true
	u.mu.Unlock()
	for _, k := range old {
		drop(k.conn)
	}
}

// Revive undoes Retire, for an edit that was taken back.
func (u *Upstream) Revive() {
	u.mu.Lock()
	u.retired = false
	u.mu.Unlock()
}

// Connections counts those in use and those kept.
func (u *Upstream) Connections() (open, idle int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return int(u.open.Load()), len(u.idle)
}
