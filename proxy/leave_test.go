package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// TestLeavingAQuietAnswerOfKnownLength: such an answer has no room for a
// question, so a client that ended its side is given up after some silence; one
// to which bytes still flow hears them all. The pieces are long enough for the
// kernel to move the body, or not.
func TestLeavingAQuietAnswerOfKnownLength(t *testing.T) {
	for _, length := range []int{100, 1 << 20} {
		t.Run(fmt.Sprint("gone, ", length, " bytes"), func(t *testing.T) {
			t.Parallel()
			freed := make(chan struct{})
			s := newSite(t, routeTo("a", origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nabc", length)
				r.ReadByte()
				close(freed)
			})))
			c := s.client()
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.head()
			c.expect("abc")
			c.Close()
			select {
			case <-freed:
			case <-time.After(25 * time.Second):
				t.Fatal("the upstream was not freed")
			}
			s.settles()
			if row := s.lastRow(1); row.Cause != record.CauseClientGone {
				t.Errorf("cause %q, %s", row.Cause, row.Detail)
			}
		})
		t.Run(fmt.Sprint("listening, ", length, " bytes"), func(t *testing.T) {
			t.Parallel()
			const seconds = 14 // longer than a silence may be
			s := newSite(t, routeTo("a", origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", length)
				for range seconds {
					time.Sleep(time.Second)
					io.WriteString(c, ".")
				}
				c.Write(make([]byte, length-seconds))
			})))
			c := s.client()
			_ = c.SetReadDeadline(time.Now().Add(60 * time.Second))
			c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			c.head()
			if got, err := io.ReadAll(c.r); err != nil || len(got) != length {
				t.Errorf("%d of %d bytes, %v", len(got), length, err)
			}
		})
	}
}
