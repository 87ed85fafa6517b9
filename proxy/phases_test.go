package proxy_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// partsOf is the sum of the phases that a waterfall draws.
func partsOf(p record.Phases) time.Duration {
	return p.Guard + p.Queue + p.Dial + p.Handshake + p.Send + p.FirstByte + p.Body
}

// TestPhases: where the time of a request went, and never more than it took.
func TestPhases(t *testing.T) {
	const pause = 150 * time.Millisecond
	slow := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(pause)
		fmt.Fprint(w, "begun")
		w.(http.Flusher).Flush()
		time.Sleep(pause)
	}
	self := certificate(t, nil, nil)
	secure := secureHandler(t, self, slow, nil)
	plain := handler(t, slow)
	late := secureOrigin(t, self, func(c *tls.Conn, r *bufio.Reader) {
		time.Sleep(pause) // before its side of the handshake
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	for name, c := range map[string]struct {
		to     string
		upload bool
		phases []func(record.Phases) time.Duration // each of them is one pause at least
	}{
		"plain": {"http://" + plain, false, []func(record.Phases) time.Duration{
			func(p record.Phases) time.Duration { return p.FirstByte }, func(p record.Phases) time.Duration { return p.Body }}},
		"over TLS": {"https://" + secure, false, []func(record.Phases) time.Duration{
			func(p record.Phases) time.Duration { return p.FirstByte }, func(p record.Phases) time.Duration { return p.Body }}},
		"a late handshake": {"https://" + late, false, []func(record.Phases) time.Duration{
			func(p record.Phases) time.Duration { return p.Handshake }}},
		"a slow upload": {"http://" + plain, true, []func(record.Phases) time.Duration{
			func(p record.Phases) time.Duration { return p.Send - pause/2 }, func(p record.Phases) time.Duration { return p.FirstByte }, func(p record.Phases) time.Duration { return p.Body }}},
		"after one that is down": {"http://" + deadAddr(t) + "\", \"http://" + plain, false, []func(record.Phases) time.Duration{
			func(p record.Phases) time.Duration { return p.FirstByte }, func(p record.Phases) time.Duration { return p.Body }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pin := ""
			if strings.HasPrefix(c.to, "https") {
				pin = "upstream_tls = { pin = \"" + self.pin + "\" }\n"
			}
			s := newSite(t, "[route.a]\nhost = \"a\"\nto = [\""+c.to+"\"]\n"+pin)
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if c.upload {
				io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
				time.Sleep(2 * pause)
				io.WriteString(conn, "cd")
			} else {
				io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			p := s.lastRow(1).Phases
			if sum := partsOf(p); sum > p.Total+time.Millisecond || sum < p.Total*8/10 {
				t.Errorf("the phases are %s of %s: %+v", sum, p.Total, p)
			}
			for i, of := range c.phases {
				if got := of(p); got < pause/2 {
					t.Errorf("phase %d took %s: %+v", i, got, p)
				}
			}
			t.Logf("%+v", p)
		})
	}
}
