package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// ServerConn is a client's connection: it reads requests and writes answers.
type ServerConn struct {
	conn   net.Conn
	in     source
	out    sink
	body   body
	head   requestHead
	limits Limits

	writing   sync.Mutex // held while bytes are on their way out
	answering bool       // within a final answer; under writing
	chunking  bool       // whose body goes in chunks; under writing

	minor    int
	isHEAD   bool
	closing  bool // no request follows the present one
	seasoned bool // a read of this connection has been served
	waiting  bool // the client waits for 100 before it sends the body
	bad      bool // what came was no request, so nobody knows what follows
	begun    bool // something of a request was read
}

// NewServerConn makes a ServerConn; the caller closes conn.
func NewServerConn(conn net.Conn, l Limits) *ServerConn {
	c := &ServerConn{conn: conn, limits: l}
	c.in.init(conn)
	c.out.init(conn)
	c.body.src, c.body.limits = &c.in, l
	return c
}

// Await waits until the first byte of the next request is there, at most for
// idle. A buffer is held only from then on.
func (c *ServerConn) Await(idle time.Duration) error {
	if !c.in.empty() {
		return nil
	}
	return c.in.fill(idle)
}

// ReadRequest reads the head that Await saw the beginning of into x; it must be
// complete within timeout from now. The error is a *BadRequest where an answer
// is due.
func (c *ServerConn) ReadRequest(x *message.Exchange, timeout time.Duration) error {
	head, err := c.readHead(x, timeout)
	if err == nil {
		x.RequestHead = head
		err = parseRequest(head, x, &c.head, c.limits.Fields)
	}
	r := &x.Request
	c.minor, c.isHEAD = r.Minor, r.IsHEAD()
	c.closing = c.closing || err != nil || !c.head.keepAlive(r.Minor)
	c.waiting = r.Expect
	if c.bad = err != nil; c.bad {
		c.body.start(noBody, 0, nil)
		return asBadRequest(err)
	}
	c.startBody(r)
	return nil
}

func (c *ServerConn) startBody(r *message.Request) {
	switch {
	case r.Length == message.Unknown:
		c.body.start(byChunks, 0, &r.Trailers)
	case r.Length > 0:
		c.body.start(byLength, r.Length, nil)
	default:
		c.body.start(noBody, 0, nil)
		return
	}
	r.Body = &c.body
}

func asBadRequest(err error) error {
	var m *malformed
	if errors.As(err, &m) {
		return &BadRequest{m.status, m.why}
	}
	return err
}

// BodyFault returns the fault in the framing of a request's body that err
// comes from, nil where err is of another kind.
func BodyFault(err error) *BadRequest {
	var m *malformed
	if errors.As(err, &m) && m.status != 0 {
		return &BadRequest{m.status, m.why}
	}
	return nil
}

// readHead copies the head into the exchange's memory, so that the connection's
// buffer is free for the body.
func (c *ServerConn) readHead(x *message.Exchange, timeout time.Duration) ([]byte, error) {
	wait := headWait{timeout: timeout}
	if err := c.skipEmptyLine(&wait); err != nil {
		return nil, err
	}
	var s scan
	for {
		data := c.in.unread()
		if s.lines == 0 && !startsLikeRequest(data) {
			return nil, errStart
		}
		n, err := s.end(data, c.limits)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			if !c.begun && isPreface(data[:n]) {
				return nil, ErrHTTP2
			}
			c.begun = true
			head := x.Copy(data[:n])
			c.in.discard(n)
			return head, nil
		}
		if err := c.moreHead(&wait); err != nil {
			return nil, err
		}
	}
}

// headWait is the time that all reads of one head share.
type headWait struct {
	timeout time.Duration
	armed   bool // most heads arrive whole and need no deadline
}

func (c *ServerConn) moreHead(wait *headWait) error {
	if !wait.armed {
		wait.armed = true
		if err := c.in.until.exactly(time.Now().Add(wait.timeout)); err != nil {
			return err
		}
	}
	if len(c.in.unread()) == len(c.in.buf) {
		c.in.grow(c.limits.Head + bufferSize)
	}
	err := c.in.fillNow()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &BadRequest{408, "the head took too long"}
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// skipEmptyLine allows one before a request (RFC 9112 section 2.2).
func (c *ServerConn) skipEmptyLine(wait *headWait) error {
	if c.in.unread()[0] != '\r' {
		return nil
	}
	for len(c.in.unread()) <= len(crlf) {
		if d := c.in.unread(); len(d) == len(crlf) && d[1] != '\n' {
			return errStart
		}
		if err := c.moreHead(wait); err != nil {
			return err
		}
	}
	if c.in.unread()[1] != '\n' {
		return errStart
	}
	c.in.discard(len(crlf))
	c.begun = true
	return nil
}

// SetIdle bounds how long the rest of this exchange may wait between two bytes.
func (c *ServerConn) SetIdle(d time.Duration) {
	c.out.idle = d
	c.body.wait = d
}

// CloseAfter makes the present answer the last.
func (c *ServerConn) CloseAfter() { c.closing = true }

// BytesOut counts what was written since the last Done.
func (c *ServerConn) BytesOut() int64 { return c.out.bytes }

// Settle is called before an answer to a request whose body nobody will read:
// what has arrived of it is thrown away, and where that is not all the answer
// says that it is the last.
func (c *ServerConn) Settle() {
	if !c.skipBody() {
		c.closing = true
	}
}

// Done ends the exchange: it tells whether the connection can take another
// request.
func (c *ServerConn) Done() bool {
	c.out.bytes = 0
	return !c.closing && c.skipBody()
}

// skipBody reads to the end of the body as far as it has arrived.
func (c *ServerConn) skipBody() (complete bool) {
	if c.waiting || c.in.until.over.Load() { // over: StopReading
		return false
	}
	for !c.body.complete() && c.body.Ready() {
		if _, err := c.body.Next(); err != nil && err != io.EOF {
			return false
		}
	}
	return c.body.complete()
}

// Unread tells, after Done returned false, whether the client may still be
// sending: bytes are unread, or a body is that it may or may not send.
func (c *ServerConn) Unread() bool {
	return c.waiting || !c.in.empty() || !c.body.complete() || c.bad
}

// Linger ends the connection so that the client can read the last answer: a
// close with bytes unread would destroy it on the way (RFC 9112 section 9.6).
// It goes on reading while bytes come, each within silence, all within total.
func (c *ServerConn) Linger(silence, total time.Duration) {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.in.until.renew()
	for end := time.Now().Add(total); ; {
		c.in.discard(len(c.in.unread()))
		wait := time.Now().Add(silence)
		if wait.After(end) {
			wait = end
		}
		if c.in.until.exactly(wait) != nil || c.in.fillNow() != nil {
			return
		}
	}
}

// StopReading ends the waiting of whoever reads the request's body; the
// connection carries no other request. Any goroutine may call it.
func (c *ServerConn) StopReading() {
	c.in.until.expire()
}

// Release gives the buffer back; the connection is not used afterwards.
func (c *ServerConn) Release() { c.in.release() }
