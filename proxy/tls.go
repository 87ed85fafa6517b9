package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/acme"

	"forge.home.arpa/portico/proxy/http1"
)

// secure does the TLS handshake of a client of an https listener; false where
// it ended in none.
func (c *conn) secure() bool {
	if !c.tls {
		return true
	}
	snap := c.server.snapshot.Load()
	raw := c.net
	secured := tls.Server(raw, c.server.tls)
	if raw.SetDeadline(time.Now().Add(snap.header)) != nil {
		return false
	}
	if err := secured.Handshake(); err != nil {
		c.unsecured(err)
		return false
	}
	proto := secured.ConnectionState().NegotiatedProtocol
	if proto == acme.ALPNProto || raw.SetDeadline(time.Time{}) != nil {
		return false // an authority has seen what it came for
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == phaseClosed {
		return false
	}
	c.http.Release()
	c.net, c.http = secured, http1.NewServerConn(secured, snap.limits)
	c.multiplexes = proto == "h2"
	return true
}

// unsecured records a handshake that failed, and tells a client that speaks
// plain HTTP what it should speak. One that came and went is a look whether we
// are there.
func (c *conn) unsecured(err error) {
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn != nil && startsLikeHTTP(plain.RecordHeader) {
		_ = c.net.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c.net, speaksTLS)
	}
	if err == io.EOF || errors.Is(err, net.ErrClosed) {
		return
	}
	c.faulted("no TLS: " + handshakeFault(err))
}

const speaksTLS = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 37\r\n\r\n" +
	"This port speaks HTTPS: use https://\n"

func startsLikeHTTP(b [5]byte) bool {
	switch string(b[:4]) {
	case "GET ", "HEAD", "POST", "PUT ", "OPTI":
		return true
	}
	return false
}

// handshakeFault says in words what went wrong.
func handshakeFault(err error) string {
	words := err.Error()
	switch {
	case isTimeout(err):
		return "the handshake took too long"
	case strings.Contains(words, "no certificates configured"):
		return "a name was asked for that no route has"
	case strings.Contains(words, "first record does not look like a TLS handshake"):
		return "the client does not speak TLS"
	}
	return strings.TrimPrefix(words, "tls: ")
}
