//lint:file-ignore SA1019 The library steers to net/http's own server and transport, which take no connection that is already there.

package http2

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	h2 "golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/http1"
)

// Options of a Conn.
type Options struct {
	Limits http1.Limits  // of a request's head
	Header time.Duration // for a head to arrive whole
	Idle   time.Duration // without a stream
	Log    *slog.Logger

	// Serve answers one request; each runs in a goroutine of its own.
	Serve func(*Stream)
	// Fault is told what the client did that was no HTTP/2 and no request
	// either, in words for the owner.
	Fault func(why string)
}

const (
	// maxStreams bounds the requests that one client has under way.
	maxStreams = 128
	// streamWindow and connWindow bound what a client may send ahead of those
	// who read it, in bytes: that much memory a client can hold.
	streamWindow = 256 << 10
	connWindow   = 1 << 20
	// maxFrame is the largest frame that is read, in bytes.
	maxFrame = 64 << 10
	// stall is how long a client may take none of what lies ready for it.
	stall = 5 * time.Minute
	// pingAfter is how long a silent client is trusted, and pingWithin how
	// long it may take to answer whether it is there.
	pingAfter  = time.Minute
	pingWithin = 15 * time.Second
)

// Conn is one client's connection.
type Conn struct {
	net      *frames
	serve    func(*Stream)
	limits   http1.Limits
	log      *slog.Logger
	base     http.Server
	server   h2.Server
	draining atomic.Bool
}

// NewConn makes a Conn of a connection from which read was read already; the
// caller closes nc.
func NewConn(nc net.Conn, read []byte, o Options) *Conn {
	c := &Conn{serve: o.Serve, limits: o.Limits, log: o.Log, net: newFrames(nc, read, o.Header, o.Fault)}
	c.server = h2.Server{
		MaxConcurrentStreams:         maxStreams,
		MaxReadFrameSize:             maxFrame,
		MaxUploadBufferPerConnection: connWindow,
		MaxUploadBufferPerStream:     streamWindow,
		IdleTimeout:                  o.Idle,
		ReadIdleTimeout:              pingAfter,
		PingTimeout:                  pingWithin,
		WriteByteTimeout:             stall,
	}
	c.base = http.Server{
		Handler: http.HandlerFunc(c.serveStream),
		// More than is allowed, so that nearly all heads that are too long are
		// refused, and recorded, by the judge of all requests.
		MaxHeaderBytes: 2 * o.Limits.Head,
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		ConnState:      c.stateChanged,
	}
	return c
}

// Serve answers requests until the connection ends. The error is that of
// setting up.
func (c *Conn) Serve() error {
	if err := h2.ConfigureServer(&c.base, &c.server); err != nil {
		return err
	}
	var nc net.Conn = c.net
	if t, ok := c.net.Conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		nc = overTLS{c.net, t.ConnectionState()}
	}
	c.server.ServeConn(nc, &h2.ServeConnOpts{BaseConfig: &c.base})
	return nil
}

// overTLS shows how a connection is secured, which decides whether HTTP/2 may
// be spoken over it (RFC 9113 section 9.2).
type overTLS struct {
	net.Conn
	state tls.ConnectionState
}

func (t overTLS) ConnectionState() tls.ConnectionState { return t.state }

// Drain tells the client to ask nothing more of this connection, which ends
// when the present answers have (GOAWAY, RFC 9113 section 6.8). Any goroutine
// may call it; it does not wait.
func (c *Conn) Drain() {
	c.draining.Store(true)
	c.sayGoodbye()
}

func (c *Conn) sayGoodbye() {
	// It has no listeners or connections of its own to wait for.
	_ = c.base.Shutdown(context.Background())
}

// stateChanged says again what Drain said before the connection was set up.
func (c *Conn) stateChanged(net.Conn, http.ConnState) {
	if c.draining.Load() {
		c.sayGoodbye()
	}
}

// Abort ends the connection and everything on it. Any goroutine may call it.
func (c *Conn) Abort() { c.net.Close() }

// serveStream is the one place where a request is an http.Request.
func (c *Conn) serveStream(w http.ResponseWriter, r *http.Request) {
	s := &Stream{w: w, r: r, limits: c.limits}
	s.body.init(s)
	defer func() {
		if failure := recover(); failure != nil {
			c.log.Error("a request failed within portico", "error", failure)
		}
		s.end()
		if !s.answered && r.Context().Err() != nil {
			c.net.spend(earlyReset)
		}
		if !s.answered || s.broken {
			panic(http.ErrAbortHandler) // resets the stream
		}
	}()
	c.serve(s)
	s.linger()
}
