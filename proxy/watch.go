package proxy

import (
	"context"
	"time"
)

const (
	// watchEvery is how often clients that wait for an answer are looked after,
	// and watchAfter how long one must have waited: most answers come sooner
	// and cost nothing.
	watchEvery = 100 * time.Millisecond
	watchAfter = 100 * time.Millisecond
	// watchSeldom is the longest between two looks at one that waits long, so
	// that thousands of open streams cost next to nothing.
	watchSeldom = time.Second
	// askWithin is how old an answer is before a client is asked within it.
	askWithin = 2 * time.Second
	// silentWithin is how long an answer that has no room for a question may
	// bring nothing once its client has ended its side: until bytes come, the host of
	// one that is gone answers as that of one that listens, keep-alive probes too.
	silentWithin = 3 * time.Second
)

// watchClients looks after clients that wait, so that one who leaves frees the
// upstream at once.
func (s *Server) watchClients(ctx context.Context) {
	var last uint64
	each(ctx, watchEvery, func(now time.Time) {
		newest := s.records.Newest()
		if s.active.Load() > 0 || newest != last {
			s.eachConn(func(c *conn) { c.lookAfter(now) })
		}
		last = newest
	})
}

// lookAfter ends the request when its client has left.
func (c *conn) lookAfter(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams != nil {
		return // its streams are told
	}
	if c.phase == phaseIdle {
		c.lookIdle()
		return
	}
	waits := phaseWaiting <= c.phase && c.phase <= phaseEndless
	age := now.Sub(c.since)
	if !waits || !c.watchable || age < watchAfter || now.Before(c.nextLook) {
		return
	}
	c.nextLook = now.Add(min(age/10, watchSeldom))
	if c.clientLeft(now, age) {
		c.left.Store(true)
		c.backend.Close()
	}
}

// clientLeft tells a client that is gone from one that only ended its side and
// waits for its answer, or for more of it. It is asked, once before an answer
// and once within: otherwise the next bytes find out, and a stream may be silent
// for hours. Who cannot be asked within is given up when no bytes come.
func (c *conn) clientLeft(now time.Time, age time.Duration) bool {
	half, gone := c.http.Ended()
	switch {
	case c.tls: // nobody ends one side of TLS and listens on
		return half || gone
	case gone || !half || c.asked:
	case c.phase == phaseWaiting:
		c.asked = true
		c.http.AskIfThere()
	case age >= askWithin:
		c.asked = c.http.AskWithin()
		return !c.asked && c.phase == phaseAnswering && c.silentSinceHalf(now)
	}
	return gone
}

// silentSinceHalf tells whether nothing was sent for long to a client that has
// ended its side as long ago.
func (c *conn) silentSinceHalf(now time.Time) bool {
	if c.half.IsZero() {
		c.half = now
	}
	return now.Sub(c.half) >= silentWithin && c.http.Silent() >= silentWithin
}

// lookIdle looks once after each request: a client that ended its side together
// with it wakes nobody (see http1.ServerConn.Serve), and asks for nothing more.
func (c *conn) lookIdle() {
	if c.looked {
		return
	}
	c.looked = true
	if half, gone := c.http.Ended(); half || gone {
		c.phase = phaseClosed
		c.http.Abort()
	}
}
