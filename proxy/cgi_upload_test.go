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
