package proxy_test

import (
	"bytes"
	"io"
	"net"
	"testing"
)

const (
	plainGet    = "GET /some/page?q=1 HTTP/1.1\r\nHost: site.example.com\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
	plainAnswer = "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 23 Nov 2026 08:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!"
)

// quietOrigin answers every head with the same bytes and allocates nothing per
// request.
func quietOrigin(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go echoFixed(c)
		}
	}()
	return l.Addr().String()
}

func echoFixed(c net.Conn) {
	defer c.Close()
	buf, answer := make([]byte, 8<<10), []byte(plainAnswer)
	n := 0
	for {
		k, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		if n += k; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
			continue
		}
		n = 0
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// keepAlive returns a function that sends one GET over a kept connection and
// reads its answer, allocating nothing.
func keepAlive(t testing.TB) func() {
	t.Helper()
	s := newSite(t, "[route.site]\nhost = \"site.example.com\"\nto = \"http://"+quietOrigin(t)+"\"\n")
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	request, buf := []byte(plainGet), make([]byte, 8<<10)
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		for n := 0; !bytes.HasSuffix(buf[:n], []byte("Hello, world!")); {
			k, err := c.Read(buf[n:])
			if err != nil {
				t.Fatal(err, io.EOF)
			}
			n += k
		}
	}
}

// BenchmarkKeepAlive is a GET through the whole proxy: match, guards, headers,
// upstream, record. Run it with -benchmem: it allocates nothing.
func BenchmarkKeepAlive(b *testing.B) {
	get := keepAlive(b)
	for range 100 {
		get()
	}
	b.ReportAllocs()
	for b.Loop() {
		get()
	}
}

func TestKeepAliveAllocatesNothing(t *testing.T) {
	get := keepAlive(t)
	for range 1000 { // pools, chunks of the ring, lazily made counters
		get()
	}
	if n := testing.AllocsPerRun(2000, get); n > 0 && !raced {
		t.Errorf("%v allocations for a keep-alive GET, want 0", n)
	}
}
