package proxy_test

import (
	"strings"
	"testing"
)

// TestChainsOfTrustedProxies: whoever stands left of the first untrusted address
// is its invention, whatever it looks like.
func TestChainsOfTrustedProxies(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/30\", \"2001:db8:1::1\"]\n" +
		"[route.app]\nhost = \"*\"\nto = \"http://" + mirror(t) + "\"\nhost_header = \"upstream\"\n")
	for _, test := range []struct{ forwardedFor, client, hops string }{
		{"", "127.0.0.1", "127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1", "192.0.2.1", "192.0.2.1, 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1, 10.0.0.1, 10.0.0.2", "192.0.2.1", "192.0.2.1, 10.0.0.1, 10.0.0.2, 127.0.0.1"},
		{"X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1", "192.0.2.1, 10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: 10.0.0.2, 192.0.2.1, 10.0.0.1", "192.0.2.1", "192.0.2.1, 10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1, 6.6.6.6, 10.0.0.1", "6.6.6.6", "6.6.6.6, 10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.0.0.1", "192.0.2.1", "192.0.2.1, 10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.1", "10.0.0.1", "10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1, _hidden", "127.0.0.1", "127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1:4711, 10.0.0.1:80", "192.0.2.1", "192.0.2.1:4711, 10.0.0.1:80, 127.0.0.1"},
		{"X-Forwarded-For: [2001:db8::7]:4711, 2001:db8:1::1", "2001:db8::7", "[2001:db8::7]:4711, 2001:db8:1::1, 127.0.0.1"},
		{"X-Forwarded-For: ::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1, 127.0.0.1"},
		{"X-Forwarded-For: 10.0.0.1, 10.0.0.2", "10.0.0.1", "10.0.0.1, 10.0.0.2, 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.1,,10.0.0.1", "192.0.2.1", "192.0.2.1,,10.0.0.1, 127.0.0.1"},
		{"X-Forwarded-For: ", "127.0.0.1", "127.0.0.1"},
		{"X_Forwarded_For: 192.0.2.1", "127.0.0.1", "127.0.0.1"},
		{"Forwarded: for=192.0.2.1", "127.0.0.1", "127.0.0.1"},
		{"X-Real-IP: 192.0.2.1", "127.0.0.1", "127.0.0.1"},
	} {
		t.Run(test.forwardedFor, func(t *testing.T) {
			line := test.forwardedFor
			if line != "" {
				line += "\r\n"
			}
			n := s.server.Records().Newest()
			f := s.received("GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n")
			s.wantField(f, "x-real-ip", test.client)
			s.wantField(f, "x-forwarded-for", test.hops)
			s.wantField(f, "x_forwarded_for", "")
			if row := s.lastRow(n + 1); row.Client.String() != test.client || row.Peer.String() != "127.0.0.1" {
				t.Errorf("recorded: %s, peer %s", row.Client, row.Peer)
			}
		})
	}
}

// TestTrustedProxysWords: Proto, Host and Port are kept where they are
// well-formed, all others are said anew.
func TestTrustedProxysWords(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\ntrusted_proxies = \"127.0.0.1\"\n" +
		"[route.app]\nhost = \"*\"\nto = \"http://" + mirror(t) + "\"\nhost_header = \"upstream\"\n")
	for _, test := range []struct{ field, value, want string }{
		{"X-Forwarded-Proto", "https", "https"},
		{"X-Forwarded-Proto", "HTTPS", "http"},
		{"X-Forwarded-Proto", "https, http", "http"},
		{"X-Forwarded-Proto", "ws", "http"},
		{"X-Forwarded-Host", "www.example", "www.example"},
		{"X-Forwarded-Host", "www.example:8443", "www.example:8443"},
		{"X-Forwarded-Host", "a.example, b.example", "site:81"},
		{"X-Forwarded-Host", "a/b", "site:81"},
		{"X-Forwarded-Port", "8443", "8443"},
		{"X-Forwarded-Port", "0", "81"},
		{"X-Forwarded-Port", "+80", "81"},
		{"X-Forwarded-Port", "65536", "81"},
		{"X-Forwarded-Prefix", "/evil", ""},
		{"X-Forwarded-User", "admin", ""},
		{"X-Request-ID", "abc-1.2_3", "abc-1.2_3"},
	} {
		f := s.received("GET / HTTP/1.1\r\nHost: site:81\r\n" + test.field + ": " + test.value + "\r\n\r\n")
		s.wantField(f, strings.ToLower(test.field), test.want)
	}
	f := s.received("GET / HTTP/1.1\r\nHost: site\r\nX-Request-ID: a b\r\nX-Forwarded-Proto: https\r\n\r\n")
	if id := f["x-request-id"]; len(id) != 1 || len(id[0]) != 24 {
		t.Errorf("x-request-id %q", id)
	}
	s.wantField(f, "x-forwarded-port", "443")
}

// TestHeaderEditsInOrder: remove, then set, then add, on both ways, and nothing
// that looks like a field which was set gets past.
func TestHeaderEditsInOrder(t *testing.T) {
	s := newSite(t, "[route.app]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\nhost_header = \"upstream\"\n"+
		"[route.app.request_headers]\nremove = [\"X-Gone\", \"X-Set\", \"X-Real-IP\"]\nset = { X-Set = \"{client_ip} {scheme} {host} {path} {query}\", X-Forwarded-Proto = \"https\" }\n"+
		"add = { X-Added = [\"1\", \"2\"], X-Set = \"more\" }\n"+
		"[route.app.response_headers]\nremove = [\"content-type\"]\nset = { Strict-Transport-Security = \"max-age=1\" }\nadd = { X-From = \"{host}\" }\n")
	f := s.received("GET /p%20q?a=b HTTP/1.1\r\nHost: Site.Example\r\nX-Gone: 1\r\nx_gone: 1\r\nX-Set: 1\r\nX_Set: 1\r\nX-Added: 0\r\nX_Added: 0\r\n\r\n")
	s.wantField(f, "x-gone", "")
	s.wantField(f, "x_gone", "")
	s.wantField(f, "x-set", "127.0.0.1 http site.example /p%20q a=b | more")
	s.wantField(f, "x_set", "")
	s.wantField(f, "x-added", "0 | 1 | 2")
	s.wantField(f, "x_added", "")
	s.wantField(f, "x-real-ip", "")
	s.wantField(f, "x-forwarded-proto", "https")
	resp, _ := s.get("Site.Example", "/")
	if h := resp.Header; h.Get("Strict-Transport-Security") != "max-age=1" || h.Get("X-From") != "site.example" || h.Get("Content-Type") != "" {
		t.Errorf("headers %v", h)
	}
}

// TestResponseEditsHoldForOurOwnAnswers: a policy must not be missing on a page
// of portico's own, nor a refusal.
func TestResponseEditsHoldForOurOwnAnswers(t *testing.T) {
	s := newSite(t, "[route.app]\nhost = \"*\"\nto = \"http://127.0.0.1:1\"\nresponse_headers = { set = { X-Frame-Options = \"DENY\" } }\n"+
		"[route.shut]\nhost = \"shut\"\nrespond = { status = 200 }\ndeny = \"lan\"\nresponse_headers = { set = { X-Frame-Options = \"DENY\" } }\n")
	for host, status := range map[string]int{"a": 502, "shut": 403} {
		if resp, _ := s.get(host, "/"); resp.StatusCode != status || resp.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %d, %v", host, resp.StatusCode, resp.Header)
		}
	}
}
