package proxy_test

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// TestBrokenForOldClient: the end of the connection ends an answer to HTTP/1.0
// whose length nobody knows. Where the upstream breaks off, that end must come,
// and it must be no clean one.
func TestBrokenForOldClient(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err == nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		}
	})
	s := newSite(t, routeTo("site", addr))
	c := s.dial()
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	if answer, err := io.ReadAll(c); err == nil {
		t.Errorf("a broken answer ends cleanly: %q", answer)
	}
	if row := s.lastRow(1); !row.Aborted || row.Cause.String() != "reset" {
		t.Errorf("aborted %v, cause %q", row.Aborted, row.Cause)
	}
}
