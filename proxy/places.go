package proxy

import (
	"slices"
	"sync/atomic"
	"time"
)

// places bounds the connections of clients (server.max_conns). Beyond it
// nobody is turned away: the connection that has rested longest between two
// requests makes room, which is what every client of HTTP must be ready for;
// where all are busy, newcomers wait in the kernel's queue until one ends.
type places struct {
	freed chan struct{} // a connection ended
	full  atomic.Int64  // since when newcomers wait, Unix nanoseconds; 0: they do not
}

func newPlaces() places { return places{freed: make(chan struct{}, 1)} }

// free says that a connection ended.
func (p *places) free() {
	select {
	case p.freed <- struct{}{}:
	default:
	}
}

// placeEvery is how often one who waits for a place looks by itself.
const placeEvery = 100 * time.Millisecond

// awaitPlace waits until another connection may be served. A listener that is
// about to close waits for nobody.
func (s *Server) awaitPlace(l *listener) {
	waited := false
	for !s.hasPlace() && !l.dropped.Load() && !s.draining.Load() {
		if s.endIdle() == 0 && !waited {
			waited = true
			s.crowded()
		}
		look := time.NewTimer(placeEvery)
		select {
		case <-s.places.freed:
		case <-look.C:
		}
		look.Stop()
	}
	if s.places.full.Load() != 0 && !waited {
		s.places.full.Store(0)
	}
}

func (s *Server) hasPlace() bool {
	most := s.snapshot.Load().config.Server.MaxConns
	if most == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) < most
}

// crowded notes that visitors wait, once for each time it begins.
func (s *Server) crowded() {
	if s.places.full.CompareAndSwap(0, time.Now().UnixNano()) {
		s.log.Warn("all connections are busy: visitors wait until one ends", "max_conns", s.snapshot.Load().config.Server.MaxConns)
	}
}

// endIdle ends connections between two requests, those that have rested
// longest, and returns how many. It ends a few at once, since looking for them
// takes longer the more there are.
func (s *Server) endIdle() int {
	type resting struct {
		conn  *conn
		since time.Time
	}
	var idle []resting
	s.eachConn(func(c *conn) {
		if since, rests := c.rests(); rests {
			idle = append(idle, resting{c, since})
		}
	})
	slices.SortFunc(idle, func(a, b resting) int { return a.since.Compare(b.since) })
	idle = idle[:min(len(idle), 1+len(idle)/32)]
	for _, r := range idle {
		r.conn.killIdle()
	}
	return len(idle)
}

// rests tells whether the connection is between two requests, and since when.
// The first request of a young one is on its way, as far as anybody knows: only
// what has brought none for half the time of a head rests too.
func (c *conn) rests() (since time.Time, ok bool) {
	served := false
	if s := c.multiplexed(); s != nil {
		since, served, ok = s.rests()
	} else {
		c.mu.Lock()
		since, served, ok = c.since, c.served, c.phase == phaseIdle
		c.mu.Unlock()
	}
	return since, ok && (served || time.Since(since) > c.server.snapshot.Load().header/2)
}
