package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// fullAddr is an address that takes no connection and refuses none either: the
// queue of those not accepted is full.
func fullAddr(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	t.Cleanup(func() { f.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	l, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprint("127.0.0.1:", l.(*syscall.SockaddrInet4).Port)
	for range 8 {
		if c, err := net.DialTimeout("tcp", addr, 50*time.Millisecond); err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}
	return addr
}

// TestCauses: every failure ends in one cause of the closed list, with words for
// the owner that name the upstream, in the record and in the upstream's state.
func TestCauses(t *testing.T) {
	at := func(serve func(c net.Conn, r *bufio.Reader)) string { return "http://" + origin(t, serve) }
	says := func(answer string) string {
		return at(func(c net.Conn, r *bufio.Reader) {
			readHead(r)
			io.WriteString(c, answer)
			io.Copy(io.Discard, r)
		})
	}
	self := certificate(t, nil, nil)
	const timeouts = `timeout = { dial = "1s", response_header = "300ms", idle = "300ms" }`
	for _, c := range []struct {
		name, to, cause, detail string
		status                  int
		aborted                 bool
	}{
		{"a name without an address", "http://nas.invalid:80", "dns", "nas.invalid", 502, false},
		{"nobody listens", "http://" + deadAddr(t), "refused", "refused 127.0.0.1:", 502, false},
		{"no such socket", "http+unix://" + t.TempDir() + "/none.sock", "unreachable", "no socket /", 502, false},
		{"no connection is taken", "http://" + fullAddr(t), "dial-timeout", "no connection in time to 127.0.0.1:", 504, false},
		{"a silent handshake", "https://" + origin(t, func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }), "tls-timeout", "no TLS in time with 127.0.0.1:", 504, false},
		{"an unknown certificate", "https://" + secureHandler(t, self, hello, nil), "untrusted", self.pin, 502, false},
		{"no answer", says(""), "header-timeout", "did not answer in time", 504, false},
		{"half a head", says("HTTP/1.1 200 OK\r\nContent-"), "header-timeout", "did not answer in time", 504, false},
		{"half a body", says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "body-timeout", "went silent within its answer", 200, true},
		{"no HTTP", says("220 smtp.example ESMTP\r\n"), "protocol", "no HTTP status line", 502, false},
		{"TLS", says("\x15\x03\x01\x00\x02\x02\x46"), "protocol", "write https://", 502, false},
		{"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "protocol", "Content-Length", 502, false},
		{"a broken chunk", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), "protocol", "chunk", 0, true},
		{"an unasked 101", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "protocol", "101", 502, false},
		{"endless 1xx", says(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000)), "protocol", "interim", 0, false},
		{"a huge head", says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n"), "too-large", "the head is too long", 502, false},
		{"many fields", says("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 2000) + "\r\n"), "too-large", "too many fields", 502, false},
		{"an end before the answer", at(func(c net.Conn, r *bufio.Reader) { readHead(r) }), "reset", "before an answer", 502, false},
		{"a reset before the answer", at(func(c net.Conn, r *bufio.Reader) { readHead(r); reset(c) }), "reset", "before an answer", 502, false},
		{"an end within the answer", at(func(c net.Conn, r *bufio.Reader) {
			readHead(r)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
		}), "reset", "within the answer", 200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"*\"\nto = %q\nhost_header = \"upstream\"\n%s\n", c.to, timeouts))
			got := exchange(s, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			row := s.lastRow(1)
			if row.Cause.String() != c.cause || !strings.Contains(row.Detail, c.detail) || row.Aborted != c.aborted {
				t.Errorf("%s: %q, aborted %v; want %s: %q", row.Cause, row.Detail, row.Aborted, c.cause, c.detail)
			}
			if c.status > 0 && !strings.HasPrefix(got, fmt.Sprint("HTTP/1.1 ", c.status, " ")) {
				t.Errorf("the visitor sees %.60q, want %d", got, c.status)
			}
			if strings.Contains(got, "127.0.0.1:") || strings.Contains(got, "sha256") {
				t.Errorf("the visitor sees the inside: %q", got)
			}
			if u := s.server.Status().Upstreams[0]; u.Reason != row.Detail {
				t.Errorf("the upstream's reason is %q, the record's %q", u.Reason, row.Detail)
			}
			if len(row.Detail) >= record.DetailSize {
				t.Errorf("%d bytes of detail are more than is kept", len(row.Detail))
			}
		})
	}
}
