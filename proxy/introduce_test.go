package proxy_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/record"
)

// balanced runs a route behind a load balancer on this machine.
func balanced(t *testing.T, more string) *site {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nproxy_protocol = \"127.0.0.1\"\nheader_timeout = \"300ms\"\n" + more +
		"[route.app]\nhost = \"*\"\nto = \"http://" + mirror(t) + "\"\nhost_header = \"upstream\"\n")
	return s
}

const (
	sig2 = "\r\n\r\n\x00\r\nQUIT\n"
	v2v4 = sig2 + "\x21\x11\x00\x0c\xc0\x00\x02\x07\x7f\x00\x00\x01\x04\xd2\x00\x50"
)

func TestProxyProtocol(t *testing.T) {
	for _, test := range []struct {
		name, header, client string
		source               record.Source
	}{
		{"v1", "PROXY TCP4 192.0.2.7 127.0.0.1 5000 80\r\n", "192.0.2.7", record.FromProxyProtocol},
		{"v1 IPv6", "PROXY TCP6 2001:db8::7 ::1 5000 80\r\n", "2001:db8::7", record.FromProxyProtocol},
		{"v2", v2v4, "192.0.2.7", record.FromProxyProtocol},
		{"unknown", "PROXY UNKNOWN\r\n", "127.0.0.1", record.FromPeer},
		{"local", sig2 + "\x20\x00\x00\x00", "127.0.0.1", record.FromPeer},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := balanced(t, "")
			c := s.client()
			for i, request := range []string{test.header + "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
				"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"} {
				if i == 2 {
					break // the mirror reads no bodies
				}
				resp, body := c.asks(request)
				if resp.StatusCode != 200 || !strings.Contains(body, "X-Forwarded-For: "+test.client+"\r\n") || !strings.Contains(body, "X-Real-IP: "+test.client+"\r\n") {
					t.Errorf("request %d: %d\n%s", i, resp.StatusCode, body)
				}
				row := s.lastRow(uint64(i + 1))
				if row.Client.String() != test.client || row.Source != test.source {
					t.Errorf("recorded: %s from %s", row.Client, row.Source)
				}
			}
		})
	}
}

// TestProxyProtocolThenForwardedFor: the address that the header names is
// judged as a peer's.
func TestProxyProtocolThenForwardedFor(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 198.51.100.9\r\n\r\n"
	s := balanced(t, "trusted_proxies = \"192.0.2.7\"\n")
	for header, want := range map[string]string{v2v4: "198.51.100.9", "PROXY TCP4 192.0.2.8 127.0.0.1 1 80\r\n": "192.0.2.8", "PROXY UNKNOWN\r\n": "127.0.0.1"} {
		if _, body := s.client().asks(header + request); !strings.Contains(body, "X-Real-IP: "+want+"\r\n") {
			t.Errorf("%.20q: want %s\n%s", header, want, body)
		}
	}
}

func TestProxyProtocolSlowly(t *testing.T) {
	s := balanced(t, "")
	c := s.client()
	for _, b := range []byte(v2v4 + "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
		c.send(string([]byte{b}))
	}
	if resp, err := http.ReadResponse(c.r, nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v, %q", resp, err, s.lastRow(1).Detail)
	}
}

func TestProxyProtocolRefuses(t *testing.T) {
	s := balanced(t, "")
	for i, test := range []struct{ name, sent, status, detail string }{
		{"no header", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400", "a peer of proxy_protocol sent no PROXY header"},
		{"a bad header", "PROXY TCP4 nonsense\r\n", "400", "a PROXY line that is no TCP4, TCP6 or UNKNOWN with two addresses and ports"},
		{"a header of another version", sig2 + "\x31\x11\x00\x00", "400", "a PROXY header of version 3"},
		{"half a header", "PROXY TCP4 192.", "408", "the PROXY header took too long"},
		{"half a request", "PROXY UNKNOWN\r\nGET / HT", "408", "the head took too long"},
		{"a header twice", "PROXY UNKNOWN\r\nPROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400", ""},
	} {
		answer := s.raw(test.sent)
		if !strings.HasPrefix(answer, "HTTP/1.1 "+test.status) || strings.Count(answer, "HTTP/1.1") != 1 {
			t.Errorf("%s: %.60q", test.name, answer)
		}
		if row := s.lastRow(uint64(i + 1)); row.Rule != "bad request" || test.detail != "" && row.Detail != test.detail || row.Peer != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("%s: rule %q, detail %q", test.name, row.Rule, row.Detail)
		}
	}
	before := s.server.Records().Newest()
	c := s.client()
	_ = c.Conn.(interface{ CloseWrite() error }).CloseWrite() // a check that we listen
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 || s.server.Records().Newest() != before {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestProxyProtocolFromNobodyElse: a client cannot name its own address.
func TestProxyProtocolFromNobodyElse(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nproxy_protocol = \"192.0.2.0/24\"\n[route.app]\nhost = \"*\"\nto = \"builtin://whoami\"\n")
	for _, header := range []string{"PROXY TCP4 192.0.2.7 127.0.0.1 5000 80\r\n", "PROXY UNKNOWN\r\n", v2v4} {
		answer := s.raw(header + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 400 ") || strings.Count(answer, "HTTP/1.1 ") != 1 {
			t.Errorf("%.20q: %.60q", header, answer)
		}
	}
}
