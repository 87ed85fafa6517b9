package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// exchange sends a request and reads heads and bodies from the answer.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func (s *site) client() *client {
	c := s.dial()
	s.t.Cleanup(func() { c.Close() })
	return &client{s.t, c, bufio.NewReader(c)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) head() string {
	c.t.Helper()
	h, err := readHead(c.r)
	if err != nil {
		c.t.Fatalf("reading a head: %v", err)
	}
	return h
}

func (c *client) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		c.t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Fatalf("at the end: %q, %v", rest, err)
	}
}

func TestUpgradeLosesNoByte(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		head, err := readHead(r)
		if err != nil || !strings.Contains(head, "Upgrade: websocket\r\n") || !strings.Contains(strings.ToLower(head), "connection: upgrade\r\n") {
			return
		}
		// The first frame leaves in the same segment as the handshake.
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nfrom-server;")
		io.Copy(c, r) // echo until the client ends its side
		io.WriteString(c, "bye")
	})
	s := newSite(t, routeTo("ws", addr))
	c := s.client()
	c.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nfrom-client;")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "Sec-WebSocket-Accept: x") {
		t.Fatalf("head %q", head)
	}
	c.expect("from-server;from-client;")
	c.send("more")
	c.expect("more")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.expect("bye")
	c.expectEnd()
	if row := s.lastRow(1); row.Status != 101 || row.BytesIn != int64(len("from-client;more")) {
		t.Errorf("row: status %d, %d bytes in", row.Status, row.BytesIn)
	}
}

func TestUnaskedUpgradeIsABrokenAnswer(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
		r.ReadByte()
	})
	s := newSite(t, routeTo("site", addr))
	if resp, _ := s.get("a", "/"); resp.StatusCode != 502 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if row := s.lastRow(1); row.Cause.String() != "protocol" {
		t.Errorf("cause %q", row.Cause)
	}
}

func TestEventsComeAsTheyAreSent(t *testing.T) {
	next := make(chan string)
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for text := range next {
			fmt.Fprintf(c, "%x\r\n%s\r\n", len(text), text)
		}
		io.WriteString(c, "0\r\n\r\n")
	})
	s := newSite(t, routeTo("events", addr))
	resp, err := http.Get("http://" + s.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for i := range 3 {
		event := fmt.Sprintf("data: %d\n\n", i)
		next <- event // the next is sent only when this one has arrived
		got := make([]byte, len(event))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != event {
			t.Fatalf("event %d: %q, %v", i, got, err)
		}
	}
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("end: %q, %v", rest, err)
	}
}

func TestContinueComesFromTheUpstream(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		head, _ := readHead(r)
		if !strings.Contains(head, "Expect: 100-continue") {
			return
		}
		io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
		body := make([]byte, 5)
		io.ReadFull(r, body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%s", body)
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 103 ") || !strings.Contains(head, "Link: </a>") {
		t.Fatalf("first %q", head)
	}
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 100 ") {
		t.Fatalf("second %q", head)
	}
	c.send("hello")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("third %q", head)
	}
	c.expect("hello")
}

func TestRefusalInsteadOfContinue(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
		r.ReadByte()
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 413 ") {
		t.Fatalf("head %q", head)
	}
	c.expect("big")
	c.expectEnd() // a body may or may not follow: the connection cannot go on
}

// TestEarlyAnswerReachesTheClient: the upstream refuses in the middle of an
// upload and closes.
func TestEarlyAnswerReachesTheClient(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.CopyN(io.Discard, r, 100<<10)
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
		c.(*net.TCPConn).CloseWrite()
		time.Sleep(50 * time.Millisecond)
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
	go func() {
		block := bytes.Repeat([]byte("x"), 64<<10)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}()
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 413 ") {
		t.Fatalf("head %q", head)
	}
	c.expect("big")
	if row := s.lastRow(1); row.Status != 413 {
		t.Errorf("status %d", row.Status)
	}
}

