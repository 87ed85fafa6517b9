// Package upstream owns the live backends: their kept connections, their health
// as real traffic and checks find it, their counters, and the choice of one. It
// does not know routes, nor what is said over a connection: that is a Wire's.
//
// All methods are safe for concurrent use.
package upstream

import (
	"log/slog"
	"net"
	"net/netip"
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
	Host     string // what a Host field says where the upstream's own name is sent
	MaxFails int    // failures one after another that take it out; 0 for never
	FailTime time.Duration
	TLS      TLS
	Check    Check
}

// Protocol is what is spoken with an upstream.
type Protocol struct {
	// Speak begins it over a fresh connection.
	Speak func(net.Conn) Wire
	// Ping is its check; nil where it is enough that a connection is made.
	Ping Ping
	// Told says that a request which was not begun is told from one that was,
	// by ErrNotBegun: only then can a kept connection carry what must not be
	// done twice, for it may be closed at that very moment.
	Told bool
}

// Upstream is one live backend.
type Upstream struct {
	Spec
	Authority []byte // Host, for fields
	Made      time.Time
	Counters  record.Counters

	log      *slog.Logger
	protocol Protocol
	secured  *secured     // nil without TLS
	named    bool         // Addr is a name, which may come to mean another machine
	open     atomic.Int64 // connections in use, or being made

	// What the hot path asks of health without a lock.
	failing atomic.Bool  // failures stand that a success would clear
	okAt    atomic.Int64 // Unix nanoseconds of the last success, to okEvery
	back    atomic.Int64 // Unix nanoseconds of its return; 0 when that is long past

	mu      sync.Mutex
	idle    []kept
	retired bool
	health  health
	unwatch func() // ends the checks; nil while there are none
}

// kept is a connection that waits for its next request.
type kept struct {
	conn  Wire
	born  time.Time
	since time.Time
}

const (
	// maxIdle bounds the connections kept to one upstream.
	maxIdle = 128
	// idleTime is how long one is kept; servers at home close theirs after 5 s
	// to 75 s, and what they closed is noticed before use.
	idleTime = 60 * time.Second
	// namedTime is how long a connection to a name is used: then the name is
	// looked up again, so that a changed address is followed however busy the
	// connection was.
	namedTime = 60 * time.Second
)

// New makes an upstream; it dials nothing.
func New(s Spec, p Protocol, log *slog.Logger) *Upstream {
	u := &Upstream{Spec: s, Authority: []byte(s.Host), Made: time.Now(), protocol: p, log: log, health: health{since: time.Now()}}
	if s.TLS.Proto != "" {
		u.secured = newSecured(s.TLS, s.Network, s.Addr)
	}
	if _, err := netip.ParseAddrPort(s.Addr); err != nil && s.Network != "unix" {
		u.named = true
	}
	return u
}

// Conn is a connection in use, to be given back by Done.
type Conn struct {
	Wire
	Reused bool
	Climb  Climb // how it was made, where it was made now
	born   time.Time
}

// KeptFor returns a kept connection that may carry a request, if there is one.
// A request that must not be done twice gets one only where the protocol would
// tell that it was not begun; else one is given up for it, so that the number
// of connections stays what it was.
func (u *Upstream) KeptFor(repeatable bool) (Conn, bool) {
	c, ok := u.Kept()
	if !ok || repeatable || u.protocol.Told {
		return c, ok
	}
	u.open.Add(-1)
	drop(c.Wire)
	return Conn{}, false
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
		k := u.idle[n-1]
		u.idle[n-1] = kept{}
		u.idle = u.idle[:n-1]
		u.mu.Unlock()
		if !u.outlived(&k) && k.conn.Quiet() {
			u.open.Add(1)
			return Conn{Wire: k.conn, Reused: true, born: k.born}, true
		}
		drop(k.conn)
	}
}

// outlived tells whether the upstream's name is due to be looked up again.
func (u *Upstream) outlived(k *kept) bool { return u.named && time.Since(k.born) > namedTime }

// Done gives a connection back that was last used at now: it is kept for
// another request where it can carry one, else closed.
func (u *Upstream) Done(c Conn, now time.Time) {
	u.open.Add(-1)
	if !c.Reusable() || !u.keep(c, now) {
		drop(c.Wire)
	}
}

func (u *Upstream) keep(c Conn, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.retired || len(u.idle) >= maxIdle {
		return false
	}
	u.idle = append(u.idle, kept{c.Wire, c.born, now})
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

// Retire ends the checks and closes what is kept, now and from now on: the upstream is no longer
// configured, though requests may still be under way to it.
func (u *Upstream) Retire() {
	u.mu.Lock()
	old := u.idle
	u.idle, u.retired = nil, true
	u.mu.Unlock()
	u.Unwatch()
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
