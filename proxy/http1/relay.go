package http1

import (
	"errors"
	"io"
	"net"
)

// Relay moves bytes both ways after an upgrade until both sides have ended, and
// returns how many went to the upstream and how many came back. Bytes that were
// read together with a head go first. One side's end is passed on and the other
// direction goes on (RFC 9112 section 9.6 leaves it to the new protocol). There
// is no deadline: TCP keep-alive finds the dead.
func Relay(client *ServerConn, upstream *ClientConn) (up, down int64, err error) {
	if err := noDeadlines(client.conn, upstream.conn); err != nil {
		return 0, 0, err
	}
	type result struct {
		n   int64
		err error
	}
	upward := make(chan result, 1)
	go func() {
		n, err := pump(upstream.conn, &client.in)
		if err != nil { // end the other direction too
			client.conn.Close()
			upstream.conn.Close()
		}
		upward <- result{n, err}
	}()
	down, err = pump(client.conn, &upstream.in)
	if err != nil {
		client.conn.Close()
		upstream.conn.Close()
	}
	r := <-upward
	return r.n, down, firstCause(err, r.err)
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
func pump(to net.Conn, from *source) (n int64, err error) {
	for {
		for !from.empty() {
			w, err := to.Write(from.unread())
			n += int64(w)
			if err != nil {
				return n, err
			}
			from.discard(w)
		}
		if err := from.ready.read(from); err != nil {
			if err != io.EOF {
				return n, err
			}
			return n, closeWrite(to)
		}
	}
}

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}
