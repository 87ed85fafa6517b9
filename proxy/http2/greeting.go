package http2

import (
	"bytes"
	"net"
	"sync"

	"forge.home.arpa/portico/proxy/message"
)

// greeting is a connection that remembers how the other side began: one that
// speaks HTTP/1 alone is the mistake most often made, and the library's errors
// say a dozen other things of it.
type greeting struct {
	net.Conn
	mu    sync.Mutex
	start []byte
}

var http1Start = []byte("HTTP/1.")

func (g *greeting) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	if missing := len(http1Start) - len(g.start); missing > 0 {
		g.start = append(g.start, p[:min(n, missing)]...)
	}
	return n, err
}

// explain gives a failure its plain reason, where it is known.
func (g *greeting) explain(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if bytes.Equal(g.start, http1Start) {
		return &message.BadResponse{Why: "it speaks HTTP/1, not HTTP/2"}
	}
	return failure(err)
}
