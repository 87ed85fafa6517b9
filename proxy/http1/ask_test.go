package http1_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

func question(body int64) *message.Exchange {
	x := message.New()
	x.Request = message.Request{Method: []byte("PUT"), Path: []byte("/"), Authority: []byte("a"), Length: body}
	return x
}

const put = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: "

func TestAsk(t *testing.T) {
	noneLeft(t)
	upstream, ours := tcpPair(t)
	c := http1.NewClientConn(ours, limits)
	for range 3 {
		x := question(3)
		go func() {
			hear(t, upstream, put+"3\r\n\r\nabc")
			say(t, upstream, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}()
		if err := c.Ask(x, []byte("abc"), patience, nil); err != nil || x.Response.Status != 200 {
			t.Fatal(err, x.Response.Status)
		}
		if !c.Reusable() || !c.Quiet() {
			t.Fatal("the connection is of no more use")
		}
		x.Release()
	}
}

// TestAskStale: nothing came back, so the request may be sent again.
func TestAskStale(t *testing.T) {
	upstream, ours := tcpPair(t)
	c := http1.NewClientConn(ours, limits)
	upstream.Close()
	x := question(0)
	defer x.Release()
	if err := c.Ask(x, nil, patience, nil); err == nil || c.Answered() || c.Reusable() {
		t.Errorf("%v, answered %v, reusable %v", err, c.Answered(), c.Reusable())
	}
}

// TestAskWhole: a request that the socket does not take at once is written all
// the same, whatever its size.
func TestAskWhole(t *testing.T) {
	for _, size := range []int{100, 15 << 10, 300 << 10} {
		upstream, ours := tcpPair(t)
		fill(t, ours)
		c := http1.NewClientConn(ours, limits)
		body := bytes.Repeat([]byte("x"), size)
		got := make(chan []byte, 1)
		go func() {
			time.Sleep(20 * time.Millisecond)
			all := readUntil(upstream, append([]byte("\r\n\r\n"), body...))
			got <- all
			upstream.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		}()
		x := question(int64(size))
		if err := c.Ask(x, body, patience, nil); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if all := waitFor(t, "the request", got); !bytes.HasSuffix(all, body) || !bytes.Contains(all, []byte(put)) {
			t.Errorf("%d bytes: %d came", size, len(all))
		}
		x.Release()
	}
}

func readUntil(r io.Reader, end []byte) (all []byte) {
	b := make([]byte, 64<<10)
	for !bytes.HasSuffix(all, end) {
		n, err := r.Read(b)
		if err != nil {
			return all
		}
		all = append(all, b[:n]...)
	}
	return all
}

func TestAskEndsInTime(t *testing.T) {
	upstream, ours := tcpPair(t)
	c := http1.NewClientConn(ours, limits)
	x := question(0)
	defer x.Release()
	if err := c.Ask(x, nil, 20*time.Millisecond, nil); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent upstream: %v", err)
	}
	hear(t, upstream, put+"0\r\n\r\n")
}
