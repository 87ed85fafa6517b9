package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/cgi/cgitest"
	"forge.home.arpa/portico/proxy/record"
)

// cgiRoute is a route to a server of the family for every host.
func cgiRoute(scheme, addr, more string) string {
	return fmt.Sprintf("[route.app]\nhost = \"home.test\"\nto = \"%s://%s\"\n%s", scheme, addr, more)
}

// asked is an origin that reads each request whole and says what say returns.
func asked(t *testing.T, read func(*bufio.Reader) (map[string]string, error), say func(env map[string]string) string) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		env, err := read(r)
		if err != nil {
			if err != io.EOF {
				t.Errorf("the request: %v", err)
			}
			return
		}
		_, _ = io.WriteString(c, say(env))
	})
}

// TestCGIAnswers holds the output of an application against the answer that a
// visitor gets.
func TestCGIAnswers(t *testing.T) {
	for _, c := range []struct {
		name, method, output, want string
	}{
		{"plain", "GET", "Content-Type: text/plain\n\nhello", "HTTP/1.1 200 OK\nContent-Type: text/plain\n\nhello"},
		{"with CR", "GET", "Content-Type: text/plain\r\n\r\nhello", "HTTP/1.1 200 OK\nContent-Type: text/plain\n\nhello"},
		{"status", "GET", "Status: 404 Not here\nX-A: b\n\nx", "HTTP/1.1 404 Not here\nX-A: b\n\nx"},
		{"status without words", "GET", "X-A: b\nstatus:418\n\nx", "HTTP/1.1 418 I'm a teapot\nX-A: b\n\nx"},
		{"status line", "GET", "HTTP/1.0 404 Not Found\r\nX-A: b\r\n\r\nx", "HTTP/1.1 404 Not Found\nX-A: b\n\nx"},
		{"both", "GET", "HTTP/1.1 200 OK\nStatus: 500 No\nX-A: b\n\nx", "HTTP/1.1 200 OK\nX-A: b\n\nx"},
		{"location", "GET", "Location: http://a.test/\n\n", "HTTP/1.1 302 Found\nLocation: http://a.test/\n\n"},
		{"location with status", "GET", "Status: 301\nLocation: /x\n\n", "HTTP/1.1 301 Moved Permanently\nLocation: /x\n\n"},
		{"created", "GET", "Status: 201\nLocation: /x\n\n", "HTTP/1.1 201 Created\nLocation: /x\n\n"},
		{"cookies", "GET", "Set-Cookie: a=1\nSet-Cookie: b=2\n\n", "HTTP/1.1 200 OK\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n"},
		{"length", "GET", "Content-Length: 5\n\nhello", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
		{"no body", "GET", "Content-Length: 0\nX-A: b\n\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-A: b\n\n"},
		{"HEAD", "HEAD", "Content-Length: 5\n\n", "HTTP/1.1 200 OK\nContent-Length: 5\n\n"},
		{"HEAD with a body", "HEAD", "Content-Length: 5\n\nhello", "HTTP/1.1 200 OK\nContent-Length: 5\n\n"},
		{"204", "GET", "Status: 204\n\nnobody may see this", "HTTP/1.1 204 No Content\n\n"},
		{"304", "GET", "Status: 304\nETag: \"x\"\n\nnobody may see this", "HTTP/1.1 304 Not Modified\nETag: \"x\"\n\n"},
		{"of this hop", "GET", "Connection: close\nKeep-Alive: 5\nX-A: b\n\n", "HTTP/1.1 200 OK\nX-A: b\n\n"},
		{"empty line in the body", "GET", "X-A: b\n\n\n\nx", "HTTP/1.1 200 OK\nX-A: b\n\n\n\nx"},
		{"blanks", "GET", "X-A: \t b c \t\n\n", "HTTP/1.1 200 OK\nX-A: b c\n\n"},
		{"many bytes", "GET", "X-A: b\n\n" + strings.Repeat("0123456789", 30000), "HTTP/1.1 200 OK\nX-A: b\n\n" + strings.Repeat("0123456789", 30000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range cgitest.Family {
				s := newSite(t, cgiRoute(p.Scheme, asked(t, p.Read, func(map[string]string) string { return p.Answer(c.output) }), ""))
				if got := bareAnswer(s.raw(c.method + " / HTTP/1.0\r\nHost: home.test\r\n\r\n")); got != c.want {
					t.Errorf("%s: got\n%s\nwant\n%s", p.Scheme, cut(got), cut(c.want))
				}
			}
		})
	}
}

// bareAnswer takes off what portico adds to every answer.
func bareAnswer(answer string) string {
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	var lines []string
	for _, line := range strings.Split(head, "\r\n") {
		if !strings.HasPrefix(line, "Date: ") && line != "Connection: close" {
			lines = append(lines, line)
		}
	}
	if n := len(lines); n > 1 && strings.HasPrefix(lines[n-1], "Content-Length") {
		lines = append([]string{lines[0], lines[n-1]}, lines[1:n-1]...)
	}
	return strings.Join(lines, "\n") + "\n\n" + body
}

// TestCGIBroken: what is no answer is 502 with its cause, and harms nobody else.
func TestCGIBroken(t *testing.T) {
	for _, c := range []struct {
		name, output string
		cause        record.Cause
	}{
		{"nothing at all", "", record.CauseReset},
		{"no head", "hello, world", record.CauseProtocol},
		{"half a head", "Content-Type: text/plain\nX-A", record.CauseProtocol},
		{"a line that is no field", "Content-Type: text/plain\nhello\n\nx", record.CauseProtocol},
		{"an empty head", "\n\nhello", record.CauseProtocol},
		{"folded", "X-A: b\n c\n\nx", record.CauseProtocol},
		{"a blank before the colon", "X-A : b\n\nx", record.CauseProtocol},
		{"a zero byte", "X-A: b\x00c\n\nx", record.CauseProtocol},
		{"a bare CR", "X-A: b\rSet-Cookie: c\n\nx", record.CauseProtocol},
		{"a long head", "X-A: " + strings.Repeat("a", 64<<10) + "\n\nx", record.CauseProtocol},
		{"many fields", strings.Repeat("X-A: b\n", 300) + "\nx", record.CauseProtocol},
		{"a bad status", "Status: two hundred\n\nx", record.CauseProtocol},
		{"a status of four digits", "Status: 2000\n\nx", record.CauseProtocol},
		{"an interim status", "Status: 103\nX-A: b\n\nx", record.CauseProtocol},
		{"switching", "Status: 101\nUpgrade: websocket\n\nx", record.CauseProtocol},
		{"a high status", "Status: 700\n\nx", record.CauseProtocol},
		{"two statuses", "Status: 200\nStatus: 404\n\nx", record.CauseProtocol},
		{"a bad status line", "HTTP/1.1 OK\n\nx", record.CauseProtocol},
		{"a negative length", "Content-Length: -1\n\nx", record.CauseProtocol},
		{"a signed length", "Content-Length: +1\n\nx", record.CauseProtocol},
		{"an endless length", "Content-Length: 99999999999999999999\n\nx", record.CauseProtocol},
		{"two lengths", "Content-Length: 1\nContent-Length: 1\n\nx", record.CauseProtocol},
		{"an empty length", "Content-Length:\n\nx", record.CauseProtocol},
		{"chunks", "Transfer-Encoding: chunked\n\n1\r\nx\r\n0\r\n\r\n", record.CauseProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range cgitest.Family {
				output := c.output
				s := newSite(t, cgiRoute(p.Scheme, asked(t, p.Read, func(map[string]string) string { return p.Answer(output) }), ""))
				resp, body := s.get("home.test", "/")
				row := s.lastRow(1)
				want := c.cause
				if p.Scheme == "fastcgi" {
					want = record.CauseProtocol // it has an end of its own
				}
				if resp.StatusCode != 502 || row.Cause != want || row.Detail == "" || strings.Contains(body, "hello") {
					t.Errorf("%s: %d, %v: %s; want 502, %v", p.Scheme, resp.StatusCode, row.Cause, row.Detail, want)
				}
				output = "Status: 200\n\nwell"
				if resp, body := s.get("home.test", "/"); resp.StatusCode != 200 || body != "well" {
					t.Errorf("%s: then %d %q", p.Scheme, resp.StatusCode, body)
				}
			}
		})
	}
}

