package http1_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"

// TestReusedOnceSent: an answer that comes before the end of the request leaves
// the connection in the middle of it.
func TestReusedOnceSent(t *testing.T) {
	client := cut(upload+"abcd", len(upload)+2)
	e := newExchange(client, whole(answer("Content-Length: 0")))
	x := message.New()
	defer x.Release()
	if err := e.client.Await(patience); err != nil {
		t.Fatal(err)
	}
	if err := e.client.ReadRequest(x, patience); err != nil {
		t.Fatal(err)
	}
	if err := e.upstream.WriteRequest(x, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.upstream.ReadResponse(x, 0, nil); err != nil {
		t.Fatal(err)
	}
	if e.upstream.Reusable() {
		t.Error("reusable before the body was sent")
	}
	if err := e.upstream.SendBody(&x.Request, &e.sent); err != nil || !e.upstream.Reusable() {
		t.Errorf("error %v, reusable %v after it was sent", err, e.upstream.Reusable())
	}
	e.upstream.Spoil()
	if e.upstream.Reusable() {
		t.Error("reusable though spoilt")
	}
}

// stingy takes a few bytes only, yet answers.
type stingy struct {
	*script
	takes int
}

func (s *stingy) Write(b []byte) (int, error) {
	if n := s.takes; n < len(b) {
		s.takes = 0
		return n, io.ErrClosedPipe
	}
	s.takes -= len(b)
	return len(b), nil
}

func TestNotReusedAfterFailure(t *testing.T) {
	for _, takes := range []int{0, 10, len(upload) + 1} {
		x := message.New()
		x.Request.Method, x.Request.Path, x.Request.Authority = []byte("POST"), []byte("/"), []byte("a")
		x.Request.Length = 4
		c := http1.NewClientConn(&stingy{whole(answer("Content-Length: 0")), takes}, limits)
		if err := c.WriteRequest(x, []byte("abcd")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after %d bytes: %v", takes, err)
		}
		if err := c.ReadResponse(x, 0, nil); err != nil || !c.Answered() {
			t.Errorf("the answer is lost: %v", err)
		}
		if c.Reusable() {
			t.Errorf("reusable after %d bytes of a request", takes)
		}
		x.Release()
	}
}

// TestHeld: a body that has arrived whole can be sent again and again, until
// some of it is taken.
func TestHeld(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		at           int
		held         bool
	}{
		{"none", get11, 0, true},
		{"all of it", upload + "abcd" + get11, 0, true},
		{"a part", upload + "abcd", len(upload) + 3, false},
		{"chunks", chunkedHead + "1\r\na\r\n0\r\n\r\n", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := http1.NewServerConn(cut(c.stream, c.at), limits)
			x := message.New()
			defer x.Release()
			if err := conn.Await(0); err != nil {
				t.Fatal(err)
			}
			if err := conn.ReadRequest(x, patience); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				body, held := message.Whole(x.Request.Body)
				if held != c.held || held && int64(len(body)) != x.Request.Length {
					t.Fatalf("held %v: %q", held, body)
				}
			}
			if x.Request.Body == nil {
				return
			}
			if _, err := x.Request.Body.Next(); err != nil {
				t.Fatal(err)
			}
			x.Request.Body.Ready()
			if body, held := message.Whole(x.Request.Body); held {
				t.Errorf("after some was taken %q is held", body)
			}
		})
	}
}

