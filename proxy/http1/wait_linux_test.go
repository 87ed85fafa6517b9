package http1_test

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// waiting is a client that has asked and is watched while it waits.
type waiting struct {
	client *net.TCPConn
	ours   *net.TCPConn
	conn   *http1.ServerConn
	x      *message.Exchange
	asked  atomic.Int32
	stop   chan bool
	ended  chan bool // whether it left
}

func watchOne(t *testing.T, request string) *waiting {
	client, ours := tcpPair(t)
	w := &waiting{client: client, ours: ours, x: message.New(), stop: make(chan bool), ended: make(chan bool, 1)}
	w.conn = http1.NewServerConn(ours, limits)
	t.Cleanup(w.x.Release)
	say(t, client, request)
	if err := w.conn.Await(patience); err != nil {
		t.Fatal(err)
	}
	if err := w.conn.ReadRequest(w.x, patience); err != nil {
		t.Fatal(err)
	}
	go w.look()
	return w
}

// look does what a proxy does: it asks once whoever ended only one side.
func (w *waiting) look() {
	for {
		half, gone := w.conn.Ended()
		switch {
		case gone:
			w.ended <- true
			return
		case half && w.asked.CompareAndSwap(0, 1):
			w.conn.AskIfThere()
		}
		select {
		case <-w.stop:
			w.ended <- false
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// resume ends the watch and answers.
func (w *waiting) resume(t *testing.T) {
	t.Helper()
	close(w.stop)
	if waitFor(t, "the end of the watch", w.ended) {
		t.Fatal("a client that is there is taken for gone")
	}
	w.x.Response.Status = 200
	if err := w.conn.Respond(w.x); err != nil {
		t.Fatal(err)
	}
}

func TestEndedSeesLeaving(t *testing.T) {
	noneLeft(t)
	for _, c := range []struct {
		name  string
		leave func(*net.TCPConn)
	}{
		{"close", func(c *net.TCPConn) { c.Close() }},
		{"reset", reset},
		{"half-close, then reset", func(c *net.TCPConn) { c.CloseWrite(); reset(c) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watchOne(t, get11)
			c.leave(w.client)
			if !waitFor(t, "the end of the watch", w.ended) {
				t.Error("a client that left is taken to be there")
			}
		})
	}
}

// TestEndedHalfClosed: who ends only its own side waits for its answer.
func TestEndedHalfClosed(t *testing.T) {
	noneLeft(t)
	w := watchOne(t, get11)
	w.client.CloseWrite()
	hear(t, w.client, "HTTP/1.1 100 Continue\r\n\r\n")
	w.resume(t)
	hear(t, w.client, answer("Content-Length: 0"))
	if w.asked.Load() == 0 || !w.conn.Done() {
		t.Error("not asked, or not in order")
	}
	if err := w.conn.Await(patience); err != io.EOF {
		t.Errorf("behind the half-close comes %v", err)
	}
}

// TestEndedOld: a client of HTTP/1.0 understands no 100.
func TestEndedOld(t *testing.T) {
	noneLeft(t)
	w := watchOne(t, get10)
	w.client.CloseWrite()
	for w.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	w.resume(t)
	hear(t, w.client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// TestEndedPipelined: bytes that come meanwhile are the next request, whether
// some of it was read already or none.
func TestEndedPipelined(t *testing.T) {
	noneLeft(t)
	for _, cut := range []int{0, 10, len(get11)} {
		w := watchOne(t, get11+get11[:cut])
		say(t, w.client, get11[cut:])
		w.resume(t)
		hear(t, w.client, answer("Content-Length: 0"))
		if !w.conn.Done() || w.asked.Load() > 0 {
			t.Fatal("the connection takes no other request, or was asked whether it is there")
		}
		if err := w.conn.Await(0); err != nil {
			t.Fatal(err)
		}
		x := message.New()
		if r := readRequest(t, w.conn, x); r.head != isWhole {
			t.Errorf("next is %+v", r)
		}
		x.Release()
	}
}

// TestAskNeverWaits: whoever asks holds locks that others need.
func TestAskNeverWaits(t *testing.T) {
	noneLeft(t)
	w := watchOne(t, get11)
	fill(t, w.ours)
	asks(t, w)
	close(w.stop)
	waitFor(t, "the end of the watch", w.ended)
}

// TestAskNeverWaitsForAnswer: an answer that waits for its reader is no reason
// either.
func TestAskNeverWaitsForAnswer(t *testing.T) {
	noneLeft(t)
	w := watchOne(t, get11)
	body := &endless{}
	w.x.Response.Status, w.x.Response.Length, w.x.Response.Body = 200, message.Unknown, body
	stuck := make(chan error, 1)
	go func() { stuck <- w.conn.Respond(w.x) }()
	for taken := int64(-1); taken != body.taken.Load(); time.Sleep(50 * time.Millisecond) {
		taken = body.taken.Load()
	}
	asks(t, w)
	close(w.stop)
	waitFor(t, "the end of the watch", w.ended)
	w.ours.Close()
	waitFor(t, "the end of the answer", stuck)
}

// gated is a body that ends when it is told to.
type gated struct {
	message.Bytes
	waits, gate chan bool
}

func (g *gated) Ready() bool { return false }

func (g *gated) Next() ([]byte, error) {
	if g.waits != nil {
		close(g.waits)
		g.waits = nil
		<-g.gate
	}
	return g.Bytes.Next()
}

// TestAskNotWithinAnswer: a question within an answer would be a part of it.
func TestAskNotWithinAnswer(t *testing.T) {
	noneLeft(t)
	w := watchOne(t, get11)
	waits := make(chan bool)
	body := &gated{waits: waits, gate: make(chan bool)}
	body.Set([]byte("abc"))
	w.x.Response.Status, w.x.Response.Length, w.x.Response.Body = 200, 3, body
	done := make(chan error, 1)
	go func() { done <- w.conn.Respond(w.x) }()
	waitFor(t, "the head of the answer", waits)
	w.conn.AskIfThere()
	close(body.gate)
	hear(t, w.client, answer("Content-Length: 3")+"abc")
	if err := waitFor(t, "the end of the answer", done); err != nil {
		t.Error(err)
	}
	close(w.stop)
	waitFor(t, "the end of the watch", w.ended)
}

func asks(t *testing.T, w *waiting) {
	t.Helper()
	returned := make(chan bool)
	go func() {
		w.conn.AskIfThere()
		close(returned)
	}()
	waitFor(t, "the return of AskIfThere", returned)
}

// endless is a body that counts how often it was asked for more.
type endless struct {
	taken atomic.Int64
	bytes [16 << 10]byte
}

func (e *endless) Ready() bool { return true }

func (e *endless) Next() ([]byte, error) {
	e.taken.Add(1)
	return e.bytes[:], nil
}

// fill writes until the other side's and our own buffers take no more.
func fill(t *testing.T, c *net.TCPConn) {
	t.Helper()
	b := make([]byte, 64<<10)
	for size := len(b); size > 0; {
		c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := c.Write(b[:size]); err != nil {
			size /= 2
		}
	}
	c.SetWriteDeadline(time.Time{})
}

func TestQuiet(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*net.TCPConn)
		quiet bool
	}{
		{"silent", func(*net.TCPConn) {}, true},
		{"closed", func(c *net.TCPConn) { c.Close() }, false},
		{"half-closed", func(c *net.TCPConn) { c.CloseWrite() }, false},
		{"reset", reset, false},
		{"speaks unasked", func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			upstream, ours := tcpPair(t)
			conn := http1.NewClientConn(ours, limits)
			if !conn.Quiet() {
				t.Error("a new connection is not quiet")
			}
			c.do(upstream)
			for end := time.Now().Add(patience); conn.Quiet() != c.quiet; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("quiet is %v", !c.quiet)
				}
			}
		})
	}
}
