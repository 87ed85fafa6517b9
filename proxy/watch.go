package proxy

import (
	"context"
	"time"
)

const (
	// watchEvery is how often the connections are looked over, and watchAfter
	// how long a request must have waited to be worth a watcher: most answers
	// come sooner and cost nothing.
	watchEvery = 100 * time.Millisecond
	watchAfter = 100 * time.Millisecond
)

// watchClients sets a watcher to each client that waits long for its answer, so
// that one who leaves frees the upstream at once.
func (s *Server) watchClients(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if s.active.Load() > 0 {
				s.eachConn(func(c *conn) { c.watchIfLong(now) })
			}
		}
	}
}

func (c *conn) watchIfLong(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waits := c.phase == phaseWaiting || c.phase == phaseEndless
	if !waits || !c.watchable || c.watcher != nil || now.Sub(c.since) < watchAfter {
		return
	}
	done := make(chan struct{})
	c.watcher = done
	go func() {
		defer close(done)
		c.watch()
	}()
}

// watch ends the request when its client leaves.
func (c *conn) watch() {
	asked := false
	if !c.http.Watch(func() bool { return c.clientEnded(&asked) }) {
		return
	}
	c.left.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.backend != nil {
		c.backend.Close()
	}
}

// clientEnded decides what the end of the client's side means. Nobody ends one
// side of a connection and goes on to watch an endless answer; before an
// answer it is asked, once.
func (c *conn) clientEnded(asked *bool) (left bool) {
	c.mu.Lock() // nothing else may be written before it is asked
	defer c.mu.Unlock()
	switch c.phase {
	case phaseEndless:
		return true
	case phaseWaiting:
		if !*asked {
			*asked = true
			c.http.AskIfThere()
		}
	}
	return false
}
