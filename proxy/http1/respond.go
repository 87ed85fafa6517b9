package http1

import (
	"net"

	"forge.home.arpa/portico/proxy/message"
)

// ClientError is a failure to write to the client; any other error of Respond
// comes from the answer's body.
type ClientError struct{ Err error }

func (e *ClientError) Error() string { return "client: " + e.Err.Error() }
func (e *ClientError) Unwrap() error { return e.Err }

// Interim writes a 1xx answer; a client of HTTP/1.0 is sent none.
func (c *ServerConn) Interim(status int, fields message.Fields) error {
	if c.minor == 0 {
		return nil
	}
	if status == 100 {
		c.waiting = false
	}
	buf := getBuffer()
	defer putBuffer(buf)
	b := appendStatusLine(buf[:0], status, nil)
	b = appendFields(b, fields)
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.out.write(append(b, crlf...)); err != nil {
		c.closing = true
		return &ClientError{err}
	}
	return nil
}

// Respond writes the answer in x and streams its body as it comes. After an
// error the connection is of no more use: what was sent must not be taken for
// a complete answer.
func (c *ServerConn) Respond(x *message.Exchange) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	r := &x.Response
	if c.waiting { // a final answer in place of 100: the body may come or not
		c.closing = true
	}
	w := stream{to: &c.out, body: r.Body, trailers: &r.Trailers, drop: r.Drop, movable: true, writing: &c.writing}
	c.frame(&w, r)
	c.answering, c.chunking = true, w.chunked
	defer func() { c.answering, c.chunking = false, false }()
	w.acquire()
	defer w.release()
	w.b = c.appendHead(w.b, &w, r)
	var err error
	if w.body == nil {
		err = w.flush()
	} else {
		err = w.run()
	}
	if err == nil {
		return nil
	}
	c.closing = true
	if failed, ok := err.(writeError); ok {
		return &ClientError{failed.error}
	}
	c.breakOff(&w)
	return err
}

// frame decides how the client finds the end (RFC 9112 section 6.3).
func (c *ServerConn) frame(w *stream, r *message.Response) {
	w.left = r.Length
	switch {
	case c.isHEAD || !message.BodyAllowed(r.Status):
		w.body = nil
	case w.body == nil:
		w.left = 0
	case r.Length != message.Unknown:
		if r.Length == 0 {
			w.body = nil
		}
	case c.minor > 0:
		w.chunked = true
	default:
		c.closing = true // HTTP/1.0: the end of the connection is the end
	}
}

func (c *ServerConn) appendHead(b []byte, w *stream, r *message.Response) []byte {
	b = appendStatusLine(b, r.Status, r.Reason)
	b = appendFields(b, r.Fields)
	switch {
	case r.Status == 101:
		b = appendUpgrade(b, r.Upgrade)
	case r.Status < 200 || r.Status == 204: // RFC 9110 section 8.6
	case w.chunked:
		b = append(b, codingLine...)
	case w.left != message.Unknown:
		b = appendLength(b, w.left)
	}
	switch {
	case r.Status == 101:
	case c.closing:
		b = append(b, closeLine...)
	case c.minor == 0:
		b = append(b, keepAliveLine...)
	}
	return append(b, crlf...)
}

// breakOff sends what came before the body failed, which the client then sees
// as an answer cut short. Where nothing but the end of the connection ends the
// body, that end must be an error: a plain close would say that the answer was
// complete, and so would the farewell of TLS. A plain one is left for its owner
// to close: within Serve a Close here would wait for ourselves.
func (c *ServerConn) breakOff(w *stream) {
	_ = w.pause() // the body's failure says more
	if w.chunked || w.left != message.Unknown {
		return
	}
	conn := c.conn
	over, secure := conn.(interface{ NetConn() net.Conn })
	if secure {
		conn = over.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // best effort: the connection is lost anyway
	}
	if secure {
		conn.Close()
	}
}
