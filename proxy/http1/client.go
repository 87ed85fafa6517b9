package http1

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// ClientConn is a connection to an upstream: it writes requests and reads
// answers, one after the other.
type ClientConn struct {
	conn   net.Conn
	socket net.Conn // conn, or what is below its TLS
	secure bool     // conn is TLS
	in     source
	out    sink
	body   body
	head   responseHead
	limits Limits
	probe  probe

	until    time.Time   // when the head must be there; zero for never
	keep     bool        // the upstream takes another request after this one
	answered bool        // a byte of an answer to the present request has come
	limited  atomic.Bool // AnswerWithin has set a deadline
	unsent   atomic.Bool // a part of the present request was not sent, or not yet
}

// NewClientConn makes a ClientConn over an established connection.
func NewClientConn(conn net.Conn, l Limits) *ClientConn {
	c := &ClientConn{conn: conn, limits: l}
	c.in.init(conn)
	c.out.init(conn)
	c.socket, c.secure = socketOf(conn)
	c.probe.init(c.socket)
	c.body.src, c.body.limits, c.body.patient = &c.in, l, true
	return c
}

// socketOf is what is below TLS, or conn itself.
func socketOf(conn net.Conn) (socket net.Conn, secure bool) {
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return over.NetConn(), true
	}
	return conn, false
}

// Quiet tells whether a kept connection is still silent: one that was closed,
// or that brings bytes nobody asked for, must not carry another request, whose
// answer those bytes would become.
func (c *ClientConn) Quiet() bool {
	return c.in.empty() && c.probe.quiet() && (!c.secure || c.nothingDecrypted())
}

// Silent is Quiet for a plain connection that speaks another protocol.
func Silent(conn net.Conn) bool {
	var p probe
	p.init(conn)
	return p.quiet()
}

