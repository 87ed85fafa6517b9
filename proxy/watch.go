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
	if c.clientLeft(age) {
		c.left.Store(true)
		c.backend.Close()
	}
}

// clientLeft tells a client that is gone from one that only ended its side and
// waits for its answer, or for more of it. It is asked, once before an answer
// and once within: otherwise the next bytes find out, and a stream may be silent
// for hours.
func (c *conn) clientLeft(age time.Duration) bool {
	half, gone := c.http.Ended()
	switch {
	case c.tls: // nobody ends one side of TLS and listens on
		return half || gone
	case gone || !half || c.asked:
	case c.phase == phaseWaiting:
		c.asked = true
		c.http.AskIfThere()
	case age >= askWithin:
		c.asked = true
		c.http.AskWithin()
	}
	return gone
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
