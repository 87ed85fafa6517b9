package proxy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/http2"
	"forge.home.arpa/portico/proxy/upstream"
)

// streams are what an HTTP/2 connection serves side by side, beside conn, which
// stays the connection to those who count, drain and end connections.
type streams struct {
	http *http2.Conn
	mu   sync.Mutex
	open map[*stream]struct{}
	rest time.Time // since when there is none

	served bool // there was one
}

// stream is one request of an HTTP/2 client with what others need to know of it.
type stream struct {
	*http2.Stream
	server *Server
	left   atomic.Bool // the client left while its answer was awaited

	mu      sync.Mutex
	phase   phase
	backend upstream.Wire // what the request under way depends on
	unwatch func() bool
}

// serveHTTP2 answers what comes over HTTP/2 until the connection ends; read was
// read of it before.
func (c *conn) serveHTTP2(read []byte) {
	snap := c.server.snapshot.Load()
	s := &streams{open: map[*stream]struct{}{}, rest: time.Now()}
	s.http = http2.NewConn(c.net, read, http2.Options{
		Limits: snap.limits, Header: snap.header, Idle: snap.idle, Log: c.server.log,
		Serve: c.serveStream, Fault: c.faulted,
	})
	if !c.speaks(s) {
		return
	}
	if err := s.http.Serve(); err != nil {
		c.server.log.Error("cannot serve HTTP/2", "error", err)
	}
}

// speaks notes that the connection speaks HTTP/2; false when it was closed.
func (c *conn) speaks(s *streams) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == phaseClosed {
		return false
	}
	c.streams = s
	if c.server.draining.Load() || c.on.dropped.Load() {
		s.http.Drain()
	}
	return true
}

// serveStream answers one request.
func (c *conn) serveStream(hs *http2.Stream) {
	s := &stream{Stream: hs, server: c.server, phase: phaseReading}
	c.streams.add(s)
	defer c.streams.remove(s)
	v := c.server.begin(c, s, s)
	defer v.end()
	v.readErr = hs.ReadRequest(v.x)
	if v.readErr == nil {
		v.serve()
	} else if !v.serveBad(v.readErr) {
		return
	}
	v.finish(hs.BytesOut())
}

// faulted records what was no request: the client is told in the protocol's own
// words, or not at all.
func (c *conn) faulted(why string) {
	v := c.server.begin(c, nil, nil)
	defer v.end()
	v.identify()
	v.row.Rule, v.row.Detail = badRequestRule, why
	if c.streams != nil { // many a good client ends a handshake, over a certificate it does not know
		v.offends(badRequest, why)
	}
	v.finish(0)
}

func (s *streams) add(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[st] = struct{}{}
	s.served = true
}

func (s *streams) remove(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, st)
	s.rest = time.Now()
}

// rests tells whether no request is under way, since when, and whether one was.
func (s *streams) rests() (since time.Time, served, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rest, s.served, len(s.open) == 0
}

// killEndless ends the requests whose answers have no end of their own.
func (s *streams) killEndless() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.open {
		if st.in(phaseEndless) {
			st.leave()
		}
	}
}

func (s *stream) depend(on upstream.Wire, _ bool, _ time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.active.Add(1)
	s.backend, s.phase = on, phaseWaiting
	// A client that left before is noticed at once.
	s.unwatch = context.AfterFunc(s.Context(), s.leave)
}

// leave frees the upstream of a client that takes its request back.
func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.backend != nil {
		s.left.Store(true)
		s.backend.Close()
	}
}

func (s *stream) uploaded() {} // the protocol tells that a client leaves, whoever reads

func (s *stream) release() {
	s.unwatch()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backend, s.phase = nil, phaseReading
	s.server.active.Add(-1)
}

func (s *stream) answering(endless bool, _ time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase = phaseAnswering; endless {
		s.phase = phaseEndless
	}
}

func (s *stream) gone() bool { return s.left.Load() }

func (s *stream) in(p phase) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase == p
}
