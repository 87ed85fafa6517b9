package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger counts which requests have reached an origin, by their path.
type ledger struct {
	mu   sync.Mutex
	seen map[string]int
}

func (l *ledger) note(head string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	_, rest, _ := strings.Cut(head, " ")
	path, _, _ := strings.Cut(rest, " ")
	l.seen[path]++
}

func (l *ledger) times(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[path]
}

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"

// steps are the places in an exchange where a connection may break. Each reads
// and writes so far, and notes a head it has read, for then the request may have
// been done.
var steps = map[string]func(c net.Conn, r *bufio.Reader, l *ledger){
	"at once": func(net.Conn, *bufio.Reader, *ledger) {},
	"within the head": func(_ net.Conn, r *bufio.Reader, l *ledger) {
		line, _ := r.ReadString('\n')
		l.note(line)
	},
	"after the head": func(_ net.Conn, r *bufio.Reader, l *ledger) {
		if head, err := readHead(r); err == nil {
			l.note(head)
		}
	},
	"within the body": func(_ net.Conn, r *bufio.Reader, l *ledger) {
		head, err := readHead(r)
		if err == nil {
			l.note(head)
		}
		if strings.HasPrefix(head, "POST ") {
			r.ReadByte()
		}
	},
	"within the answer's head": func(c net.Conn, r *bufio.Reader, l *ledger) {
		head, _ := readHead(r)
		l.note(head)
		io.WriteString(c, fine[:20])
	},
	"within the answer's body": func(c net.Conn, r *bufio.Reader, l *ledger) {
		head, _ := readHead(r)
		l.note(head)
		io.WriteString(c, fine[:len(fine)-2])
	},
	"on a kept connection": func(c net.Conn, r *bufio.Reader, l *ledger) {
		head, err := readHead(r)
		if err != nil {
			return
		}
		l.note(head)
		io.WriteString(c, fine)
		if head, err = readHead(r); err == nil {
			l.note(head)
		}
	},
}

// TestNothingTwice: whatever step a connection breaks at, and however, a POST
// reaches the upstreams at most once, though the route may retry and has a
// second upstream.
func TestNothingTwice(t *testing.T) {
	for name, step := range steps {
		for how, end := range map[string]func(net.Conn){"reset": reset, "closed": func(c net.Conn) { c.Close() }} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				var l ledger
				serve := func(c net.Conn, r *bufio.Reader) {
					step(c, r, &l)
					end(c)
				}
				s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"*\"\nto = [\"http://%s\", \"http://%s\"]\nhost_header = \"upstream\"\n"+
					"max_fails = 0\nretry = { attempts = 4 }\n", origin(t, serve), origin(t, serve)))
				for n := range 20 {
					// A GET before leaves a connection that may be kept.
					exchange(s, fmt.Sprintf("GET /get%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", n))
					path := fmt.Sprint("/post", n)
					got := exchange(s, "POST "+path+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
					if l.times(path) > 1 {
						t.Fatalf("POST %s was seen %d times", path, l.times(path))
					}
					if name == "on a kept connection" && !strings.HasPrefix(got, "HTTP/1.1 200 ") {
						t.Fatalf("POST %s: %.40q", path, got)
					}
				}
			})
		}
	}
}

// exchange sends a request and reads what comes, if anything does.
func exchange(s *site, request string) string {
	c := s.dial()
	defer c.Close()
	io.WriteString(c, request)
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// TestRetryRepeatsWhatIsHarmless: what may be done twice, and is still held, is
// asked again until it is answered or no attempt is left.
func TestRetryRepeatsWhatIsHarmless(t *testing.T) {
	for _, c := range []struct {
		request  string
		broken   int // connections that break before one answers
		attempts int
		want     string
		seen     int
	}{
		{"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 2, 2, "200", 3},
		{"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 3, 2, "502", 3},
		{"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 1, 0, "502", 1},
		{"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 1, 1, "200", 2},
		{"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 1, 1, "502", 1},
		{"LOCK /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 1, 1, "502", 1},
		{"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + strings.Repeat("x", 50_000), 1, 1, "502", 1}, // no longer held
	} {
		var l ledger
		var mu sync.Mutex
		left := c.broken
		addr := origin(t, func(conn net.Conn, r *bufio.Reader) {
			head, err := readHead(r)
			if err != nil {
				return
			}
			l.note(head)
			mu.Lock()
			left--
			breaks := left >= 0
			mu.Unlock()
			if breaks {
				reset(conn)
				return
			}
			io.WriteString(conn, fine)
		})
		s := newSite(t, routeTo("a", addr)+fmt.Sprintf("retry = { attempts = %d }\n", c.attempts))
		client := s.client()
		client.send(c.request)
		if head := client.head(); !strings.HasPrefix(head, "HTTP/1.1 "+c.want) {
			t.Errorf("%.30q with %d attempts: %.30q", c.request, c.attempts, head)
		}
		row := s.lastRow(1)
		if n := l.times("/x"); n != c.seen || int(row.Retries) != c.seen-1 || (row.Cause == 0) != (c.want == "200") {
			t.Errorf("%.30q with %d attempts: seen %d times, want %d; record: %d retries, %s %q", c.request, c.attempts, n, c.seen, row.Retries, row.Cause, row.Detail)
		}
	}
}

// TestRetryWaits: an upstream that comes up within the attempts is reached, by a
// POST too, for nothing was sent; a client who leaves meanwhile waits no longer.
func TestRetryWaits(t *testing.T) {
	addr := freeAddr(t)
	s := newSite(t, routeTo("a", addr)+"retry = { attempts = 100, wait = \"50ms\" }\nmax_fails = 0\n")
	leaver := s.client()
	leaver.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(300 * time.Millisecond)
	leaver.Close()
	if row := s.lastRow(1); row.Cause.String() != "client-gone" || !row.Aborted || row.Retries == 0 {
		t.Errorf("who left: %s %q, %d retries", row.Cause, row.Detail, row.Retries)
	}
	c := s.client()
	c.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
	time.Sleep(200 * time.Millisecond)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		readHead(bufio.NewReader(conn))
		io.WriteString(conn, fine)
	}()
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Errorf("%q", head)
	}
	if row := s.lastRow(2); row.Retries == 0 || row.Cause != 0 {
		t.Errorf("%d retries, cause %s", row.Retries, row.Cause)
	}
}

// TestAnotherUpstream: where one refuses, the other is asked at once.
func TestAnotherUpstream(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine")
	})
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"*\"\nto = [\"http://%s\", \"http://%s\"]\nhost_header = \"upstream\"\n", freeAddr(t), addr))
	for n := range 10 {
		got := exchange(s, fmt.Sprintf("POST /%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", n))
		if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Fatalf("request %d: %.40q", n, got)
		}
	}
}

// TestLeavingWhileDialling: who leaves while the upstream does not take the
// connection frees everything at once.
func TestLeavingWhileDialling(t *testing.T) {
	s := newSite(t, routeTo("a", fullAddr(t))+"timeout = { dial = \"60s\" }\n")
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(300 * time.Millisecond)
	c.Close()
	if row := s.lastRow(1); row.Cause.String() != "client-gone" {
		t.Errorf("%s %q", row.Cause, row.Detail)
	}
	if u := s.server.Status().Upstreams[0]; u.Failures != 0 || u.Open != 0 {
		t.Errorf("the upstream is blamed for it: %+v", u)
	}
}