// TestCGILies: a body that is not what its head promised never looks complete.
func TestCGILies(t *testing.T) {
	for _, c := range []struct {
		name, output string
		cause        record.Cause
	}{
		{"shorter", "Content-Length: 10\n\nhello", record.CauseReset},
		{"longer", "Content-Length: 4\n\nhello", record.CauseProtocol},
		{"much longer", "Content-Length: 50000\n\n" + strings.Repeat("x", 300000), record.CauseProtocol},
		{"much shorter", "Content-Length: 300000\n\n" + strings.Repeat("x", 50000), record.CauseReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range cgitest.Family {
				s := newSite(t, cgiRoute(p.Scheme, asked(t, p.Read, func(map[string]string) string { return p.Answer(c.output) }), ""))
				head, body, _ := strings.Cut(s.raw("GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n"), "\r\n\r\n")
				promised, _, _ := strings.Cut(c.output, "\n")
				n, _ := strconv.Atoi(strings.TrimPrefix(promised, "Content-Length: "))
				if !strings.Contains(head, "Content-Length: "+strconv.Itoa(n)+"\r\n") || len(body) >= n {
					t.Errorf("%s: %d bytes with\n%s", p.Scheme, len(body), head)
				}
				if row := s.lastRow(1); !row.Aborted || row.Cause != c.cause {
					t.Errorf("%s: aborted %v, %v: %s", p.Scheme, row.Aborted, row.Cause, row.Detail)
				}
			}
		})
	}
}

