package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
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

// TestFastCGIRecords: what only its framing can get wrong.
func TestFastCGIRecords(t *testing.T) {
	const good = "Content-Type: text/plain\n\nhello"
	for _, c := range []struct {
		name, answer string
		status       int
		cause        record.Cause
	}{
		{"in one piece", cgitest.Record(6, good) + cgitest.End(0, 0), 200, record.CauseNone},
		{"byte by byte", bytewise(good) + cgitest.End(0, 0), 200, record.CauseNone},
		{"errors within the head", cgitest.Record(7, "oh\nno") + cgitest.Record(6, good[:9]) + cgitest.Record(7, "\nagain\n") + cgitest.Record(6, good[9:]) + cgitest.Record(7, "") + cgitest.End(0, 0), 200, record.CauseNone},
		{"a status of the application", cgitest.Record(6, good) + cgitest.End(1, 0), 200, record.CauseNone},
		{"more after the end", cgitest.Record(6, good) + cgitest.End(0, 0) + "HTTP/1.1 200 OK\r\n\r\n", 200, record.CauseNone},
		{"another version", "\x02" + cgitest.Record(6, good)[1:] + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", 502, record.CauseProtocol},
		{"another request", strings.Replace(cgitest.Record(6, good), "\x00\x01", "\x00\x02", 1) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"an unknown type", cgitest.Record(99, good) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"a request in place of an answer", cgitest.Record(1, "\x00\x01\x00\x00\x00\x00\x00\x00"), 502, record.CauseProtocol},
		{"overloaded", cgitest.End(0, 2), 502, record.CauseProtocol},
		{"no responder", cgitest.End(0, 3), 502, record.CauseProtocol},
		{"a status nobody knows", cgitest.End(0, 77), 502, record.CauseProtocol},
		{"an end without a status", cgitest.Record(3, "\x00"), 502, record.CauseProtocol},
		{"output after its end", cgitest.Record(6, "") + cgitest.Record(6, good) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"no end", cgitest.Record(6, "X-A: b\n"), 502, record.CauseReset},
		{"half a record", cgitest.Record(6, good)[:12], 502, record.CauseReset},
		{"half a record's head", cgitest.Record(6, good)[:5], 502, record.CauseReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, cgiRoute("fastcgi", asked(t, cgitest.ReadFastCGI, func(map[string]string) string { return c.answer }), ""))
			resp, body := s.get("home.test", "/")
			row := s.lastRow(1)
			if resp.StatusCode != c.status || row.Cause != c.cause || (body == "hello") != (c.status == 200) {
				t.Errorf("%d %q, %v: %s", resp.StatusCode, body, row.Cause, row.Detail)
			}
		})
	}
}

func bytewise(s string) (out string) {
	for i := range len(s) {
		out += cgitest.Record(6, s[i:i+1])
	}
	return out
}

