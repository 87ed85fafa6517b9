package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"forge.home.arpa/portico/proxy"
)

// socketServer is a real WebSocket server; serve returns when its visitor has
// left.
func socketServer(t testing.TB, serve func(ctx context.Context, c *websocket.Conn)) string {
	return handler(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"}, InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(64 << 20)
		serve(r.Context(), c)
	})
}

func echoMessages(ctx context.Context, c *websocket.Conn) {
	for {
		kind, message, err := c.Read(ctx)
		if err != nil || c.Write(ctx, kind, message) != nil {
			return
		}
	}
}

// socket connects a real WebSocket client through the site.
func (s *site) socket(path string) (*websocket.Conn, context.Context) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.t.Cleanup(cancel)
	c, _, err := websocket.Dial(ctx, "ws://"+s.addr+path, &websocket.DialOptions{Subprotocols: []string{"chat"}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(64 << 20)
	return c, ctx
}

func TestWebSocketMessages(t *testing.T) {
	s := newSite(t, routeTo("ws", socketServer(t, echoMessages)))
	c, ctx := s.socket("/chat")
	if c.Subprotocol() != "chat" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	large := make([]byte, 8<<20)
	rand.Read(large)
	for _, m := range []struct {
		kind websocket.MessageType
		data []byte
	}{
		{websocket.MessageText, []byte("grüß dich")}, {websocket.MessageBinary, []byte{0, 1, 2, 255}},
		{websocket.MessageText, nil}, {websocket.MessageBinary, large},
	} {
		go c.Write(ctx, m.kind, m.data) // what comes back must be read meanwhile
		kind, got, err := c.Read(ctx)
		if err != nil || kind != m.kind || !bytes.Equal(got, m.data) {
			t.Fatalf("sent %v of %d bytes, got %v of %d: %v", m.kind, len(m.data), kind, len(got), err)
		}
	}
	// A message in many fragments.
	go func() {
		w, err := c.Writer(ctx, websocket.MessageText)
		if err != nil {
			return
		}
		for range 500 {
			io.WriteString(w, "fragment ")
		}
		w.Close()
	}()
	if _, got, err := c.Read(ctx); err != nil || string(got) != strings.Repeat("fragment ", 500) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	c.CloseRead(ctx) // reads the pongs
	for range 3 {
		if err := c.Ping(ctx); err != nil {
			t.Fatal("ping: ", err)
		}
	}
}

func TestWebSocketClose(t *testing.T) {
	t.Run("by the visitor", func(t *testing.T) {
		seen := make(chan websocket.StatusCode, 1)
		s := newSite(t, routeTo("ws", socketServer(t, func(ctx context.Context, c *websocket.Conn) {
			_, _, err := c.Read(ctx)
			seen <- websocket.CloseStatus(err)
		})))
		c, _ := s.socket("/")
		if err := c.Close(4001, "enough"); err != nil {
			t.Error(err)
		}
		if got := within(t, "the close at the server", seen); got != 4001 {
			t.Errorf("the server saw %v", got)
		}
		s.settles()
	})
	t.Run("by the server", func(t *testing.T) {
		s := newSite(t, routeTo("ws", socketServer(t, func(ctx context.Context, c *websocket.Conn) {
			c.Close(4002, "closing time")
		})))
		c, ctx := s.socket("/")
		if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != 4002 {
			t.Errorf("the visitor saw %v", err)
		}
		s.settles()
	})
}

// TestWebSocketAbruptEnd: one side vanishes without a farewell; the other is
// told at once, and nothing stays.
func TestWebSocketAbruptEnd(t *testing.T) {
	for _, how := range []string{"close", "reset"} {
		t.Run("visitor: "+how, func(t *testing.T) {
			gone := make(chan error, 1)
			s := newSite(t, routeTo("ws", socketServer(t, func(ctx context.Context, c *websocket.Conn) {
				_, _, err := c.Read(ctx)
				gone <- err
			})))
			c := s.upgraded("/")
			vanish(c.Conn, how)
			if err := within(t, "the end at the server", gone); err == nil {
				t.Error("the server read a message")
			}
			s.settles()
		})
		t.Run("server: "+how, func(t *testing.T) {
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(c, switching)
				r.ReadByte() // the visitor is connected
				vanish(c, how)
			})
			s := newSite(t, routeTo("ws", addr))
			c := s.upgraded("/")
			c.send("x")
			if rest, err := io.ReadAll(c.r); len(rest) > 0 {
				t.Errorf("%q, %v", rest, err)
			}
			c.Close()
			s.settles()
		})
	}
}

const (
	switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	handshake = "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

// upgraded is a bare connection after a handshake.
func (s *site) upgraded(path string) *client {
	s.t.Helper()
	c := s.client()
	c.send("GET " + path + " HTTP/1.1\r\n" + handshake)
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		s.t.Fatalf("%q", head)
	}
	return c
}

func vanish(c net.Conn, how string) {
	if how == "reset" {
		c.(*net.TCPConn).SetLinger(0)
	}
	c.Close()
}

