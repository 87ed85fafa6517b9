package http1

import "time"

// Turn is what one request leaves behind.
type Turn uint8

const (
	Next  Turn = iota // it was read and answered: wait for another
	Leave             // the connection is needed, or has ended
)

// Serve waits for bytes, each time at most for idle, and calls turn for what
// has come, until turn leaves. The error is that of the waiting.
//
// turn may use the connection only as far as no more bytes of the client are
// needed (HeadReady, and a body that is whole): what needs more leaves first.
// In return a request costs no read that finds nothing.
func (c *ServerConn) Serve(idle time.Duration, turn func() Turn) error {
	if served, err := c.serveReady(idle, turn); served {
		return err
	}
	for {
		if err := c.Await(idle); err != nil {
			return err
		}
		if turn() == Leave {
			return nil
		}
	}
}

// HeadReady tells whether ReadRequest would return without waiting.
func (c *ServerConn) HeadReady() bool {
	data := c.in.unread()
	if len(data) == 0 || data[0] == '\r' {
		return false
	}
	var s scan
	n, err := s.end(data, c.limits)
	return n > 0 || err != nil
}