// TestFastCGIEndMissing: an answer without the end of its request was cut.
func TestFastCGIEndMissing(t *testing.T) {
	s := newSite(t, cgiRoute("fastcgi", asked(t, cgitest.ReadFastCGI, func(map[string]string) string {
		return cgitest.Record(6, "Content-Type: text/plain\n\nhello")
	}), ""))
	answer := s.raw("GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
	if strings.HasSuffix(answer, "0\r\n\r\n") {
		t.Errorf("it looks complete:\n%s", answer)
	}
	if row := s.lastRow(1); !row.Aborted || row.Cause != record.CauseReset {
		t.Errorf("aborted %v, %v: %s", row.Aborted, row.Cause, row.Detail)
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

// TestCGIEarlyAnswer: an application may answer before it has read the upload.
func TestCGIEarlyAnswer(t *testing.T) {
	for _, p := range cgitest.Family {
		t.Run(p.Scheme, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, cgiRoute(p.Scheme, origin(t, func(c net.Conn, r *bufio.Reader) {
				_, _ = r.Peek(1)
				_, _ = io.WriteString(c, p.Answer("Status: 413\nContent-Length: 2\n\nno"))
				_, _ = io.Copy(io.Discard, r)
			}), ""))
			c := s.dial()
			defer c.Close()
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: home.test\r\nContent-Length: 100000000\r\n\r\nsome of it")
			answer, _ := io.ReadAll(c)
			if !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.HasSuffix(string(answer), "\r\n\r\nno") {
				t.Errorf("%q", answer)
			}
		})
	}
}

// TestCGICutUpload: what the client did not send whole is no request.
func TestCGICutUpload(t *testing.T) {
	for _, p := range cgitest.Family {
		t.Run(p.Scheme, func(t *testing.T) {
			whole := make(chan bool, 2)
			s := newSite(t, cgiRoute(p.Scheme, origin(t, func(c net.Conn, r *bufio.Reader) {
				_, err := p.Read(r)
				whole <- err == nil
				_, _ = io.WriteString(c, p.Answer("X-A: b\n\ndone"))
			}), ""))
			for _, head := range []string{"Content-Length: 1000\r\n\r\nsome", "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"} {
				c := s.dial()
				fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: home.test\r\n%s", head)
				_ = c.(*net.TCPConn).CloseWrite()
				answer, _ := io.ReadAll(c)
				c.Close()
				if strings.Contains(string(answer), "done") {
					t.Errorf("%q was answered %q", head, answer)
				}
			}
			s.lastRow(2)
			select {
			case w := <-whole: // the one with a length was begun
				if w {
					t.Error("the application took a part for the whole")
				}
			case <-time.After(10 * time.Second):
				t.Error("the application still waits")
			}
			if len(whole) > 0 {
				t.Error("the one without a length was begun")
			}
		})
	}
}

// TestCGIExpect: the client is told to go on, which no application would.
func TestCGIExpect(t *testing.T) {
	for _, p := range cgitest.Family {
		t.Run(p.Scheme, func(t *testing.T) {
			s := newSite(t, cgiRoute(p.Scheme, asked(t, p.Read, func(env map[string]string) string {
				return p.Answer("X-A: b\n\n" + env["(body)"] + env["HTTP_EXPECT"])
			}), ""))
			c := s.dial()
			defer c.Close()
			r := bufio.NewReader(c)
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: home.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")
			if head, err := readHead(r); err != nil || !strings.HasPrefix(head, "HTTP/1.1 100 ") {
				t.Fatalf("%q, %v", head, err)
			}
			fmt.Fprintf(c, "hello")
			if answer, err := io.ReadAll(r); err != nil || !strings.Contains(string(answer), "1\r\n5\r\n0\r\n") {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

// TestUWSGITooLong: the protocol has no room for a long head.
func TestUWSGITooLong(t *testing.T) {
	addr := asked(t, cgitest.ReadUWSGI, func(map[string]string) string { return "X-A: b\n\nwell" })
	s := newSite(t, "")
	s.apply(fmt.Sprintf("[server]\nhttp = %q\nmax_header = \"100KB\"\n%s", s.addr, cgiRoute("uwsgi", addr, "")))
	for size, want := range map[int]int{50_000: 200, 66_000: 431} {
		answer := s.raw("GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\nX-Long: " + strings.Repeat("a", size) + "\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 "+strconv.Itoa(want)) {
			t.Errorf("%d bytes: %s", size, cut(answer))
		}
	}
	s.lastRow(2)
	rows := make([]record.Row, 2)
	s.server.Records().Before(0, rows, func(r *record.Row) bool { return r.Status == 431 })
	if rows[0].Cause != record.CauseTooLarge || !strings.Contains(rows[0].Detail, "65535") {
		t.Errorf("%v: %s", rows[0].Cause, rows[0].Detail)
	}
}

// TestCGINoPlace: an upload that must be gathered and finds no place is told so.
func TestCGINoPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/nosuch")
	begun := make(chan struct{}, 8)
	s := newSite(t, cgiRoute("scgi", origin(t, func(net.Conn, *bufio.Reader) { begun <- struct{}{} }), ""))
	resp, _ := s.do(s.chunked(t, 3<<20))
	if row := s.lastRow(1); resp.StatusCode != 507 || row.Cause != record.CauseTooLarge || !strings.Contains(row.Detail, "no such file") {
		t.Errorf("%d, %v: %s", resp.StatusCode, row.Cause, row.Detail)
	}
	if len(begun) > 0 {
		t.Error("the application was asked")
	}
}

// TestCGIMaxBody: what is gathered is bounded as what is not.
func TestCGIMaxBody(t *testing.T) {
	s := newSite(t, cgiRoute("scgi", asked(t, cgitest.ReadSCGI, func(env map[string]string) string { return "X-A: b\n\n" + env["CONTENT_LENGTH"] }),
		"max_body = \"2MB\"\n"))
	if resp, body := s.do(s.chunked(t, 2<<20)); resp.StatusCode != 200 || body != "2097152" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	resp, _ := s.do(s.chunked(t, 3<<20))
	if row := s.lastRow(2); resp.StatusCode != 413 || row.Cause != record.CauseTooLarge {
		t.Errorf("%d, %v: %s", resp.StatusCode, row.Cause, row.Detail)
	}
}

// chunked is an upload whose length nobody says.
func (s *site) chunked(t *testing.T, size int) *http.Request {
	t.Helper()
	req, err := http.NewRequest("POST", "http://"+s.addr+"/", io.MultiReader(strings.NewReader(strings.Repeat("x", size))))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "home.test"
	return req
}

// TestCGIOverHTTP2: an upload over HTTP/2 needs no length either, and the
// application hears which protocol the client spoke.
func TestCGIOverHTTP2(t *testing.T) {
	for _, p := range cgitest.Family {
		s := newSite(t, cgiRoute(p.Scheme, asked(t, p.Read, func(env map[string]string) string {
			return p.Answer("X-A: b\n\n" + env["SERVER_PROTOCOL"] + " " + env["HTTP_HOST"] + " " + env["CONTENT_LENGTH"] + " " + env["HTTP_COOKIE"])
		}), ""))
		req := s.chunked(t, 2<<20)
		req.Header.Add("Cookie", "a=1")
		resp, err := overHTTP2(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := "HTTP/2.0 home.test 2097152 a=1"; err != nil || string(body) != want {
			t.Errorf("%s: %q, %v, want %q", p.Scheme, body, err, want)
		}
	}
}

// TestCGIDestination: an application that knows its mount point compares a
// WebDAV Destination with the URL that the client used.
func TestCGIDestination(t *testing.T) {
	addr := asked(t, cgitest.ReadSCGI, func(env map[string]string) string {
		return "Location: /dav/there\nSet-Cookie: a=1; Path=/dav/\n\n" + env["HTTP_DESTINATION"]
	})
	s := newSite(t, fmt.Sprintf("[route.dav]\nhost = \"home.test\"\npath = \"/dav/*\"\nto = \"scgi://%s\"\nstrip_prefix = \"/dav\"\n"+
		"[route.other]\nhost = \"home.test\"\nto = \"scgi://%s\"\n", addr, addr))
	ask := func(to string) string {
		return s.raw("MOVE /dav/a HTTP/1.1\r\nHost: home.test:81\r\nConnection: close\r\nDestination: " + to + "\r\n\r\n")
	}
	for _, to := range []string{"http://home.test:81/dav/x/../b%20c", "/dav/b%20c"} {
		answer := ask(to)
		if !strings.HasPrefix(answer, "HTTP/1.1 302 ") || !strings.Contains(answer, "http://home.test:81/dav/b%20c\r\n") {
			t.Errorf("%s: %s", to, answer)
		}
		if !strings.Contains(answer, "Location: /dav/there\r\n") || !strings.Contains(answer, "Path=/dav/\r\n") {
			t.Errorf("a prefix was added: %s", answer)
		}
	}
	for _, to := range []string{"http://home.test:81/else", "http://evil.test/dav/b"} {
		if answer := ask(to); !strings.HasPrefix(answer, "HTTP/1.1 403 ") {
			t.Errorf("%s: %s", to, answer)
		}
	}
}
