package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestForwardsAndRecords(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s for %s", r.Method, r.URL, r.Header.Get("X-Forwarded-For"))
	})
	s := newSite(t, routeTo("site", addr))
	resp, body := s.get("a.example", "/x?y=1")
	if resp.StatusCode != 200 || body != "GET /x?y=1 for 127.0.0.1" {
		t.Fatalf("%d %q", resp.StatusCode, body)
	}
	row := s.lastRow(1)
	if row.Route != "site" || row.Status != 200 || row.Upstream != "http://"+addr || row.Path.String() != "/x?y=1" {
		t.Errorf("row %+v", row)
	}
}

func TestUploadStreams(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d %v %d %v", n, err, r.ContentLength, r.TransferEncoding)
	})
	s := newSite(t, routeTo("site", addr))
	const size = 5 << 20
	for name, body := range map[string]io.Reader{
		"length":  strings.NewReader(strings.Repeat("x", size)),
		"chunked": io.MultiReader(strings.NewReader(strings.Repeat("x", size))),
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://"+s.addr+"/", body)
			resp, got := s.do(req)
			want := fmt.Sprintf("%d <nil> %d []", size, size)
			if name == "chunked" {
				want = fmt.Sprintf("%d <nil> -1 [chunked]", size)
			}
			if resp.StatusCode != 200 || got != want {
				t.Errorf("%d %q, want %q", resp.StatusCode, got, want)
			}
		})
	}
}

func TestDeadUpstreamIs502(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := newSite(t, routeTo("site", addr))
	resp, body := s.get("a.example", "/")
	if resp.StatusCode != 502 || strings.Contains(body, "127.0.0.1") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if row := s.lastRow(1); row.Cause.String() != "refused" || row.Detail != "refused "+addr {
		t.Errorf("cause %q, detail %q", row.Cause, row.Detail)
	}
}

func TestKeepsConnections(t *testing.T) {
	var conns int
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		conns++
		for {
			if _, err := readHead(r); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	s := newSite(t, routeTo("site", addr))
	c := s.dial()
	defer c.Close()
	r := bufio.NewReader(c)
	for range 5 {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "ok" {
			t.Fatalf("body %q", body)
		}
	}
	if s.lastRow(5); conns != 1 {
		t.Errorf("%d connections to the upstream, want 1", conns)
	}
}
