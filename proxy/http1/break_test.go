package http1_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
)

// breaks are answers that end too early, with what the upstream does then.
var breaks = []struct {
	name, answer string
	end          func(*net.TCPConn)
}{
	{"a length, then the end", answer("Content-Length: 4") + "abc", func(c *net.TCPConn) { c.CloseWrite() }},
	{"a length, then a reset", answer("Content-Length: 4") + "abc", reset},
	{"a large length, then the end", answer("Content-Length: 1000000") + "abc", func(c *net.TCPConn) { c.CloseWrite() }},
	{"a large length, then a reset", answer("Content-Length: 1000000") + "abc", reset},
	{"chunks, then the end", answer("Transfer-Encoding: chunked") + "3\r\nabc\r\n", func(c *net.TCPConn) { c.CloseWrite() }},
	{"chunks, then a reset", answer("Transfer-Encoding: chunked") + "3\r\nabc\r\n", reset},
	{"chunks, then a bad one", answer("Transfer-Encoding: chunked") + "3\r\nabc\r\n", func(c *net.TCPConn) { io.WriteString(c, "x\r\n") }},
	{"ended by the close, then a reset", answer() + "abc", reset},
}

func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// TestBrokenForHTTPClient lets net/http's client be the judge.
func TestBrokenForHTTPClient(t *testing.T) {
	noneLeft(t)
	for _, c := range breaks {
		t.Run(c.name, func(t *testing.T) {
			client, ours := tcpPair(t)
			upstream, toUpstream := tcpPair(t)
			done := respondLater(t, ours, toUpstream)
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
			defer transport.CloseIdleConnections()
			say(t, upstream, c.answer)
			r, err := (&http.Client{Transport: transport, Timeout: patience}).Get("http://a/")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			hear(t, r.Body, "abc")
			c.end(upstream)
			if rest, err := io.ReadAll(r.Body); err == nil {
				t.Errorf("a broken answer looks complete, with %q more", rest)
			}
			broke(t, waitFor(t, "the end of the exchange", done))
		})
	}
}

// TestBrokenForOldClient: the end of the connection ends an answer to HTTP/1.0,
// so it must be no clean one.
func TestBrokenForOldClient(t *testing.T) {
	noneLeft(t)
	server, client := tlsConfigs(t)
	for _, c := range breaks {
		for _, secure := range []bool{false, true} {
			name := "plain: " + c.name
			if secure {
				name = "TLS: " + c.name
			}
			t.Run(name, func(t *testing.T) {
				theirs, ours := tcpPair(t)
				upstream, toUpstream := tcpPair(t)
				var conn, served net.Conn = theirs, ours
				if secure {
					conn, served = tls.Client(theirs, client), tls.Server(ours, server)
				}
				done := respondLater(t, served, toUpstream)
				say(t, conn, get10)
				say(t, upstream, c.answer)
				status := hearHead(t, conn)
				hear(t, conn, "abc")
				c.end(upstream)
				rest, err := io.ReadAll(conn)
				if !strings.Contains(status, "Content-Length") && err == nil {
					t.Errorf("a broken answer ends cleanly, with %q more", rest)
				}
				if !secure && err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Error(err)
				}
				broke(t, waitFor(t, "the end of the exchange", done))
			})
		}
	}
}

func broke(t *testing.T, e *exchange) {
	t.Helper()
	var gone *http1.ClientError
	if e.respondErr == nil || errors.As(e.respondErr, &gone) || e.again || e.reusable {
		t.Errorf("error %v, another request %v, reusable %v", e.respondErr, e.again, e.reusable)
	}
}

// hearHead reads a head byte by byte, so that nothing behind it is taken.
func hearHead(t testing.TB, c io.Reader) string {
	t.Helper()
	head, err := readHead(c)
	if err != nil {
		t.Fatalf("within the head %q: %v", head, err)
	}
	return head
}

func readHead(c io.Reader) (string, error) {
	var head strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(head.String(), "\r\n\r\n"); head.Write(b) {
		if _, err := io.ReadFull(c, b); err != nil {
			return head.String(), err
		}
	}
	return head.String(), nil
}

// tlsConfigs are for two sides that need not trust each other.
func tlsConfigs(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	own := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{own}}, &tls.Config{InsecureSkipVerify: true}
}
