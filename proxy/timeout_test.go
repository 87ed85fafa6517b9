package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

func timed(addr string) string {
	return routeTo("site", addr) + "timeout = { response_header = \"300ms\", idle = \"300ms\" }\n"
}

// TestSlowUploadIsNoSlowAnswer: the time for an answer begins with the end of
// the request.
func TestSlowUploadIsNoSlowAnswer(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		body := make([]byte, 8)
		io.ReadFull(r, body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%s", body)
	})
	s := newSite(t, timed(addr))
	c := s.client()
	c.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n")
	for range 8 {
		time.Sleep(100 * time.Millisecond)
		c.send("x")
	}
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Errorf("%q", head)
	}
}

// TestAnswerInTime: neither silence nor a byte now and then is an answer, with
// a body to send before or without one.
func TestAnswerInTime(t *testing.T) {
	for name, drip := range map[string]bool{"silence": false, "drip": true} {
		for _, body := range []int{0, 100_000} {
			t.Run(fmt.Sprint(name, " after ", body), func(t *testing.T) {
				addr := origin(t, func(c net.Conn, r *bufio.Reader) {
					readHead(r)
					io.CopyN(io.Discard, r, int64(body))
					if !drip {
						r.ReadByte()
					}
					for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: xxxxxxxxxxxxxxxxxxx\r\n\r\n") {
						time.Sleep(50 * time.Millisecond)
						if _, err := c.Write([]byte{b}); err != nil {
							return
						}
					}
				})
				s := newSite(t, timed(addr))
				got := s.raw(fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", body, strings.Repeat("x", body)))
				if !strings.HasPrefix(got, "HTTP/1.1 504 ") {
					t.Errorf("%.60q", got)
				}
				if row := s.lastRow(1); row.Cause.String() != "header-timeout" {
					t.Errorf("cause %q", row.Cause)
				}
			})
		}
	}
}

// TestFirstByteMayTakeItsTime: idle counts only between two bytes of a body.
func TestFirstByteMayTakeItsTime(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
		time.Sleep(900 * time.Millisecond)
		io.WriteString(c, "late")
	})
	s := newSite(t, timed(addr))
	if _, body := s.get("a", "/"); body != "late" {
		t.Errorf("%q", body)
	}
}

// TestOneBadPageTakesNobodyOut: passive health counts failures to connect.
func TestOneBadPageTakesNobodyOut(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) { readHead(r) })
	s := newSite(t, routeTo("site", addr))
	for range 5 {
		s.get("a", "/crash")
	}
	s.lastRow(5)
	if u := s.server.Status().Upstreams[0]; u.State == proxy.StateDown || u.Failures != 0 || u.Reason == "" {
		t.Errorf("%+v", u)
	}
}

// TestLeavingAfterAnUpload: a body that was sent does not hide who left.
func TestLeavingAfterAnUpload(t *testing.T) {
	freed := make(chan struct{})
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.CopyN(io.Discard, r, 200_000)
		r.ReadByte() // until the proxy closes
		close(freed)
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 200_000))
	time.Sleep(300 * time.Millisecond)
	c.Close()
	select {
	case <-freed:
	case <-time.After(10 * time.Second):
		t.Fatal("the upstream's connection is still open")
	}
}