// TestCGIResets breaks the connection at each step.
func TestCGIResets(t *testing.T) {
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	for _, p := range cgitest.Family {
		for name, serve := range map[string]func(c net.Conn, r *bufio.Reader){
			"at once":            func(c net.Conn, r *bufio.Reader) { reset(c) },
			"within the request": func(c net.Conn, r *bufio.Reader) { _, _ = r.Peek(3); reset(c) },
			"after the request":  func(c net.Conn, r *bufio.Reader) { _, _ = p.Read(r); reset(c) },
		} {
			t.Run(p.Scheme+" "+name, func(t *testing.T) {
				s := newSite(t, cgiRoute(p.Scheme, origin(t, serve), ""))
				resp, _ := s.get("home.test", "/")
				row := s.lastRow(1) // the kernel may know of the reset before the connection is ours
				if resp.StatusCode != 502 || row.Cause != record.CauseReset && !(name == "at once" && row.Cause == record.CauseUnreachable) {
					t.Errorf("%d, %v: %s", resp.StatusCode, row.Cause, row.Detail)
				}
			})
		}
	}
}

// TestCGISilence: a server that says nothing is waited for as long as the route
// says.
func TestCGISilence(t *testing.T) {
	for _, p := range cgitest.Family {
		t.Run(p.Scheme, func(t *testing.T) {
			over := make(chan struct{})
			t.Cleanup(func() { close(over) })
			silent := func(say string) string {
				return origin(t, func(c net.Conn, r *bufio.Reader) {
					_, _ = p.Read(r)
					_, _ = io.WriteString(c, say)
					<-over
				})
			}
			s := newSite(t, cgiRoute(p.Scheme, silent(""), "timeout = { response_header = \"100ms\" }\n"))
			resp, _ := s.get("home.test", "/")
			if row := s.lastRow(1); resp.StatusCode != 504 || row.Cause != record.CauseHeaderTimeout {
				t.Errorf("%d, %v: %s", resp.StatusCode, row.Cause, row.Detail)
			}
			out := p.Answer("X-A: b\n\nhello")
			if p.Scheme == "fastcgi" {
				out = cgitest.Record(6, "X-A: b\n\nhello")
			}
			s = newSite(t, cgiRoute(p.Scheme, silent(out), "timeout = { idle = \"100ms\" }\n"))
			answer := s.raw("GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
			if row := s.lastRow(1); !strings.Contains(answer, "hello") || !row.Aborted || row.Cause != record.CauseBodyTimeout {
				t.Errorf("%q, aborted %v, %v: %s", answer, row.Aborted, row.Cause, row.Detail)
			}
		})
	}
}

// TestCGIClientLeaves: who leaves frees the application at once.
func TestCGIClientLeaves(t *testing.T) {
	for _, p := range cgitest.Family {
		t.Run(p.Scheme, func(t *testing.T) {
			left, came := make(chan error, 1), make(chan struct{})
			s := newSite(t, cgiRoute(p.Scheme, origin(t, func(c net.Conn, r *bufio.Reader) {
				_, _ = p.Read(r)
				close(came)
				_, err := r.ReadByte()
				left <- err
			}), ""))
			c := s.dial()
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n")
			<-came
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
			select {
			case err := <-left:
				if err == nil {
					t.Error("more was sent")
				}
			case <-time.After(20 * time.Second):
				t.Error("the application was not told")
			}
			if row := s.lastRow(1); row.Cause != record.CauseClientGone {
				t.Errorf("%v: %s", row.Cause, row.Detail)
			}
		})
	}
}