func TestHalfClosedClientGetsItsAnswer(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		head, _ := readHead(r)
		n, _ := io.Copy(io.Discard, io.LimitReader(r, 3))
		time.Sleep(400 * time.Millisecond) // longer than it takes to look after the client
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%d bytes after %d", n, strings.Count(head, "\n"))
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	for err == nil && resp.StatusCode == 100 {
		resp, err = http.ReadResponse(c.r, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(body), "3 bytes") {
		t.Errorf("%q, %v", body, err)
	}
}

// TestLeavingFreesTheUpstream: the visitor closes while the upstream thinks.
func TestLeavingFreesTheUpstream(t *testing.T) {
	freed := make(chan struct{})
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		r.ReadByte() // until the proxy closes
		close(freed)
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(300 * time.Millisecond)
	c.Close()
	select {
	case <-freed:
	case <-time.After(10 * time.Second):
		t.Fatal("the upstream's connection is still open")
	}
	if row := s.lastRow(1); row.Cause.String() != "client-gone" {
		t.Errorf("cause %q (%s)", row.Cause, row.Detail)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" +
		"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
		"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n" +
		"GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	for _, want := range []string{"GET /1 ", "POST /2 abc", "POST /3 def", "GET /4 "} {
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != want {
			t.Fatalf("%q, %v; want %q", body, err, want)
		}
	}
	c.expectEnd()
}

// TestBrokenAnswersStayBroken: no client may take them for complete ones.
func TestBrokenAnswersStayBroken(t *testing.T) {
	for name, answer := range map[string]string{
		"short by length":    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"short chunk":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
		"no last chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"bad chunk size":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
		"conflicting length": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
		"length and chunks":  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no HTTP":            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"nothing":            "",
	} {
		t.Run(name, func(t *testing.T) {
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(c, answer)
			})
			s := newSite(t, routeTo("site", addr))
			resp, err := http.Get("http://" + s.addr + "/")
			if err == nil {
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				if resp.StatusCode == 502 && err == nil {
					return
				}
			}
			if err == nil {
				t.Errorf("the client took status %d for complete", resp.StatusCode)
			}
			if row := s.lastRow(1); row.Cause.String() == "" {
				t.Errorf("no cause recorded: %+v", row)
			}
		})
	}
}

// TestStaleConnection: a kept connection that the upstream closed meanwhile.
func TestStaleConnection(t *testing.T) {
	asked := make(chan string, 10)
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		head, err := readHead(r)
		if err != nil {
			return
		}
		asked <- strings.Fields(head)[0]
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") // and closes
	})
	s := newSite(t, routeTo("site", addr))
	for i, method := range []string{"GET", "GET", "POST", "POST"} {
		req, _ := http.NewRequest(method, "http://"+s.addr+"/", nil)
		if resp, body := s.do(req); resp.StatusCode != 200 || body != "ok" {
			t.Fatalf("%d: %s: %d %q", i, method, resp.StatusCode, body)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if len(asked) != 4 {
		t.Errorf("the upstream was asked %d times, want 4", len(asked))
	}
}

// TestUnreadBodies: an answer of our own to a request whose body nobody reads
// says that the connection ends, unless the body is there already.
func TestUnreadBodies(t *testing.T) {
	s := newSite(t, "[route.no]\nhost = \"*\"\nrespond = { status = 403, body = \"no\" }\n")
	for name, test := range map[string]struct {
		request string
		closes  bool
	}{
		"arrived":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", false},
		"chunks":      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false},
		"on its way":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc", true},
		"waits":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", true},
		"bad chunk":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", true},
		"without one": {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.client()
			c.send(test.request)
			head := c.head()
			if !strings.HasPrefix(head, "HTTP/1.1 403 ") || strings.Contains(head, "Connection: close") != test.closes {
				t.Errorf("closes %v: %q", !test.closes, head)
			}
			c.expect("no")
			if !test.closes {
				c.send(test.request)
				c.head()
			}
		})
	}
}

// TestLateUpgrade: an upstream may think about a handshake for a while, and its
// client is looked after meanwhile.
func TestLateUpgrade(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		time.Sleep(400 * time.Millisecond)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		io.Copy(c, r)
	})
	s := newSite(t, routeTo("ws", addr))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	c.head()
	c.send("echo")
	c.expect("echo")
}

// TestHeadBeforeTheWait: the next request arrives while the present one is
// served, when nobody waits for it yet.
func TestHeadBeforeTheWait(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			if _, err := readHead(r); err != nil {
				return
			}
			time.Sleep(30 * time.Millisecond)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for range 4 {
		c.send(request)
		time.Sleep(10 * time.Millisecond)
		c.send(request[:9])
		time.Sleep(10 * time.Millisecond)
		c.send(request[9:])
		for range 2 {
			c.head()
			c.expect("ok")
		}
	}
}

// TestEndBehindARequest: a client that ends its side together with a later
// request sees the connection end, long before the idle time.
func TestEndBehindARequest(t *testing.T) {
	s := newSite(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"ok\" }\n")
	for range 20 {
		c := s.client()
		for range 2 {
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.head()
			c.expect("ok")
		}
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		c.head()
		c.expect("ok")
		c.expectEnd()
	}
}

// TestHalfClosedClientGetsItsEvents: who only ended its own side still listens.
func TestHalfClosedClientGetsItsEvents(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
		for i := range 4 {
			time.Sleep(150 * time.Millisecond)
			fmt.Fprintf(c, "data: %d\n\n", i)
		}
	})
	s := newSite(t, routeTo("events", addr))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	for err == nil && resp.StatusCode == 100 {
		resp, err = http.ReadResponse(c.r, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(body), "data: 3\n\n") {
		t.Errorf("%q, %v", body, err)
	}
}