// TestStopped: a connection whose reading was ended carries no other request,
// though the body had arrived.
func TestStopped(t *testing.T) {
	client := whole(upload + "abcd" + get11)
	c := http1.NewServerConn(client, limits)
	x := message.New()
	defer x.Release()
	if err := c.Await(0); err != nil {
		t.Fatal(err)
	}
	if r := readRequest(t, c, x); !r.more {
		t.Fatalf("%+v", r)
	}
	c.StopReading()
	c.Settle()
	x.Response.Status = 502
	if err := c.Respond(x); err != nil || c.Done() {
		t.Errorf("error %v, or another request", err)
	}
	same(t, "answer", client.out.String(), "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// TestDuplex sends a body and its answer at the same time, each way longer than
// all buffers.
func TestDuplex(t *testing.T) {
	noneLeft(t)
	client, ours := tcpPair(t)
	upstream, toUpstream := tcpPair(t)
	e := newExchange(ours, toUpstream)
	body := noise(1 << 20)
	go func() {
		io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
		for rest := body; rest != ""; {
			n := min(5000, len(rest))
			fmt.Fprintf(client, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		io.WriteString(client, "0\r\nT: u\r\n\r\n")
	}()
	go func() {
		if _, err := readHead(upstream); err != nil {
			t.Error(err)
		}
		io.WriteString(upstream, answer("Transfer-Encoding: chunked"))
		io.Copy(upstream, upstream) // it gives back the chunks that it is sent
	}()
	done := make(chan error, 1)
	go func() { done <- duplex(e) }()
	hearHead(t, client)
	got, trailers, rest, end := "", []field(nil), "", isCut
	for stream := ""; end == isCut; {
		b := make([]byte, 64<<10)
		n, err := client.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if stream += string(b[:n]); len(stream) > len(body) {
			got, trailers, rest, end = naiveChunks(stream, limits)
		}
	}
	same(t, "end", []any{trailers, rest, end}, []any{[]field{{"T", "u"}}, "", isWhole})
	if got != body {
		t.Errorf("%d bytes, want %d", len(got), len(body))
	}
	if err := waitFor(t, "the end of the exchange", done); err != nil {
		t.Error(err)
	}
	if !e.again || !e.reusable {
		t.Errorf("another request %v, reusable %v", e.again, e.reusable)
	}
	for _, c := range []net.Conn{client, ours, upstream, toUpstream} {
		c.Close()
	}
}

// duplex sends the body beside reading the answer, as a proxy must.
func duplex(e *exchange) error {
	x := message.New()
	defer x.Release()
	if err := e.client.Await(patience); err != nil {
		return err
	}
	if err := e.client.ReadRequest(x, patience); err != nil {
		return err
	}
	if err := e.upstream.WriteRequest(x, nil); err != nil {
		return err
	}
	var sent atomic.Int64
	sending := make(chan error, 1)
	go func() { sending <- e.upstream.SendBody(&x.Request, &sent) }()
	if err := e.upstream.ReadResponse(x, patience, e.client); err != nil {
		return err
	}
	if err := e.client.Respond(x); err != nil {
		return err
	}
	if err := <-sending; err != nil {
		return err
	}
	e.again, e.reusable = e.client.Done(), e.upstream.Reusable()
	return nil
}

// TestUnread: there is no need to linger where the client has nothing more to
// say.
func TestUnread(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		unread       bool
	}{
		{"nothing more", head("Connection: close"), false},
		{"a body that came", upload + "abcd", false},
		{"a body that did not", upload + "ab", true},
		{"an expected one", upload[:len(upload)-2] + "Expect: 100-continue\r\n\r\n", true},
		{"another request", head("Connection: close") + get11, true},
		{"no request", "GET\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := http1.NewServerConn(whole(c.stream), limits)
			x := message.New()
			defer x.Release()
			if err := conn.Await(0); err != nil {
				t.Fatal(err)
			}
			_ = conn.ReadRequest(x, patience) // one of them is bad
			conn.Settle()
			x.Response.Status = 403
			if err := conn.Respond(x); err != nil {
				t.Fatal(err)
			}
			if n := conn.BytesOut(); n == 0 {
				t.Error("no byte was counted")
			}
			conn.Done()
			if conn.Unread() != c.unread || conn.BytesOut() != 0 {
				t.Errorf("unread %v, %d bytes", conn.Unread(), conn.BytesOut())
			}
		})
	}
}