// nothingDecrypted tells whether TLS itself holds no byte and no farewell: it
// reads whole segments off the socket. A read that may not wait leaves a TLS
// connection as it was.
func (c *ClientConn) nothingDecrypted() bool {
	defer c.in.until.renew()
	var b [1]byte
	if c.conn.SetReadDeadline(past) != nil {
		return false
	}
	n, err := c.conn.Read(b[:])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// Close closes the connection; any goroutine may call it to end the others'
// waiting. TLS says good-bye first, which must not wait for a peer that takes
// nothing.
func (c *ClientConn) Close() error {
	if c.secure && !writable(c.socket) {
		return c.socket.Close()
	}
	return c.conn.Close()
}

// SetIdle bounds how long the exchange may wait between two bytes of a body.
func (c *ClientConn) SetIdle(d time.Duration) {
	c.out.idle = d
	c.body.wait = d
}

// WriteRequest writes the head of x's request, and its body in the same write
// where it lies in memory and held is given.
func (c *ClientConn) WriteRequest(x *message.Exchange, held []byte) error {
	c.answered, c.keep = false, false
	c.unsent.Store(true)
	if err := c.writeRequest(&x.Request, held); err != nil {
		return err
	}
	c.unsent.Store(int64(len(held)) != x.Request.Length) // SendBody follows
	return nil
}

// Ask is WriteRequest and ReadResponse in one, for a request whose whole body
// is held and a connection that was Quiet just now: it saves looking for an
// answer before there can be one.
func (c *ClientConn) Ask(x *message.Exchange, held []byte, wait time.Duration, to message.Interim) error {
	c.answered, c.keep = false, false
	c.unsent.Store(true)
	rest, err := c.send(&x.Request, held, wait)
	if err == nil && len(rest) > 0 {
		err = c.out.write(rest)
	} else if err != nil && len(rest) == 0 {
		c.unsent.Store(false)
		return err // the answer did not come
	}
	c.unsent.Store(err != nil)
	return c.ReadAfter(err, x, wait, to)
}

// ReadAfter is ReadResponse after a write that may have failed: an upstream may
// answer before it has read everything, and close. Its answer is worth more
// than our broken write.
func (c *ClientConn) ReadAfter(writeErr error, x *message.Exchange, wait time.Duration, to message.Interim) error {
	err := c.ReadResponse(x, wait, to)
	if err != nil && writeErr != nil && !c.answered {
		return writeErr
	}
	return err
}

// send writes a request and waits for the first bytes of the answer. Where rest
// is left, nothing was waited for.
func (c *ClientConn) send(r *message.Request, held []byte, wait time.Duration) (rest []byte, err error) {
	buf := getBuffer()
	defer putBuffer(buf)
	b := appendRequestHead(buf[:0], r)
	if len(held) > cap(b)-len(b) {
		return held, c.out.write(b)
	}
	b = append(b, held...)
	if err := c.in.until.arm(wait); err != nil {
		return b, err
	}
	rest, err = c.in.ready.send(b)
	if len(rest) > 0 && err == nil {
		if err = c.out.write(rest); err == nil {
			rest = nil
		}
	}
	return rest, err // with an error only its length is looked at: buf goes back
}

func (c *ClientConn) writeRequest(r *message.Request, held []byte) error {
	buf := getBuffer()
	defer putBuffer(buf)
	b := appendRequestHead(buf[:0], r)
	if len(held) <= cap(b)-len(b) {
		return c.out.write(append(b, held...))
	}
	if err := c.out.write(b); err != nil {
		return err
	}
	return c.out.write(held)
}

func appendRequestHead(b []byte, r *message.Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Path...)
	b = append(b, r.Query...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Authority...)
	b = append(b, "\r\n"...)
	b = appendFields(b, r.Fields)
	switch {
	case r.Length == message.Unknown:
		b = append(b, codingLine...)
	case r.Length > 0 || expectsBody(r.Method):
		b = appendLength(b, r.Length)
	}
	if r.Expect {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	switch {
	case len(r.Upgrade) > 0:
		b = appendUpgrade(b, r.Upgrade)
	case r.TE: // a name for this hop, hence also in Connection (RFC 9110 section 10.1.4)
		b = append(b, "Connection: TE\r\nTE: trailers\r\n"...)
	}
	return append(b, "\r\n"...)
}

// expectsBody: such a request without a body says so (RFC 9110 section 8.6).
func expectsBody(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

type bodyCut struct{ err error }

func (e *bodyCut) Error() string   { return message.ErrBodyCut.Error() + ": " + e.err.Error() }
func (e *bodyCut) Unwrap() []error { return []error{message.ErrBodyCut, e.err} }

// SendBody streams the request's body as it comes and counts what was sent.
// Another goroutine may read the answer meanwhile.
func (c *ClientConn) SendBody(r *message.Request, sent *atomic.Int64) error {
	w := stream{to: &c.out, body: r.Body, trailers: &r.Trailers, drop: r.Drop, left: r.Length, sent: sent}
	w.chunked = r.Length == message.Unknown
	defer w.release()
	err := w.run()
	if failed, ok := err.(writeError); ok {
		return failed.error
	}
	if err != nil {
		return &bodyCut{err}
	}
	c.unsent.Store(false)
	return nil
}

// AnswerWithin bounds the waiting of another goroutine for the head of the
// answer: its time begins when the request was sent, not with its first byte.
func (c *ClientConn) AnswerWithin(wait time.Duration) {
	if wait > 0 {
		c.limited.Store(true)
		_ = c.conn.SetReadDeadline(time.Now().Add(wait)) // a closed connection waits for nobody
	}
}

// ReadResponse reads the head of the answer into x, waiting at most wait for
// its first byte (0: for ever) and passing on 1xx answers. The body streams
// from x.Response.Body.
func (c *ClientConn) ReadResponse(x *message.Exchange, wait time.Duration, to message.Interim) error {
	for n := 0; ; n++ {
		if n > maxInterim {
			return &message.BadResponse{Why: errInterim.why}
		}
		c.expect(wait)
		head, err := c.readHead(x)
		if err == nil {
			x.ResponseHead = head
			err = parseResponse(head, x, &c.head, c.limits.Fields)
		}
		if err != nil {
			return asBadResponse(err)
		}
		r := &x.Response
		if r.Status >= 200 || r.Status == 101 {
			return c.startAnswer(x)
		}
		if to != nil {
			if err := to.Interim(r.Status, r.Fields); err != nil {
				return err
			}
		}
	}
}

func asBadResponse(err error) error {
	var m *malformed
	if errors.As(err, &m) {
		return &message.BadResponse{Why: m.why, TooLarge: m.status == errHeadTooLong.status}
	}
	return err
}

// IsMalformed tells whether err says that an answer's body broke its framing.
func IsMalformed(err error) bool {
	var m *malformed
	return errors.As(err, &m)
}

// Answered tells whether anything came back for the present request. Where
// nothing did, a kept connection may have been closed before it was used.
func (c *ClientConn) Answered() bool { return c.answered }

func (c *ClientConn) readHead(x *message.Exchange) ([]byte, error) {
	var s scan
	for {
		if data := c.in.unread(); len(data) > 0 {
			c.answered = true
			if !startsLikeResponse(data) {
				return nil, strangeStart(data)
			}
			n, err := s.end(data, c.limits)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				head := x.Copy(data[:n])
				c.in.discard(n)
				return head, nil
			}
			if len(data) == len(c.in.buf) {
				c.in.grow(c.limits.Head + bufferSize)
			}
		}
		if err := c.fillHead(); err != nil {
			return nil, err
		}
	}
}

// expect sets the time for a head, from now on.
func (c *ClientConn) expect(wait time.Duration) {
	c.until = time.Time{}
	if wait > 0 {
		c.until = time.Now().Add(wait)
	}
}

// fillHead waits for more of the head, whose time does not begin anew with
// every byte.
func (c *ClientConn) fillHead() error {
	if c.until.IsZero() {
		return c.in.fill(0)
	}
	if err := c.in.until.exactly(c.until); err != nil {
		return err
	}
	return c.in.fillNow()
}

func (c *ClientConn) startAnswer(x *message.Exchange) error {
	r := &x.Response
	if c.limited.Swap(false) {
		c.in.until.renew() // the body has times of its own
	}
	c.keep = c.head.keepAlive()
	r.Body, r.Trailers = nil, nil
	switch {
	case r.Status == 101:
		c.keep = false
		if !wasAsked(x.Request.Upgrade, r.Upgrade) {
			return &message.BadResponse{Why: errUnasked.why}
		}
		c.body.start(noBody, 0, nil)
		return nil
	case x.Request.IsHEAD() || !message.BodyAllowed(r.Status):
		if r.Status == 204 && (c.head.framing.chunked || r.Length > 0) {
			c.keep = false // what it promised against the rules may come yet
		}
		c.body.start(noBody, 0, nil)
		return nil
	case c.head.framing.chunked:
		c.body.start(byChunks, 0, &r.Trailers)
	case c.head.framing.length >= 0:
		c.body.start(byLength, c.head.framing.length, nil)
	default:
		c.keep = false
		c.body.start(byClose, 0, nil)
	}
	if c.body.err == nil {
		r.Body = &c.body
	}
	return nil
}

// wasAsked tells whether every protocol that a 101 switches to was offered (RFC
// 9110 section 7.8).
func wasAsked(offered, chosen []byte) bool {
	some := false
	for len(chosen) > 0 {
		var p []byte
		if p, chosen = nextItem(chosen); len(p) == 0 {
			continue
		}
		if some = listHas(offered, string(p)); !some {
			return false
		}
	}
	return some
}

// Reusable tells, after the answer was read, whether the connection may carry
// another request: the present one was sent to its end, its answer is complete,
// nothing follows it, and the upstream did not say that it closes.
func (c *ClientConn) Reusable() bool {
	return c.keep && !c.unsent.Load() && c.body.complete() && c.in.empty()
}

// Spoil keeps the connection from carrying another request.
func (c *ClientConn) Spoil() { c.keep = false }

// Release gives the buffer back; the connection is not used afterwards.
func (c *ClientConn) Release() { c.in.release() }
