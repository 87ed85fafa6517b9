package http1_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const (
	browserGet = "GET /library/albums?sort=name&page=3 HTTP/1.1\r\nHost: photos.example.com\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nReferer: https://photos.example.com/library\r\n" +
		"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\nSec-Fetch-Mode: navigate\r\nConnection: keep-alive\r\n\r\n"
	originHead = "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 23 Nov 2026 08:00:00 GMT\r\nContent-Type: text/html; charset=utf-8\r\n" +
		"Cache-Control: no-cache\r\nETag: \"5e-1234\"\r\nX-Frame-Options: SAMEORIGIN\r\n"
)

// answers are what an origin may say to a GET, by framing.
var answers = map[string]string{
	"length": originHead + "Content-Length: 1024\r\n\r\n" + string(bytes.Repeat([]byte("x"), 1024)),
	"chunks": originHead + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + string(bytes.Repeat([]byte("x"), 1024)) + "\r\n0\r\n\r\n",
}

// parrot says the same at every Read, in memory alone.
type parrot struct{ says []byte }

func (p parrot) Read(b []byte) (int, error)       { return copy(b, p.says), nil }
func (p parrot) Write(b []byte) (int, error)      { return len(b), nil }
func (p parrot) Close() error                     { return nil }
func (p parrot) LocalAddr() net.Addr              { return nil }
func (p parrot) RemoteAddr() net.Addr             { return nil }
func (p parrot) SetDeadline(time.Time) error      { return nil }
func (p parrot) SetReadDeadline(time.Time) error  { return nil }
func (p parrot) SetWriteDeadline(time.Time) error { return nil }

// keptAlive is a pair of connections that live as long as their peers want.
type keptAlive struct {
	client   *http1.ServerConn
	upstream *http1.ClientConn
}

func newKeptAlive(client, upstream net.Conn) *keptAlive {
	k := &keptAlive{http1.NewServerConn(client, limits), http1.NewClientConn(upstream, limits)}
	k.client.SetIdle(time.Minute)
	k.upstream.SetIdle(time.Minute)
	return k
}

// once passes one request and its answer on.
func (k *keptAlive) once(tb testing.TB) {
	x := message.New()
	defer x.Release()
	check := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	check(k.client.Await(time.Minute))
	check(k.client.ReadRequest(x, time.Minute))
	if !k.upstream.Quiet() {
		tb.Fatal("the upstream is not quiet")
	}
	check(k.upstream.WriteRequest(x, nil))
	check(k.upstream.ReadResponse(x, 0, k.client))
	check(k.client.Respond(x))
	if !k.client.Done() || !k.upstream.Reusable() {
		tb.Fatal("a connection is of no more use")
	}
}

// overLoopback joins two peers over sockets: one asks when next is called and
// takes the answer, the other answers.
func overLoopback(tb testing.TB, says string) (k *keptAlive, ask func()) {
	client, ours := tcpPair(tb)
	upstream, toUpstream := tcpPair(tb)
	for _, c := range []net.Conn{client, upstream} {
		if err := c.SetDeadline(time.Time{}); err != nil {
			tb.Fatal(err)
		}
	}
	go func() {
		b, out := make([]byte, 16<<10), []byte(says)
		for {
			if n, err := upstream.Read(b); err != nil || !bytes.HasSuffix(b[:n], []byte("\r\n\r\n")) {
				return
			}
			if _, err := upstream.Write(out); err != nil {
				return
			}
		}
	}()
	go func() {
		for b := make([]byte, 16<<10); ; {
			if _, err := client.Read(b); err != nil {
				return
			}
		}
	}()
	request := []byte(browserGet)
	return newKeptAlive(ours, toUpstream), func() { client.Write(request) }
}

// BenchmarkKeepAlive is the proxy's part of a GET on kept connections.
func BenchmarkKeepAlive(b *testing.B) {
	for _, framing := range []string{"length", "chunks"} {
		b.Run("memory/"+framing, func(b *testing.B) {
			k := newKeptAlive(parrot{[]byte(browserGet)}, parrot{[]byte(answers[framing])})
			b.ReportAllocs()
			for b.Loop() {
				k.once(b)
			}
		})
	}
	b.Run("loopback/length", func(b *testing.B) {
		k, ask := overLoopback(b, answers["length"])
		b.ReportAllocs()
		for b.Loop() {
			ask()
			k.once(b)
		}
	})
}
