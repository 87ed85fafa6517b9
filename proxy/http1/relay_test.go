package http1_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const (
	wish     = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
	switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
)

// relayed is how a relay ended.
type relayed struct {
	up, down int64
	err      error
}

// upgrade passes a handshake on and relays, as a proxy would.
func upgrade(t *testing.T, client, upstream net.Conn) <-chan relayed {
	done := make(chan relayed, 1)
	e := newExchange(client, upstream)
	go func() {
		e.run()
		var r relayed
		var up, down atomic.Int64
		r.err = http1.Relay(e.client, e.upstream, &up, &down)
		r.up, r.down = up.Load(), down.Load()
		client.Close()
		upstream.Close()
		done <- r
	}()
	return done
}

// TestRelay has both sides speak before the handshake is over.
func TestRelay(t *testing.T) {
	noneLeft(t)
	server, trusting := tlsConfigs(t)
	for _, secure := range []bool{false, true} {
		name := "plain"
		if secure {
			name = "TLS"
		}
		t.Run(name, func(t *testing.T) {
			theirs, ours := tcpPair(t)
			upstream, toUpstream := tcpPair(t)
			var client, served net.Conn = theirs, ours
			if secure {
				client, served = tls.Client(theirs, trusting), tls.Server(ours, server)
			}
			done := upgrade(t, served, toUpstream)
			say(t, client, wish+"early")
			say(t, upstream, switched+"eager")
			hear(t, upstream, wish+"early")
			hear(t, client, switched+"eager")
			for range 3 {
				say(t, client, "ping")
				hear(t, upstream, "ping")
				say(t, upstream, "pong!")
				hear(t, client, "pong!")
			}
			// One side's end is passed on; the other direction goes on.
			closeWrite(t, client)
			heardEnd(t, upstream)
			say(t, upstream, "bye")
			hear(t, client, "bye")
			closeWrite(t, upstream)
			heardEnd(t, client)
			r := waitFor(t, "the end of the relay", done)
			same(t, "relayed", r, relayed{up: 5 + 3*4, down: 5 + 3*5 + 3})
		})
	}
}

func closeWrite(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func heardEnd(t *testing.T, c io.Reader) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("heard %d bytes and %v, want the end", n, err)
	}
}

// TestRelayLarge fills every buffer on the way, both ways at once.
func TestRelayLarge(t *testing.T) {
	noneLeft(t)
	client, ours := tcpPair(t)
	upstream, toUpstream := tcpPair(t)
	done := upgrade(t, ours, toUpstream)
	say(t, client, wish)
	say(t, upstream, switched)
	hear(t, client, switched)
	hear(t, upstream, wish)
	long := noise(2 << 20)
	for _, c := range []*net.TCPConn{client, upstream} {
		go func() {
			io.WriteString(c, long)
			c.CloseWrite()
		}()
	}
	for _, c := range []io.Reader{client, upstream} {
		if got, err := io.ReadAll(c); string(got) != long {
			t.Errorf("%d bytes of %d arrived: %v", len(got), len(long), err)
		}
	}
	r := waitFor(t, "the end of the relay", done)
	same(t, "relayed", r, relayed{up: int64(len(long)), down: int64(len(long))})
}

// TestRelayBreaks: when one side breaks, the other learns it, and nobody stays.
func TestRelayBreaks(t *testing.T) {
	noneLeft(t)
	for _, side := range []string{"client", "upstream"} {
		t.Run(side, func(t *testing.T) {
			client, ours := tcpPair(t)
			upstream, toUpstream := tcpPair(t)
			done := upgrade(t, ours, toUpstream)
			say(t, client, wish)
			say(t, upstream, switched)
			hear(t, client, switched)
			hear(t, upstream, wish)
			breaks, stays := client, upstream
			if side == "upstream" {
				breaks, stays = upstream, client
			}
			reset(breaks)
			if _, err := io.ReadAll(stays); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Error(err)
			}
			if r := waitFor(t, "the end of the relay", done); r.err == nil {
				t.Error("a broken relay ends without an error")
			}
		})
	}
}

// TestRelayRefused: what follows a handshake that fails is the next request.
func TestRelayRefused(t *testing.T) {
	e := newExchange(whole(wish+get11), whole("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")).run()
	if e.respondErr != nil || !e.again {
		t.Fatalf("error %v, another request %v", e.respondErr, e.again)
	}
	x := message.New()
	defer x.Release()
	if r := readRequest(t, e.client, x); r.head != isWhole || r.upgrade != "" {
		t.Errorf("next is %+v", r)
	}
}
