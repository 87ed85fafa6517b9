package http2

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// requestBody streams the body of a request. It implements message.Body.
type requestBody struct {
	s        *Stream
	idle     time.Duration // between two bytes; 0 for ever
	trailers *message.Fields

	buf *[bodyBuffer]byte
	err error // what the last read said

	mu      sync.Mutex
	waits   bool          // the client sends nothing before a 100
	go100   chan struct{} // closed when it may, or never will; nil where it need not
	stopped bool
	eof     bool
	asked   bool // somebody reads it
	unasked bool // nobody ever will
}

const bodyBuffer = 16 << 10

var bodyBuffers = sync.Pool{New: func() any { return new([bodyBuffer]byte) }}

func (b *requestBody) init(s *Stream) { b.s = s }

// expects makes reading wait until the client was told to send.
func (b *requestBody) expects() { b.waits, b.go100 = true, make(chan struct{}) }

// Ready implements message.Body; nobody can know.
func (b *requestBody) Ready() bool { return false }

// Next implements message.Body.
func (b *requestBody) Next() ([]byte, error) {
	if b.buf == nil && !b.ask() {
		return nil, http.ErrBodyReadAfterClose
	}
	if b.go100 != nil {
		select {
		case <-b.go100:
		case <-b.s.Context().Done():
		}
		if b.isStopped() { // a read would still have the client told to send
			return nil, http.ErrBodyReadAfterClose
		}
	}
	if b.buf == nil {
		b.buf = bodyBuffers.Get().(*[bodyBuffer]byte)
	}
	for b.err == nil {
		var n int
		n, b.err = b.read()
		if n > 0 {
			return b.buf[:n], nil
		}
	}
	if b.err == io.EOF {
		b.ended()
	}
	return nil, b.err
}

func (b *requestBody) read() (int, error) {
	if b.idle > 0 {
		timer := time.AfterFunc(b.idle, func() { b.s.expire((*http.ResponseController).SetReadDeadline) })
		defer timer.Stop()
	}
	return b.s.r.Body.Read(b.buf[:])
}

func (b *requestBody) ended() {
	b.mu.Lock()
	b.eof = true
	b.mu.Unlock()
	*b.trailers = fieldsOf(b.s.r.Trailer)
}

// fieldsOf brings trailers into an order; those that would change how the
// message is read or routed are left out (RFC 9110 section 6.5.1).
func fieldsOf(h http.Header) (fields message.Fields) {
	for _, name := range sortedNames(h) {
		switch message.Lookup([]byte(name)) {
		case message.Other, message.Date:
			for _, value := range h[name] {
				fields.Add(name, []byte(value))
			}
		}
	}
	return fields
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// wanted lets the client send: the first read has it told so.
func (b *requestBody) wanted() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits {
		b.waits = false
		close(b.go100)
	}
}

// begun tells whether the client need not be told to send.
func (b *requestBody) begun() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.waits
}

// over tells whether nobody waits for more of it.
func (b *requestBody) over() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.eof || b.stopped || b.trailers == nil
}

func (b *requestBody) isStopped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped
}

// ask begins the reading; false where that was given up before.
func (b *requestBody) ask() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = true
	return !b.unasked
}

// giveUp keeps everybody from reading, but for drain; false where somebody has
// begun, or the client was not let send.
func (b *requestBody) giveUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unasked = !b.asked && !b.stopped && !b.waits && b.trailers != nil
	return b.unasked
}

const (
	// drainFor and drainSize are for what a client sends before it has read a
	// refusal. Some lose the answer where its stream is reset meanwhile.
	drainFor  = 500 * time.Millisecond
	drainSize = 1 << 20
)

// drain throws away what comes of a body that was given up. Of one that does not
// end the window lets no more through than is on its way; that is waited for.
func (b *requestBody) drain() {
	ctx, cancel := context.WithTimeout(b.s.Context(), drainFor)
	defer cancel()
	defer context.AfterFunc(ctx, b.stop)()
	if _, err := io.CopyN(io.Discard, b.s.r.Body, drainSize); err == nil {
		<-ctx.Done()
	}
}

// stop ends the reading. Closing first, so that who waits for a 100 finds it
// closed and no 100 goes out.
func (b *requestBody) stop() {
	b.mu.Lock()
	b.stopped = true
	b.mu.Unlock()
	b.s.r.Body.Close()
	b.wanted()
}

func (b *requestBody) release() {
	if b.buf != nil {
		bodyBuffers.Put(b.buf)
		b.buf = nil
	}
}
