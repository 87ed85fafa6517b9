//lint:file-ignore SA1019 The library steers to net/http's own server and transport, which take no connection that is already there.

package http2

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	h2 "golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const (
	// backWindow bounds what an upstream may send ahead of its reader in one
	// exchange, in bytes.
	backWindow = 512 << 10
	// quietPing is longer than the shortest time between two pings that gRPC
	// servers allow unless told otherwise; TCP keep-alive is quicker for hosts
	// that are gone.
	quietPing = 5*time.Minute + 10*time.Second
	// maxInterim bounds the 1xx answers before the final one.
	maxInterim = 64
)

// transport makes the client's side of connections; it dials and keeps none.
var transport = func() *h2.Transport {
	t, err := h2.ConfigureTransports(&http.Transport{
		DisableCompression: true,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     backWindow,
			MaxReceiveBufferPerConnection: backWindow,
			MaxReadFrameSize:              maxFrame,
			SendPingTimeout:               quietPing,
			PingTimeout:                   pingWithin,
		},
	})
	if err != nil {
		panic(err) // a transport that nobody has configured before takes it
	}
	t.AllowHTTP = true
	t.MaxHeaderListSize = uint32(2 * http1.DefaultLimits.Head)
	return t
}()

// Wire is a connection to an upstream that speaks HTTP/2. It carries one
// exchange at a time, and a new one after one that was cancelled.
type Wire struct {
	conn   *greeting
	scheme string
	client *h2.ClientConn
	failed error // of setting up
	idle   time.Duration

	// Of the present exchange:
	request  *http.Request
	upload   *io.PipeWriter // nil without a body that is streamed
	answer   chan answer
	interim  chan interim
	limit    chan time.Duration // from AnswerWithin
	answered bool
	body     responseBody

	mu     sync.Mutex
	cancel context.CancelFunc // ends the exchange; nil between two
	spoilt bool               // a time ran out: perhaps nobody is there
}

type answer struct {
	*http.Response
	err error
}

type interim struct {
	status int
	header http.Header
}

// NewWire begins HTTP/2 over an established connection. What fails here is told
// by the first request.
func NewWire(conn net.Conn) *Wire {
	w := &Wire{conn: &greeting{Conn: conn}, scheme: "http"}
	if _, secured := conn.(interface{ ConnectionState() tls.ConnectionState }); secured {
		w.scheme = "https"
	}
	w.client, w.failed = transport.NewClientConn(w.conn)
	return w
}

// SetIdle implements upstream.Wire.
func (w *Wire) SetIdle(d time.Duration) { w.idle = d }

// WriteRequest begins the exchange.
func (w *Wire) WriteRequest(x *message.Exchange, held []byte) error {
	if w.failed != nil {
		return w.failed
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.mu.Lock()
	w.cancel = cancel
	w.mu.Unlock()
	w.answered = false
	w.answer, w.interim = make(chan answer, 1), make(chan interim)
	w.limit = make(chan time.Duration, 1)
	w.newRequest(ctx, &x.Request, held)
	go func(r *http.Request, to chan<- answer) {
		resp, err := w.client.RoundTrip(r)
		to <- answer{resp, err}
	}(w.request, w.answer)
	return nil
}

// SendBody implements upstream.Wire. What the connection does not take for the
// idle time cancels the exchange.
func (w *Wire) SendBody(r *message.Request, sent *atomic.Int64) error {
	for {
		data, err := r.Body.Next()
		switch {
		case err == io.EOF:
			w.setTrailers(r)
			return w.upload.Close()
		case err != nil:
			w.upload.CloseWithError(err)
			return &bodyCut{err}
		}
		n, err := w.push(data)
		sent.Add(int64(n))
		if err != nil {
			return err
		}
	}
}

func (w *Wire) push(data []byte) (int, error) {
	if w.idle > 0 {
		timer := time.AfterFunc(w.idle, func() { w.upload.CloseWithError(os.ErrDeadlineExceeded) })
		defer timer.Stop()
	}
	return w.upload.Write(data)
}

type bodyCut struct{ err error }

func (e *bodyCut) Error() string   { return message.ErrBodyCut.Error() + ": " + e.err.Error() }
func (e *bodyCut) Unwrap() []error { return []error{message.ErrBodyCut, e.err} }

// AnswerWithin implements upstream.Wire.
func (w *Wire) AnswerWithin(wait time.Duration) {
	if wait > 0 {
		w.limit <- wait
	}
}

// Ask implements upstream.Wire.
func (w *Wire) Ask(x *message.Exchange, held []byte, wait time.Duration, to message.Interim) error {
	return w.ReadAfter(w.WriteRequest(x, held), x, wait, to)
}

// ReadAfter implements upstream.Wire.
func (w *Wire) ReadAfter(writeErr error, x *message.Exchange, wait time.Duration, to message.Interim) error {
	if writeErr != nil {
		return writeErr
	}
	var late <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		late = timer.C
	}
	for n := 0; ; {
		select {
		case a := <-w.answer:
			return w.take(a, x)
		case i := <-w.interim:
			if n++; n > maxInterim {
				return w.abandon(&message.BadResponse{Why: "too many interim answers"})
			}
			w.answered = true
			if err := pass(i, x, to); err != nil {
				return w.abandon(err)
			}
		case wait := <-w.limit:
			timer := time.NewTimer(wait)
			defer timer.Stop()
			late = timer.C
		case <-late:
			w.spoil()
			return w.abandon(os.ErrDeadlineExceeded)
		}
	}
}

// pass hands a 1xx answer on, which lies in x's fields meanwhile.
func pass(i interim, x *message.Exchange, to message.Interim) error {
	if i.status == 101 { // HTTP/2 has no switch (RFC 9113 section 8.6)
		return &message.BadResponse{Why: "101 was not asked for"}
	}
	if to == nil {
		return nil
	}
	r := &x.Response
	r.Fields = appendFields(r.Fields[:0], i.header)
	err := to.Interim(i.status, r.Fields)
	r.Fields = r.Fields[:0]
	return err
}

// abandon cancels the exchange and waits until it holds nothing any more.
func (w *Wire) abandon(err error) error {
	w.stop()
	if a := <-w.answer; a.err == nil {
		a.Body.Close()
	}
	return err
}

func (w *Wire) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil {
		w.cancel()
	}
}

func (w *Wire) spoil() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoilt = true
}

// Answered implements upstream.Wire.
func (w *Wire) Answered() bool { return w.answered }

// Quiet tells whether the upstream takes another request: it may have said that
// it will not, or be gone.
func (w *Wire) Quiet() bool { return w.failed == nil && w.client.CanTakeNewRequest() }

// Reusable ends the exchange. What was not read or sent of it ends with its
// stream, and harms no other.
func (w *Wire) Reusable() bool {
	w.body.close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
	return !w.spoilt && w.Quiet()
}

// Spoil has nothing to do: an exchange that was not finished takes nothing with
// it but its stream.
func (w *Wire) Spoil() {}

// Close cancels the exchange, of which the upstream is told; between two it
// ends the connection. Any goroutine may call it.
func (w *Wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil {
		w.cancel()
		return nil
	}
	if w.client == nil {
		return w.conn.Close()
	}
	return w.client.Close()
}

// Release implements upstream.Wire; there is nothing to give back.
func (w *Wire) Release() {}
