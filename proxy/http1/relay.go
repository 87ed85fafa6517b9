package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
)

// Relay moves bytes both ways after an upgrade until both sides have ended, and
// counts those that went up to the upstream and came down to the client. Bytes
// that were read together with a head go first. One side's end is passed on and
// the other direction goes on (RFC 9112 section 9.6 leaves it to the new
// protocol). There is no deadline: TCP keep-alive finds the dead.
func Relay(client *ServerConn, upstream *ClientConn, up, down *atomic.Int64) error {
	if err := noDeadlines(client.conn, upstream.conn); err != nil {
		return err
	}
	r := relay{client.conn, upstream.conn, atomic.Int32{}}
	upward := make(chan error, 1)
	go func() { upward <- r.oneWay(upstream.conn, &client.in, up) }()
	err := r.oneWay(client.conn, &upstream.in, down)
	return firstCause(err, <-upward)
}

type relay struct {
	client, upstream net.Conn
	ended            atomic.Int32 // directions
}

// oneWay relays one direction. Where it breaks it ends the other too. Where it
// ends well, the peer that ended its side is still looked after, since it may
// leave altogether before the other direction has anything to say.
func (r *relay) oneWay(to net.Conn, from *source, count *atomic.Int64) error {
	err := pump(to, from, count)
	if err == nil && r.ended.Add(1) == 1 {
		err = from.ready.awaitGone()
		if err == nil || r.ended.Load() == 2 {
			return nil
		}
	}
	if err != nil {
		r.client.Close()
		r.upstream.Close()
		return err
	}
	return noWaiting(r.client, r.upstream)
}

// noWaiting wakes the direction that has ended before.
func noWaiting(conns ...net.Conn) error {
	for _, c := range conns {
		if err := c.SetReadDeadline(past); err != nil {
			return err
		}
	}
	return nil
}

func noDeadlines(conns ...net.Conn) error {
	for _, c := range conns {
		if err := c.SetDeadline(noTime); err != nil {
			return err
		}
	}
	return nil
}

// firstCause prefers the error that made the other side's connection close.
func firstCause(a, b error) error {
	if a == nil || errors.Is(a, net.ErrClosed) {
		return b
	}
	return a
}

// pump copies until from ends, then ends to's receiving side. It holds a
// buffer only while there are bytes in it.
func pump(to net.Conn, from *source, count *atomic.Int64) error {
	for {
		for !from.empty() {
			n, err := to.Write(from.unread())
			count.Add(int64(n))
			if err != nil {
				return err
			}
			from.discard(n)
		}
		if err := from.rest(); err != nil {
			if err != io.EOF {
				return err
			}
			return closeWrite(to)
		}
	}
}

// rest waits for more bytes, for hours perhaps. TLS reads into a buffer of ours
// while it waits; so it is asked for what it holds, and then the socket below is
// waited for.
func (s *source) rest() error {
	socket, secure := socketOf(s.conn)
	if !secure {
		return s.ready.read(s)
	}
	if err := s.readHeld(); !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if err := awaitReadable(socket); err != nil {
		return err
	}
	return s.plainRead()
}

// readHeld reads without waiting what TLS holds already.
func (s *source) readHeld() error {
	if err := s.conn.SetReadDeadline(past); err != nil {
		return err
	}
	err := s.plainRead()
	if err := s.conn.SetReadDeadline(noTime); err != nil {
		return err
	}
	return err
}

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}
