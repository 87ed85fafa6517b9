package http1_test

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"
)

// patience ends a test that hangs; no test measures it.
const patience = 20 * time.Second

// tcpPair is a connection over loopback: what a peer holds, and what we do.
func tcpPair(t testing.TB) (theirs, ours *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours = dialled.(*net.TCPConn), (<-accepted).(*net.TCPConn)
	t.Cleanup(func() {
		theirs.Close()
		ours.Close()
	})
	if err := theirs.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return theirs, ours
}

// say writes to a peer's connection.
func say(t testing.TB, c io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// hear reads exactly what is expected.
func hear(t testing.TB, c io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	n, err := io.ReadFull(c, b)
	if string(b[:n]) != want {
		t.Fatalf("heard %q (%v), want %q", b[:n], err, want)
	}
}

// within gives up waiting for done after patience.
func waitFor[T any](t testing.TB, what string, done <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-done:
	case <-time.After(patience):
		t.Fatalf("%s does not come", what)
	}
	return v
}

// noneLeft checks at the end of a test that its goroutines have ended.
func noneLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 64<<10)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// TestTables reads the tables of requests and answers once more over sockets,
// where bytes come another way.
func TestTables(t *testing.T) {
	noneLeft(t)
	sends := func(c *net.TCPConn, stream string) {
		go func() {
			io.WriteString(c, stream) // a reader that found a fault may have left
			c.CloseWrite()
		}()
	}
	for _, c := range requestCases() {
		t.Run("request: "+c.name, func(t *testing.T) {
			client, ours := tcpPair(t)
			sends(client, c.stream)
			same(t, "over TCP", readRequests(t, ours, limits), c.want)
		})
	}
	for _, c := range responseCases() {
		t.Run("answer: "+c.name, func(t *testing.T) {
			upstream, ours := tcpPair(t)
			sends(upstream, c.stream)
			got := readResponse(t, ours, c.to, limits)
			got.reusable = c.want.reusable // what comes later is found by Quiet
			same(t, "over TCP", got, c.want)
		})
	}
}
