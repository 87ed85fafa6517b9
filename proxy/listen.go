package proxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// listener is one bound address.
type listener struct {
	addr   string // as configured
	net    net.Listener
	tls    atomic.Bool // an edit may turn an address from one to the other
	once   sync.Once
	closed chan struct{}

	dropped atomic.Bool // by an edit: its connections end with their next answer
}

// ListenError is an address that could not be bound; Err is the system's.
type ListenError struct {
	Addr string
	Err  error
	// Overlaps names a listener of this process that stands in the way.
	Overlaps string
}

func (e *ListenError) Error() string {
	if e.Overlaps != "" {
		return fmt.Sprintf("cannot listen on %s while %s is served: this change needs a restart", e.Addr, e.Overlaps)
	}
	return fmt.Sprintf("cannot listen on %s: %v", e.Addr, reason(e.Err))
}

func (e *ListenError) Unwrap() error { return e.Err }

func reason(err error) error {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no
	}
	return err
}

// bind takes an address and accepts nothing yet. There is no SO_REUSEPORT: it
// would let a second process take half the traffic.
func (s *Server) bind(addr string) (*listener, error) {
	s.awaitParting(addr)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &ListenError{Addr: addr, Err: err, Overlaps: s.overlapping(addr)}
	}
	return &listener{addr: addr, net: l, closed: make(chan struct{})}, nil
}

// awaitParting waits until a listener that an earlier edit dropped has given
// its address back.
func (s *Server) awaitParting(addr string) {
	s.mu.Lock()
	l := s.parting[addr]
	s.mu.Unlock()
	if l != nil {
		<-l.closed // at most drainQueue after it was dropped
	}
}

// overlapping names a running listener on the same port.
func (s *Server) overlapping(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		if _, p, err := net.SplitHostPort(l.net.Addr().String()); err == nil && p == port {
			return l.addr
		}
	}
	return ""
}

func (l *listener) close() {
	l.once.Do(func() {
		l.net.Close()
		close(l.closed)
	})
}

func (s *Server) listens(addr string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listeners[addr] != nil
}

// replaceListeners puts new ones in force and ends those not wanted. What the
// kernel has already queued for a closed one is accepted first.
func (s *Server) replaceListeners(added []*listener, wanted map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range added {
		if s.draining.Load() {
			l.close()
			continue
		}
		s.listeners[l.addr] = l
		if s.running {
			s.start(l)
		}
	}
	for addr, l := range s.listeners {
		secure, kept := wanted[addr]
		if l.tls.Store(secure); !kept {
			delete(s.listeners, addr)
			s.parting[addr] = l
			l.drain(s.running)
			s.sendAway(l)
		}
	}
}

// start accepts on l until it is closed. The caller holds s.mu.
func (s *Server) start(l *listener) {
	s.group.Add(1)
	go func() {
		defer s.group.Done()
		defer s.parted(l)
		s.accept(l)
	}()
}

func (s *Server) parted(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parting[l.addr] == l {
		delete(s.parting, l.addr)
	}
}

func (s *Server) accept(l *listener) {
	pause := acceptPause{log: s.log, addr: l.addr}
	for {
		nc, err := l.net.Accept()
		switch {
		case errors.Is(err, net.ErrClosed), isTimeout(err):
			l.close()
			return
		case err != nil:
			pause.after(err)
			continue
		}
		pause.reset()
		s.awaitPlace(l)
		s.admit(nc, l)
	}
}

// admit serves a connection in a goroutine of its own.
func (s *Server) admit(nc net.Conn, on *listener) {
	c := s.newConn(nc, on)
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.group.Add(1)
	s.mu.Unlock()
	go func() {
		c.serve()
		if c.upgraded == nil {
			s.forget(c)
			return
		}
		go func() { // upon a fresh stack
			c.relay()
			s.forget(c)
		}()
	}()
}

// sendAway tells the HTTP/2 clients of a dropped listener to leave; those of
// HTTP/1 learn it with their next answer. The caller holds s.mu.
func (s *Server) sendAway(l *listener) {
	for c := range s.conns {
		if m := c.multiplexed(); m != nil && c.on == l {
			m.http.Drain()
		}
	}
}

// forget closes a connection that has come to its end.
func (s *Server) forget(c *conn) {
	c.close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.places.free()
	s.group.Done()
}

// drain lets the connections in that wait in the kernel's queue, then closes.
func (l *listener) drain(running bool) {
	l.dropped.Store(true)
	t, ok := l.net.(*net.TCPListener)
	if !running || !ok || takeNoMore(t) != nil || t.SetDeadline(time.Now().Add(drainQueue)) != nil {
		l.close()
	}
}

// drainQueue is long enough to accept what waited when a listener was dropped,
// and whose handshake was under way.
const drainQueue = 50 * time.Millisecond

// portOfListener is the port of the first address, "" without one.
func portOfListener(addrs []string) string {
	if len(addrs) == 0 {
		return ""
	}
	_, port, _ := net.SplitHostPort(addrs[0])
	return port
}
