package http2

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// Stream is one request of a client and the way back to it.
type Stream struct {
	w      http.ResponseWriter
	r      *http.Request
	limits http1.Limits
	body   requestBody

	idle     time.Duration // how long one write may take without progress
	bytes    int64         // of the body, sent
	answered bool          // the answer was begun
	broken   bool          // the answer is not whole, or cannot be

	mu    sync.Mutex
	ended bool // w must not be used
}

// Context ends when the client takes the request back or leaves, and when it
// was answered.
func (s *Stream) Context() context.Context { return s.r.Context() }

// SetIdle bounds how long the exchange may wait between two bytes of a body; 0
// is for ever.
func (s *Stream) SetIdle(d time.Duration) { s.idle, s.body.idle = d, d }

// CloseAfter has nothing to do: a fault of one request ends no other, and
// Conn.Drain tells a client that it should leave.
func (s *Stream) CloseAfter() {}

// Settle has nothing to do: what nobody reads of a body ends with its stream.
func (s *Stream) Settle() {}

// StopReading ends the waiting of whoever reads the request's body. Any
// goroutine may call it.
func (s *Stream) StopReading() { s.body.stop() }

// BytesOut counts the bytes of the answer's body that were sent.
func (s *Stream) BytesOut() int64 { return s.bytes }

// Interim sends a 1xx answer. A 100 goes out when the body is about to be read.
func (s *Stream) Interim(status int, fields message.Fields) error {
	if status == 100 {
		s.body.wanted()
		return nil
	}
	setFields(s.w.Header(), fields)
	err := s.timed(func() error {
		s.w.WriteHeader(status)
		return s.r.Context().Err()
	})
	clear(s.w.Header())
	return err
}

// Respond sends the answer in x and its body as it comes. After an error the
// stream is reset: what was sent must not be taken for a complete answer.
func (s *Stream) Respond(x *message.Exchange) error {
	s.answered, s.broken = true, true
	r := &x.Response
	body, left := framed(&x.Request, r)
	s.writeHead(r, body, left)
	if !s.body.begun() {
		s.body.stop() // a final answer in place of 100: nobody waits for the rest
	}
	if body != nil {
		if err := s.send(body, left); err != nil {
			return err
		}
		s.setTrailers(r)
	}
	isCall := message.IsGRPC(x.Request.Fields.Get(message.ContentType))
	if r.Status > 299 || isCall {
		// A refusal, or the status of a call, is the end whatever the client
		// was about to say; it leaves when nobody reads any more.
		if isCall || !s.body.giveUp() {
			s.body.stop()
		}
	} else if !s.body.over() {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.broken = false
	return nil
}

// linger lets a client that was refused say what is on its way.
func (s *Stream) linger() {
	if s.body.unasked && !s.broken && s.flush() == nil {
		s.body.drain()
	}
}

// framed is the body that is sent, and how long it must be.
func framed(q *message.Request, r *message.Response) (body message.Body, length int64) {
	switch {
	case q.IsHEAD() || !message.BodyAllowed(r.Status):
		return nil, r.Length
	case r.Body == nil || r.Length == 0:
		return nil, 0
	}
	return r.Body, r.Length
}

func (s *Stream) writeHead(r *message.Response, body message.Body, length int64) {
	h := s.w.Header()
	setFields(h, r.Fields)
	// Named without a value, these are not made up by the server.
	h["Content-Length"] = nil
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = nil
	}
	grpcEnd := body == nil && message.IsGRPC(r.Fields.Get(message.ContentType))
	if length != message.Unknown && r.Status != 204 && !grpcEnd {
		h["Content-Length"] = []string{strconv.FormatInt(length, 10)}
	}
	s.w.WriteHeader(r.Status)
	clear(h) // what stays would go out again as trailers
}

// setFields leaves out what is for HTTP/1 alone; which fields Connection named
// is known to who read them.
func setFields(h http.Header, fields message.Fields) {
	for i := range fields {
		f := &fields[i]
		switch f.Known {
		case message.Connection, message.KeepAlive, message.ProxyConnection, message.TransferEncoding,
			message.Upgrade, message.TE, message.HTTP2Settings, message.ContentLength, message.Host:
			continue
		}
		name := http.CanonicalHeaderKey(string(f.Name))
		h[name] = append(h[name], string(f.Value))
	}
}

// setTrailers leaves the trailers to be sent with the end of the stream.
func (s *Stream) setTrailers(r *message.Response) {
	if r.Drop != nil {
		r.Trailers.RemoveFunc(r.Drop)
	}
	h := s.w.Header()
	for i := range r.Trailers {
		f := &r.Trailers[i]
		name := http.TrailerPrefix + http.CanonicalHeaderKey(string(f.Name))
		h[name] = append(h[name], string(f.Value))
	}
}

// end is called when the request was served, and before w is given up.
func (s *Stream) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.body.release()
}
