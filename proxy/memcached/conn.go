package memcached

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const (
	// MaxKey is the longest key in bytes; the server takes no longer one.
	MaxKey = 250
	// maxValue is the largest value in bytes: a server can be told to keep
	// items of up to 1 GB, never of more.
	maxValue = 1 << 30
	// maxLine holds a VALUE line with the longest key.
	maxLine = 512
	// patience is how long an answer may take where the route says nothing: a
	// cache that is slower than the page is of no use to anybody.
	patience = 5 * time.Second
)

// Conn is a connection to a memcached. It implements upstream.Wire: the path of
// a request is its key; the answer is 200 with the value, marked as gzip where
// flag 2 is set, or 404 where there is none.
type Conn struct {
	conn net.Conn
	idle time.Duration

	buf  *buffer // held only within an answer
	r, w int     // buf[r:w] is unread

	answered bool
	complete bool  // the answer was read to its end
	spoiled  bool  // it carries no other request
	left     int64 // of the value, not given out
}

type buffer [32 << 10]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// NewConn makes a Conn over an established connection.
func NewConn(conn net.Conn) *Conn { return &Conn{conn: conn, complete: true} }

// SetIdle implements upstream.Wire.
func (c *Conn) SetIdle(d time.Duration) { c.idle = d }

// WriteRequest implements upstream.Wire.
func (c *Conn) WriteRequest(x *message.Exchange, _ []byte) error {
	key := x.Request.Path
	if !ValidKey(key) {
		return errors.New("memcached: the key has a blank or is too long")
	}
	c.answered, c.complete, c.left = false, false, 0
	if err := c.conn.SetWriteDeadline(until(c.idle)); err != nil {
		return err
	}
	line := append(append([]byte("get "), key...), "\r\n"...)
	_, err := c.conn.Write(line)
	return err
}

// ValidKey tells whether the server would take the key: what has a blank or a
// control character would be another command to it.
func ValidKey(key []byte) bool {
	for _, c := range key {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(key) > 0 && len(key) <= MaxKey
}

func until(wait time.Duration) time.Time {
	if wait == 0 {
		return time.Time{}
	}
	return time.Now().Add(wait)
}

// SendBody implements upstream.Wire: nothing is sent, so that the body is still
// there for who answers instead.
func (c *Conn) SendBody(*message.Request, *atomic.Int64) error { return nil }

// AnswerWithin implements upstream.Wire; ReadAfter has a time of its own.
func (c *Conn) AnswerWithin(time.Duration) {}

// Ask implements upstream.Wire.
func (c *Conn) Ask(x *message.Exchange, held []byte, wait time.Duration, to message.Interim) error {
	return c.ReadAfter(c.WriteRequest(x, held), x, wait, to)
}

// ReadAfter implements upstream.Wire. Where wait is 0 it is 5 s.
func (c *Conn) ReadAfter(writeErr error, x *message.Exchange, wait time.Duration, _ message.Interim) error {
	if wait == 0 {
		wait = patience
	}
	err := c.conn.SetReadDeadline(until(wait))
	if err == nil {
		err = c.readAnswer(x)
	}
	if err != nil && writeErr != nil && !c.answered {
		return writeErr
	}
	return err
}

// Answered implements upstream.Wire.
func (c *Conn) Answered() bool { return c.answered }

// Quiet implements upstream.Wire.
func (c *Conn) Quiet() bool { return http1.Silent(c.conn) }

// Reusable implements upstream.Wire.
func (c *Conn) Reusable() bool { return c.complete && !c.spoiled && c.r == c.w }

// Spoil implements upstream.Wire.
func (c *Conn) Spoil() { c.spoiled = true }

// Close implements upstream.Wire.
func (c *Conn) Close() error { return c.conn.Close() }

// Release implements upstream.Wire.
func (c *Conn) Release() {
	if c.buf != nil {
		buffers.Put(c.buf)
	}
	c.buf, c.r, c.w = nil, 0, 0
}
