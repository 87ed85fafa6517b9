package proxy

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// conn is one client's connection with what others need to know of it: those
// who end it, and those who watch whether its client is still there.
type conn struct {
	server *Server
	on     *listener
	net    net.Conn
	http   *http1.ServerConn
	peer   netip.Addr
	source record.Source // of peer
	tls    bool

	multiplexes bool // the client chose HTTP/2 in the handshake

	// Of the connection's own goroutine:
	pending *visit // read within a turn, to be answered outside
	ended   bool   // no request follows
	lingers bool   // the client may still be sending
	bad     bool   // what came last was no request
	// upgraded is set once no request follows, but a relay.
	upgraded *upgraded

	mu        sync.Mutex
	phase     phase
	since     time.Time     // of phase, from phaseWaiting on, and of phaseIdle
	served    bool          // it has had a request
	backend   upstream.Wire // what the request under way depends on
	watchable bool          // nobody reads the client while backend is asked
	nextLook  time.Time     // when its client is looked after again
	looked    bool          // the present idleness was looked at
	asked     bool          // the client was asked whether it is there
	half      time.Time     // since when it is known to have ended its side within an answer
	left      atomic.Bool   // the client left while its answer was awaited
	streams   *streams      // of a client that speaks HTTP/2; nil for HTTP/1
}

// phase is what a connection is busy with.
type phase uint8

const (
	phaseIdle      phase = iota // between two requests
	phaseReading                // a head or a body, or answering by ourselves
	phaseWaiting                // for an upstream's answer
	phaseAnswering              // passing it on
	phaseEndless                // passing on what has no end of its own
	phaseUpgraded               // relaying bytes
	phaseClosed
)

func (s *Server) newConn(nc net.Conn, on *listener) *conn {
	c := &conn{server: s, on: on, net: nc, tls: on.tls.Load(), since: time.Now()}
	c.http = http1.NewServerConn(nc, s.snapshot.Load().limits)
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		c.peer = a.AddrPort().Addr().Unmap().WithZone("")
	}
	return c
}

func (c *conn) scheme() string {
	if c.tls {
		return "https"
	}
	return "http"
}

// serve answers one request after the other until the connection ends, or is
// upgraded.
func (c *conn) serve() {
	if !c.introduce() || !c.secure() {
		return
	}
	if c.multiplexes {
		c.serveHTTP2(nil)
		return
	}
	for !c.ended {
		if c.http.Serve(c.server.snapshot.Load().idle, c.turn) != nil || c.ended {
			return
		}
		// What needs more of the client than has arrived is served out here.
		v := c.pending
		c.pending = nil
		if v == nil {
			v = c.server.begin(c, c.http, c)
			v.readErr = c.http.ReadRequest(v.x, v.snap.header)
		}
		if v.readErr == http1.ErrHTTP2 {
			v.end()
			c.switchToHTTP2()
			return
		}
		c.ended = !c.answer(v) || !c.enter(phaseIdle, time.Now())
	}
}

// turn serves a request that has arrived whole.
func (c *conn) turn() http1.Turn {
	if !c.enter(phaseReading, time.Time{}) {
		c.ended = true
		return http1.Leave
	}
	if !c.http.HeadReady() {
		return http1.Leave
	}
	v := c.server.begin(c, c.http, c)
	v.readErr = c.http.ReadRequest(v.x, v.snap.header)
	if v.readErr != nil || v.needsClient() {
		c.pending = v
		return http1.Leave
	}
	if end := v.began; !c.answer(v) || !c.enter(phaseIdle, end) {
		c.ended = true
		return http1.Leave
	}
	return http1.Next
}

// needsClient tells whether more must be read from the client to serve it.
func (v *visit) needsClient() bool {
	r := &v.x.Request
	_, whole := message.Whole(r.Body)
	return !whole || len(r.Upgrade) > 0
}

// answer answers a request that was read; false when it was the last.
func (c *conn) answer(v *visit) bool {
	defer func() {
		if c.upgraded == nil {
			v.end()
		}
	}()
	if v.readErr == nil {
		v.serve()
	} else if !v.serveBad(v.readErr) {
		return false // the client left within a head: nothing was asked
	}
	if c.upgraded != nil {
		return false
	}
	v.finish(c.http.BytesOut())
	if v.err != nil || v.row.Aborted {
		return false
	}
	if c.http.Done() {
		return true
	}
	c.lingers = c.http.Unread()
	c.bad = v.readErr != nil
	return false
}

// serveBad answers what is no request; false where no answer is due.
func (v *visit) serveBad(err error) bool {
	var bad *http1.BadRequest
	if !errors.As(err, &bad) {
		return false
	}
	v.identify()
	if !v.banned() {
		v.refuse(bad)
	}
	return true
}

// defaultIdle bounds the waits of an exchange until its route says otherwise.
const defaultIdle = 5 * time.Minute

// lastWords lets the client read its answer before the rest of what it sends is
// thrown away; one that sent no HTTP gets less time, and so does everybody at
// the end.
func (c *conn) lastWords() {
	if c.bad || c.server.draining.Load() {
		c.http.Linger(500*time.Millisecond, 2*time.Second)
		return
	}
	c.http.Linger(5*time.Second, 30*time.Second)
}

// enter moves to another phase; false when the connection was closed by others.
func (c *conn) enter(p phase, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == phaseClosed || p == phaseIdle && c.server.draining.Load() {
		return false
	}
	c.phase, c.since, c.looked, c.asked = p, now, false, false
	c.served = true
	return true
}

func (c *conn) depend(b upstream.Wire, uploading bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backend, c.watchable, c.asked = b, !uploading, false
	c.server.active.Add(1)
	if c.phase == phaseClosed {
		b.Close()
		return
	}
	c.phase, c.since = phaseWaiting, now
}

func (c *conn) uploaded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchable = c.backend != nil
}

func (c *conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backend = nil
	c.server.active.Add(-1)
	if c.phase != phaseClosed {
		c.phase = phaseReading
	}
}

func (c *conn) answering(endless bool, now time.Time) {
	if endless {
		c.enter(phaseEndless, now)
		return
	}
	c.enter(phaseAnswering, now)
}

func (c *conn) gone() bool { return c.left.Load() }

// kill ends the connection from outside, whatever it waits for.
func (c *conn) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = phaseClosed
	if c.streams != nil {
		c.streams.http.Abort() // which ends the streams, and what they depend on
		return
	}
	c.http.Abort()
	if c.backend != nil {
		c.backend.Close()
	}
}

// killEndless ends it where it would not end by itself.
func (c *conn) killEndless() {
	if s := c.multiplexed(); s != nil {
		s.killEndless()
		return
	}
	if c.in(phaseEndless) || c.in(phaseUpgraded) {
		c.kill()
	}
}

// killIdle ends it only between two requests.
func (c *conn) killIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams != nil {
		c.streams.http.Drain()
		return
	}
	if c.phase == phaseIdle {
		c.phase = phaseClosed
		c.http.Abort()
	}
}

func (c *conn) close() {
	if c.lingers {
		c.lastWords()
	}
	c.mu.Lock()
	c.phase = phaseClosed
	c.mu.Unlock()
	c.net.Close()
	c.http.Release()
}

func (c *conn) in(p phase) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase == p
}

// multiplexed are the streams of a client that speaks HTTP/2, nil for HTTP/1.
func (c *conn) multiplexed() *streams {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams
}

// switchToHTTP2 goes on with a client that speaks it without asking.
func (c *conn) switchToHTTP2() {
	if read, err := c.http.Handover(); err == nil {
		c.serveHTTP2(read)
	}
}
