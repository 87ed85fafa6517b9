package http2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	h2 "golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// take reads the head of an answer into x.
func (w *Wire) take(a answer, x *message.Exchange) error {
	if a.err != nil {
		return w.conn.explain(a.err)
	}
	w.answered = true
	w.body = responseBody{w: w, from: a.Response, trailers: &x.Response.Trailers}
	r := &x.Response
	r.Status, r.Reason, r.Upgrade = a.StatusCode, nil, nil
	r.Fields = appendFields(r.Fields[:0], a.Header)
	if len(a.Trailer) > 0 {
		r.Fields.AddKnown(message.Trailer, []byte(strings.Join(sortedNames(a.Trailer), ", ")))
	}
	x.ResponseHead = x.Make(func(b []byte) []byte { return appendAnswer(b, r) })
	if r.Status < 200 || r.Status > 599 {
		return &message.BadResponse{Why: "a status of " + strconv.Itoa(r.Status)}
	}
	if len(r.Fields) > http1.DefaultLimits.Fields {
		return &message.BadResponse{Why: "too many fields"}
	}
	r.Trailers, r.Body = nil, nil
	r.Length = lengthOf(a.Response, x.Request.IsHEAD())
	if r.Length != 0 && !x.Request.IsHEAD() && message.BodyAllowed(r.Status) {
		r.Body = &w.body
	}
	return nil
}

// lengthOf is what the head says of the body, which is nothing where an answer
// has none whatever its head says.
func lengthOf(a *http.Response, isHEAD bool) int64 {
	_, said := a.Header["Content-Length"]
	switch {
	case said && len(a.Trailer) > 0 && !isHEAD:
		return message.Unknown // trailers follow no body whose length was said in HTTP/1
	case said:
		return a.ContentLength
	case isHEAD || !message.BodyAllowed(a.StatusCode):
		return message.Unknown
	}
	return a.ContentLength
}

// appendFields brings fields into an order, in which those of one name stay as
// they came; framing is left out.
func appendFields(to message.Fields, h http.Header) message.Fields {
	for _, name := range sortedNames(h) {
		switch message.Lookup([]byte(name)) {
		case message.ContentLength, message.ProxyAuthenticate:
			continue
		}
		for _, value := range h[name] {
			to.Add(name, []byte(value))
		}
	}
	return to
}

// appendAnswer writes the head down for people.
func appendAnswer(b []byte, r *message.Response) []byte {
	b = append(strconv.AppendInt(append(b, "HTTP/2.0 "...), int64(r.Status), 10), "\r\n"...)
	for i := range r.Fields {
		b = append(append(b, r.Fields[i].Name...), ": "...)
		b = append(append(b, r.Fields[i].Value...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// Reset is the error of an exchange that the upstream ended with RST_STREAM,
// but for one that it has not begun.
type Reset struct{ Code h2.ErrCode }

func (e *Reset) Error() string { return "RST_STREAM " + e.Code.String() }

// fromPeer is how the library marks a reset that it received, of those it sends.
const fromPeer = "received from peer"

// failure says of what breaks the protocol that it is a bad answer, and of a
// request that was not begun that it was not.
func failure(err error) error {
	var reset h2.StreamError
	var broken h2.ConnectionError
	switch {
	case errors.As(err, &reset) && reset.Code == h2.ErrCodeRefusedStream, neverBegun[err.Error()]:
		return fmt.Errorf("%w: %w", upstream.ErrNotBegun, err)
	case errors.As(err, &reset) && reset.Cause != nil && reset.Cause.Error() == fromPeer:
		return &Reset{reset.Code}
	case errors.As(err, &reset) && reset.Code == h2.ErrCodeProtocol:
		if reset.Cause != nil {
			return &message.BadResponse{Why: reset.Cause.Error()}
		}
		return &message.BadResponse{Why: reset.Error()}
	case errors.As(err, &broken):
		return &message.BadResponse{Why: broken.Error()}
	case errors.Is(err, h2.ErrFrameTooLarge):
		return &message.BadResponse{Why: err.Error()}
	}
	return err
}

// neverBegun are words of the library, which keeps the errors to itself: the
// upstream said goodbye before it saw the request, had done so already, or left
// before there was one.
var neverBegun = map[string]bool{
	"http2: Transport received Server's graceful shutdown GOAWAY": true,
	"http2: client conn not usable":                               true,
	"http2: client conn could not be established":                 true,
}

// responseBody streams the body of an answer. It implements message.Body.
type responseBody struct {
	w        *Wire
	from     *http.Response // nil between two exchanges
	trailers *message.Fields
	begun    bool
	buf      *[bodyBuffer]byte
	err      error
}

// Ready implements message.Body; nobody can know.
func (b *responseBody) Ready() bool { return false }

// Next implements message.Body. The first byte may take any time.
func (b *responseBody) Next() ([]byte, error) {
	if b.buf == nil {
		b.buf = bodyBuffers.Get().(*[bodyBuffer]byte)
	}
	for b.err == nil {
		n, err := b.read()
		if b.err = err; n > 0 {
			b.begun = true
			return b.buf[:n], nil
		}
	}
	if b.err == io.EOF {
		*b.trailers = fieldsOf(b.from.Trailer)
	}
	return nil, b.err
}

func (b *responseBody) read() (int, error) {
	if b.w.idle == 0 || !b.begun {
		n, err := b.from.Body.Read(b.buf[:])
		return n, bodyFailure(err)
	}
	timer := time.AfterFunc(b.w.idle, func() {
		b.w.spoil()
		b.w.stop()
	})
	n, err := b.from.Body.Read(b.buf[:])
	if !timer.Stop() && err != nil && err != io.EOF {
		err = os.ErrDeadlineExceeded
	}
	return n, bodyFailure(err)
}

func bodyFailure(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return failure(err)
}

// close gives up what was not read.
func (b *responseBody) close() {
	if b.from != nil {
		b.from.Body.Close()
	}
	if b.buf != nil {
		bodyBuffers.Put(b.buf)
	}
	*b = responseBody{}
}
