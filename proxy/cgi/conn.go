package cgi

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// Conn is one connection to a server of the family and the request on it. It
// implements upstream.Wire.
type Conn struct {
	net      net.Conn
	src      source
	body     body
	records  *records // FastCGI
	head     func([]byte, *message.Request) ([]byte, error)
	small    int // a longer head than this many bytes may be too much; 0 for none
	sent     int // bytes of the head
	idle     time.Duration
	answered bool

	mu     sync.Mutex
	headed bool // the head of the answer is there: AnswerWithin has nothing to bound
}

func newConn(conn net.Conn, c *Conn) *Conn {
	c.net = conn
	c.src = source{conn: conn, records: c.records, buf: buffers.Get().(*buffer)}
	c.body.src = &c.src
	return c
}

// Answered implements upstream.Wire.
func (c *Conn) Answered() bool { return c.answered }

// Quiet implements upstream.Wire: no connection is used twice.
func (c *Conn) Quiet() bool { return false }

// Reusable implements upstream.Wire, see Quiet.
func (c *Conn) Reusable() bool { return false }

// Spoil implements upstream.Wire.
func (c *Conn) Spoil() {}

// Close implements upstream.Wire.
func (c *Conn) Close() error { return c.net.Close() }

// Release implements upstream.Wire.
func (c *Conn) Release() { c.src.release() }

// SetIdle implements upstream.Wire.
func (c *Conn) SetIdle(d time.Duration) { c.idle, c.body.idle = d, d }

// WriteRequest implements upstream.Wire. The request has a Script, and a length:
// the protocols know no body without. The error is a *message.Unsendable where
// it has no room in the protocol.
func (c *Conn) WriteRequest(x *message.Exchange, held []byte) error {
	r := &x.Request
	if c.records != nil {
		c.records.stderr.to = r.Script.Stderr
	}
	b, err := c.head(nil, r)
	if err != nil {
		return err
	}
	c.sent = len(b)
	b = c.appendBody(b, held)
	if int64(len(held)) == r.Length {
		b = c.appendBodyEnd(b)
	}
	return c.write(b)
}

func (c *Conn) appendBody(b, data []byte) []byte {
	if c.records == nil {
		return append(b, data...)
	}
	return appendStream(b, typeStdin, data)
}

func (c *Conn) appendBodyEnd(b []byte) []byte {
	if c.records == nil {
		return b
	}
	return appendRecord(b, typeStdin, nil)
}

// SendBody implements upstream.Wire.
func (c *Conn) SendBody(r *message.Request, sent *atomic.Int64) error {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for left := r.Length; left > 0; {
		data, err := r.Body.Next()
		if err != nil {
			return fmt.Errorf("%w: %w", message.ErrBodyCut, err)
		}
		for len(data) > 0 {
			n := min(len(data), bufferSize-2*recordHead)
			b := c.appendBody(buf[:0], data[:n])
			if left -= int64(n); left <= 0 {
				// In one write with the last bytes: uWSGI closes once it has
				// those, and what it never reads resets its own answer.
				b = c.appendBodyEnd(b)
			}
			if err := c.write(b); err != nil {
				return err
			}
			sent.Add(int64(n))
			data = data[n:]
		}
	}
	if _, err := r.Body.Next(); err != io.EOF {
		return fmt.Errorf("%w: %w", message.ErrBodyCut, err)
	}
	return nil
}

// piece is how much is written under one deadline, in bytes: a slow reader gets
// the idle time for each.
const piece = 16 << 10

func (c *Conn) write(b []byte) error {
	for len(b) > 0 {
		var until time.Time
		if c.idle > 0 {
			until = time.Now().Add(c.idle)
		}
		if err := c.net.SetWriteDeadline(until); err != nil {
			return err
		}
		n, err := c.net.Write(b[:min(len(b), piece)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// AnswerWithin implements upstream.Wire.
func (c *Conn) AnswerWithin(wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait > 0 && !c.headed {
		_ = c.src.until(time.Now().Add(wait)) // a closed connection waits for nobody
	}
}

// Ask implements upstream.Wire.
func (c *Conn) Ask(x *message.Exchange, held []byte, wait time.Duration, to message.Interim) error {
	return c.ReadAfter(c.WriteRequest(x, held), x, wait, to)
}

// ReadAfter implements upstream.Wire. There are no interim answers.
func (c *Conn) ReadAfter(writeErr error, x *message.Exchange, wait time.Duration, _ message.Interim) error {
	if unsent, ok := writeErr.(*message.Unsendable); ok {
		return unsent
	}
	err := c.readHead(x, wait)
	if err != nil && !c.answered && writeErr != nil {
		err = writeErr
	}
	if err != nil && !c.answered && c.small > 0 && c.sent > c.small {
		return &headRefused{err, c.sent, c.small}
	}
	return err
}

// readHead reads the head of the answer and prepares its body.
func (c *Conn) readHead(x *message.Exchange, wait time.Duration) error {
	if wait > 0 {
		if err := c.src.until(time.Now().Add(wait)); err != nil {
			return err
		}
	}
	raw, err := c.gatherHead()
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.headed = true // the body sets deadlines of its own
	c.mu.Unlock()
	x.ResponseHead = x.Copy(raw)
	if err := parseHead(x.ResponseHead, &x.Response); err != nil {
		return err
	}
	r := &x.Response
	r.Body = nil
	if c.body.left = r.Length; r.Length == 0 || x.Request.IsHEAD() || !message.BodyAllowed(r.Status) {
		return nil
	}
	r.Body = &c.body
	return nil
}

// gatherHead reads up to the empty line.
func (c *Conn) gatherHead() ([]byte, error) {
	var raw []byte
	for {
		data := c.src.ready()
		if len(data) == 0 {
			err := c.src.fill()
			if err == io.EOF && (len(raw) > 0 || c.records != nil) {
				return nil, &message.BadResponse{Why: "it ended within its head"}
			}
			if err != nil {
				return nil, err
			}
			c.answered = true
			continue
		}
		before := len(raw)
		raw = append(raw, data[:min(len(data), maxHead+1-before)]...)
		end := headEnd(raw, before)
		if end < 0 && len(raw) > maxHead {
			return nil, &message.BadResponse{Why: "the head is too long"}
		}
		if end >= 0 {
			c.src.take(end - before)
			return raw[:end], nil
		}
		c.src.take(len(raw) - before)
	}
}

// headRefused is a head that got no answer and was perhaps too long for one.
type headRefused struct {
	error
	size, most int
}

func (e *headRefused) Unwrap() error { return e.error }

// Hint says to the owner what may help.
func (e *headRefused) Hint() string {
	return fmt.Sprintf("the request's head has %d bytes; uWSGI takes %d unless its buffer-size is raised", e.size, e.most)
}