// TestUpgradedHalfClose: after an upgrade each side ends its own direction, in
// either order.
func TestUpgradedHalfClose(t *testing.T) {
	for _, first := range []string{"visitor", "server"} {
		t.Run(first, func(t *testing.T) {
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(c, switching)
				if first == "server" {
					io.WriteString(c, "server done")
					c.(*net.TCPConn).CloseWrite()
				}
				said, err := io.ReadAll(r)
				if first == "visitor" {
					fmt.Fprintf(c, "heard %q %v", said, err)
				}
			})
			s := newSite(t, routeTo("ws", addr))
			c := s.upgraded("/")
			if first == "server" {
				c.expect("server done")
				if _, err := c.r.ReadByte(); err != io.EOF {
					t.Fatal(err)
				}
				c.send("visitor goes on")
			} else {
				c.send("visitor done")
			}
			if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if first == "visitor" {
				c.expect(`heard "visitor done" <nil>`)
			}
			c.expectEnd()
			row := s.lastRow(1)
			if row.Cause != 0 || row.Status != 101 {
				t.Errorf("cause %v, status %d", row.Cause, row.Status)
			}
			s.settles()
		})
	}
}

// TestUpgradedHalfCloseThenGone: a visitor who ended its side and then leaves
// altogether is noticed although the server neither speaks nor ends.
func TestUpgradedHalfCloseThenGone(t *testing.T) {
	release := make(chan struct{})
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, switching)
		<-release // deaf and dumb
	})
	s := newSite(t, routeTo("ws", addr))
	t.Cleanup(func() { close(release) })
	for _, pause := range []time.Duration{0, 50 * time.Millisecond} {
		c := s.upgraded("/")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pause)
		vanish(c.Conn, "reset")
		s.settles()
	}
}

// TestUpgradeHasNoIdleTime: the configured times do not count any more.
func TestUpgradeHasNoIdleTime(t *testing.T) {
	s := newSite(t, timed(socketServer(t, echoMessages)))
	c, ctx := s.socket("/")
	for range 2 {
		time.Sleep(time.Second) // three times what is configured
		if err := c.Write(ctx, websocket.MessageText, []byte("still there")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || string(got) != "still there" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// TestUpgradeOnAUsedConnection: the handshake follows plain requests, over
// connections that were used before on both sides.
func TestUpgradeOnAUsedConnection(t *testing.T) {
	chat := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprint(w, "plain")
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		echoMessages(r.Context(), c)
	}
	s := newSite(t, routeTo("ws", handler(t, chat)))
	c := s.client()
	for range 3 {
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.head()
		c.expect("plain")
	}
	c.send("GET / HTTP/1.1\r\n" + handshake + "\x81\x85\x00\x00\x00\x00hello") // a frame together with it
	if head := c.head(); !strings.Contains(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
		t.Fatalf("%q", head)
	}
	c.expect("\x81\x05hello")
}

// TestRefusedUpgrade: a server that does not switch answers as usual, and the
// connection goes on.
func TestRefusedUpgrade(t *testing.T) {
	s := newSite(t, routeTo("ws", handler(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no sockets here", http.StatusForbidden)
	})))
	c := s.client()
	for range 2 {
		c.send("GET / HTTP/1.1\r\n" + handshake)
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil || resp.StatusCode != 403 {
			t.Fatal(resp, err)
		}
		io.Copy(io.Discard, resp.Body)
	}
}

// TestLiveList: what has no end of its own is listed while it lasts.
func TestLiveList(t *testing.T) {
	sockets := socketServer(t, echoMessages)
	streams := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		io.WriteString(w, "four")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := newSite(t, fmt.Sprintf("[route.ws]\nhost = \"*\"\npath = \"/ws\"\nto = \"http://%s\"\nhost_header = \"upstream\"\n"+
		"[route.streams]\nhost = \"*\"\npath = \"/s\"\nto = \"http://%s\"\nhost_header = \"upstream\"\n", sockets, streams))
	if list, all := s.server.Live(10); len(list) != 0 || all != 0 {
		t.Errorf("at first: %v, %d", list, all)
	}
	c, ctx := s.socket("/ws?room=1")
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"text/event-stream%3Bcharset=utf-8", "Multipart/X-Mixed-Replace%3Bboundary=b", "text/plain"} {
		e := s.client()
		e.send("GET /s?type=" + kind + " HTTP/1.1\r\nHost: home.test\r\n\r\n")
		e.head()
		e.expect("0004\r\nfour\r\n")
	}
	list, all := s.server.Live(2)
	if len(list) != 2 || all != 3 {
		t.Fatalf("%d of %d: %+v", len(list), all, list)
	}
	if list[0].Kind != proxy.LiveCamera || list[1].Kind != proxy.LiveEvents || list[0].BytesOut != 4 || list[0].Host != "home.test" {
		t.Errorf("%+v", list)
	}
	list, _ = s.server.Live(10)
	socket := list[len(list)-1]
	if socket.Kind != proxy.LiveWebSocket || socket.Path != "/ws?room=1" || socket.Route != "ws" ||
		socket.Upstream != "http://"+sockets || socket.Client.String() != "127.0.0.1" || socket.Since.IsZero() ||
		socket.BytesIn != int64(len("hello")+6) || socket.BytesOut != int64(len("hello")+2) {
		t.Errorf("%+v", socket)
	}
	c.CloseNow()
	until(t, "the socket's end", func() bool { _, all := s.server.Live(0); return all == 2 })
}

// TestShutdownCutsSockets: upgraded connections get 3 s at the end, and both
// sides see theirs.
func TestShutdownCutsSockets(t *testing.T) {
	gone := make(chan error, 1)
	s := newSite(t, routeTo("ws", socketServer(t, func(ctx context.Context, c *websocket.Conn) {
		_, _, err := c.Read(ctx)
		gone <- err
	})))
	c, ctx := s.socket("/")
	s.stop()
	if _, _, err := c.Read(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the visitor: %v", err)
	}
	within(t, "the end at the server", gone)
	<-s.ended
}
