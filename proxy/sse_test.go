package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const events = ": a comment\n\nid: 7\nretry: 1500\nevent: move\ndata: one\ndata: two\n\nid\ndata:\r\rdata: old line ends\r\n\r\n\ufeffdata: mark\n\n"

// eventOrigin sends what comes from next, each piece in a write of its own.
func eventOrigin(t testing.TB, chunked bool, next <-chan string) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n")
		if !chunked {
			io.WriteString(c, "Connection: close\r\n\r\n")
			for piece := range next {
				io.WriteString(c, piece)
			}
			return
		}
		io.WriteString(c, "Transfer-Encoding: chunked\r\n\r\n")
		for piece := range next {
			fmt.Fprintf(c, "%x;origin=chunk\r\n%s\r\n", len(piece), piece)
		}
		io.WriteString(c, "0\r\n\r\n")
	})
}

// TestEventsByteForByte: each byte reaches the client before the next is sent,
// whatever both sides speak.
func TestEventsByteForByte(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("HTTP/%s, chunks %v", version, chunked), func(t *testing.T) {
				next := make(chan string)
				s := newSite(t, routeTo("events", eventOrigin(t, chunked, next)))
				c := s.client()
				c.send("GET /events HTTP/" + version + "\r\nHost: a\r\nAccept: text/event-stream\r\nLast-Event-ID: 6\r\n\r\n")
				head := c.head()
				if strings.Contains(head, "chunked") != (version == "1.1") || !strings.Contains(head, "Cache-Control: no-store\r\n") {
					t.Errorf("%q", head)
				}
				var body io.Reader = c.r
				if version == "1.1" {
					body = httputil.NewChunkedReader(c.r)
				}
				for _, b := range []byte(events) {
					next <- string([]byte{b})
					var got [1]byte
					if _, err := io.ReadFull(body, got[:]); err != nil || got[0] != b {
						t.Fatalf("got %q, %v; want %q", got[0], err, b)
					}
				}
				close(next)
				if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
					t.Errorf("at the end %q, %v", rest, err)
				}
			})
		}
	}
}

// silentEvents sends one event and then nothing; left is closed when the proxy
// has closed the connection.
func silentEvents(t testing.TB) (addr string, left chan struct{}) {
	left = make(chan struct{})
	addr = origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\n")
		r.ReadByte()
		close(left)
	})
	return addr, left
}

// TestLeavingASilentStream frees the upstream though nothing comes that could
// not be delivered.
func TestLeavingASilentStream(t *testing.T) {
	for _, how := range []string{"close", "reset"} {
		t.Run(how, func(t *testing.T) {
			addr, left := silentEvents(t)
			s := newSite(t, routeTo("events", addr))
			c := s.client()
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.head()
			c.expect("0009\r\ndata: 0\n\n\r\n")
			vanish(c.Conn, how)
			within(t, "the upstream's connection to be closed", left)
			s.settles()
			if row := s.lastRow(1); row.Cause.String() != "client-gone" {
				t.Errorf("cause %q, %s", row.Cause, row.Detail)
			}
		})
	}
}

// TestHalfClosedListenerIsAsked: who ended its side and still listens hears a
// question that changes nothing of the answer.
func TestHalfClosedListenerIsAsked(t *testing.T) {
	next := make(chan string, 1)
	s := newSite(t, routeTo("events", eventOrigin(t, true, next)))
	for _, last := range []string{"data: 1\n\n", ""} {
		c := s.client()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		for head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200 "); head = c.head() {
		}
		if b, err := c.r.Peek(1); err != nil || b[0] != '0' { // comes by itself
			t.Fatalf("asked %q, %v", b, err)
		}
		time.Sleep(time.Second) // and only once
		if b := c.r.Buffered(); b != 1 {
			t.Fatalf("%d bytes of question", b)
		}
		if last != "" {
			next <- last
		} else {
			close(next)
		}
		body := httputil.NewChunkedReader(c.r)
		got := make([]byte, len(last))
		if _, err := io.ReadFull(body, got); err != nil || string(got) != last {
			t.Errorf("%q, %v", got, err)
		}
		if last == "" {
			if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
				t.Errorf("at the end %q, %v", rest, err)
			}
		}
		c.Close()
	}
}

// zeros is an answer as one is that a question was asked within, twice.
func zeros(c net.Conn, r *bufio.Reader) {
	readHead(r)
	for _, piece := range []string{"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
		"0", "0006\r\nhello \r\n", "0005\r\nworld\r\n", "0", "0\r\n\r\n"} {
		io.WriteString(c, piece)
		time.Sleep(20 * time.Millisecond) // a segment of its own
	}
}

// TestLeadingZeroIsUnderstood: what AskWithin sends must be nothing to the
// clients there are.
func TestLeadingZeroIsUnderstood(t *testing.T) {
	addr := origin(t, zeros)
	for name, ask := range map[string]func(t *testing.T) string{
		"curl": func(t *testing.T) string {
			return output(t, program(t, "curl", "curl"), "-sS", "http://"+addr+"/")
		},
		"python": func(t *testing.T) string {
			return output(t, program(t, "python3", "python3"), "-c",
				"import sys, urllib.request as u; sys.stdout.write(u.urlopen('http://"+addr+"/').read().decode())")
		},
		"Go": func(t *testing.T) string {
			resp, err := http.Get("http://" + addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		},
		"nginx": func(t *testing.T) string {
			resp, err := http.Get("http://" + nginxInFront(t, addr) + "/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		},
		"portico": func(t *testing.T) string {
			_, body := newSite(t, routeTo("site", addr)).get("a", "/")
			return body
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(t); got != "hello world" {
				t.Errorf("%q", got)
			}
		})
	}
}

func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// nginxInFront runs an nginx that passes everything to addr.
func nginxInFront(t testing.TB, addr string) string {
	t.Helper()
	bin, dir, listen := program(t, "nginx-light", "nginx"), t.TempDir(), freeAddr(t)
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;\nevents {}\n"+
		"http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c;\n"+
		"uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;\n"+
		"server { listen %[2]s; location / { proxy_pass http://%[3]s; proxy_http_version 1.1; proxy_buffering off; } } }\n", dir, listen, addr)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, exec.Command(bin, "-p", dir, "-c", conf))
	until(t, "nginx", func() bool {
		c, err := net.Dial("tcp", listen)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return listen
}

// runs starts a program and ends it with the test.
func runs(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}
