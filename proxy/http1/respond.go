package http1

import (
	"io"
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
	return c.write(append(b, "\r\n"...))
}

func (c *ServerConn) write(b []byte) error {
	if err := c.out.write(b); err != nil {
		c.closing = true
		return &ClientError{err}
	}
	return nil
}

// Respond writes the answer in x and streams its body as it comes. After an
// error the connection is of no more use: what was sent must not be taken for
// a complete answer.
func (c *ServerConn) Respond(x *message.Exchange) error {
	// A client that was not told to go on may send its body or not: nobody knows
	// what its next bytes are (RFC 9110 section 10.1.1).
	c.closing = c.closing || c.waiting
	r := &x.Response
	w := answer{c: c, body: r.Body, trailers: &r.Trailers}
	w.framing(r)
	w.acquire()
	defer w.release()
	w.head(r)
	if w.body == nil {
		return w.flush()
	}
	if err := w.stream(); err != nil {
		c.closing = true
		return err
	}
	return nil
}

// answer is one answer on its way out. It holds a buffer only while it has
// bytes to send.
type answer struct {
	c        *ServerConn
	body     message.Body // nil when none is sent
	trailers *message.Fields
	chunked  bool
	left     int64 // of a body with a length

	buf   *buffer
	b     []byte // buf[:n], what is to be sent
	chunk int    // where the room for the chunk's size is; -1 outside a chunk
}

func (w *answer) acquire() {
	w.buf = getBuffer()
	w.b, w.chunk = w.buf[:0], -1
}

func (w *answer) release() {
	if w.buf != nil {
		putBuffer(w.buf)
	}
	w.buf, w.b = nil, nil
}

// framing decides how the client finds the end (RFC 9112 section 6.3).
func (w *answer) framing(r *message.Response) {
	w.left = r.Length
	switch {
	case w.c.isHEAD || !message.BodyAllowed(r.Status):
		w.body = nil
	case r.Length != message.Unknown:
		if r.Length == 0 {
			w.body = nil
		}
	case w.body == nil:
		w.left = 0
	case w.c.minor > 0:
		w.chunked = true
	default:
		w.c.closing = true // HTTP/1.0: the end of the connection is the end
	}
}

func (w *answer) head(r *message.Response) {
	b := appendStatusLine(w.b, r.Status, r.Reason)
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
	case w.c.closing:
		b = append(b, closeLine...)
	case w.c.minor == 0:
		b = append(b, keepAliveLine...)
	}
	w.b = append(b, "\r\n"...)
}

// flush sends what was gathered.
func (w *answer) flush() error {
	if len(w.b) == 0 {
		return nil
	}
	err := w.c.write(w.b)
	w.b = w.buf[:0]
	return err
}

// stream sends the body: all that is ready goes in one write, and nothing waits
// for more.
func (w *answer) stream() error {
	for {
		for w.body.Ready() {
			data, err := w.body.Next()
			if err == io.EOF {
				return w.finish()
			}
			if err == nil {
				err = w.add(data)
			}
			if err != nil {
				return w.broken(err)
			}
		}
		if err := w.pause(); err != nil {
			return err
		}
		if done, err := w.splice(); done || err != nil {
			return err
		}
		data, err := w.body.Next()
		w.acquire()
		if err == io.EOF {
			return w.finish()
		}
		if err == nil {
			err = w.add(data)
		}
		if err != nil {
			return w.broken(err)
		}
	}
}

// pause sends what there is and gives the buffer back for the time of waiting.
func (w *answer) pause() error {
	w.endChunk()
	err := w.flush()
	w.release()
	return err
}

// broken sends what came before the failure, which the client then sees as an
// answer cut short.
func (w *answer) broken(err error) error {
	if w.buf == nil {
		return err
	}
	if _, gone := err.(*ClientError); !gone {
		w.endChunk()
		_ = w.flush() // err says more
	}
	if !w.chunked && w.left == message.Unknown {
		w.reset()
	}
	return err
}

// reset makes the end of the connection an error for the client, where a plain
// close would say that the answer was complete.
func (w *answer) reset() {
	if t, ok := w.c.conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // best effort: the connection is lost anyway
	}
}

// add puts body bytes behind what is to be sent, or sends them from where they
// lie when they are many.
func (w *answer) add(data []byte) error {
	if w.left != message.Unknown && !w.chunked {
		if w.left -= int64(len(data)); w.left < 0 {
			return errTooMuch
		}
	}
	if !w.chunked {
		return w.addPlain(data)
	}
	for len(data) > 0 {
		n := w.addChunk(data)
		data = data[n:]
		if n == 0 {
			w.endChunk()
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *answer) addPlain(data []byte) error {
	if len(data) <= cap(w.b)-len(w.b) {
		w.b = append(w.b, data...)
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.c.write(data)
}

// addChunk takes as much as fits beside the end of the chunk and of the body.
func (w *answer) addChunk(data []byte) int {
	room := cap(w.b) - len(w.b) - len("\r\n") - len(lastChunk)
	if w.chunk < 0 {
		room -= chunkHead
	}
	if room <= 0 {
		return 0
	}
	if w.chunk < 0 {
		w.chunk = len(w.b)
		w.b = w.b[:len(w.b)+chunkHead]
	}
	n := min(room, len(data))
	w.b = append(w.b, data[:n]...)
	return n
}

func (w *answer) endChunk() {
	if w.chunk < 0 {
		return
	}
	start := w.chunk + chunkHead
	putChunkHead(w.b[w.chunk:start], len(w.b)-start)
	w.b = append(w.b, "\r\n"...)
	w.chunk = -1
}

func (w *answer) finish() error {
	if !w.chunked {
		if w.left > 0 {
			return w.broken(io.ErrUnexpectedEOF)
		}
		return w.flush()
	}
	w.endChunk()
	if len(*w.trailers) == 0 {
		w.b = append(w.b, lastChunk...)
		return w.flush()
	}
	w.b = append(w.b, "0\r\n"...)
	w.b = appendFields(w.b, *w.trailers)
	w.b = append(w.b, "\r\n"...)
	return w.flush()
}
