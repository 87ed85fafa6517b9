package proxy_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
)

func TestRoutes(t *testing.T) {
	s := newSite(t, `
[route.exact]
host = "a.example"
path = "/x"
respond = { status = 200, body = "exact" }
[route.below]
host = "a.example"
path = "/x/*"
respond = { status = 200, body = "below" }
[route.pattern]
host = "a.example"
path = "~^/x/[0-9]+$"
respond = { status = 200, body = "pattern" }
[route.post]
host = "a.example"
path = "/form"
methods = "POST"
respond = { status = 200, body = "post" }
[route.wild]
host = "*.example"
respond = { status = 200, body = "wild" }
[route.www]
host = "www.example"
redirect = "https://example{uri}"
[route.off]
host = "off.example"
enabled = false
respond = { status = 200, body = "off" }
[route.secret]
host = "secret.example"
auth = { realm = "x", users = ["me:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"] }
respond = { status = 200, body = "secret" }
[route.closed]
host = "closed.example"
deny = "lan"
respond = { status = 200, body = "closed" }
[route.inner]
host = "inner.example"
allow = ["10.0.0.0/8", "lan"]
respond = { status = 200, body = "inner" }
[route.far]
host = "far.example"
allow = "10.0.0.0/8"
respond = { status = 200, body = "far" }
`)
	for _, test := range []struct {
		host, path string
		status     int
		body       string
		location   string
	}{
		{"a.example", "/x", 200, "exact", ""},
		{"A.Example:80", "/x", 200, "exact", ""},
		{"a.example", "/x/y", 200, "below", ""},
		{"a.example", "/x/12", 200, "pattern", ""},
		{"a.example", "/form", 200, "wild", ""}, // the method misses, the next host level fits
		{"b.example", "/", 200, "wild", ""},
		{"b.c.example", "/", 200, "wild", ""},
		{"example", "/", 404, "", ""},
		{"elsewhere", "/", 404, "", ""},
		{"www.example", "/a?b", 308, "", "https://example/a?b"},
		{"www.example", "//evil.example/", 308, "", "https://example/evil.example/"},
		{"off.example", "/", 200, "wild", ""},
		{"secret.example", "/", 401, "", ""},
		{"closed.example", "/", 403, "", ""},
		{"inner.example", "/", 200, "inner", ""},
		{"far.example", "/", 403, "", ""},
	} {
		resp, body := s.get(test.host, test.path)
		if resp.StatusCode != test.status || test.body != "" && body != test.body || resp.Header.Get("Location") != test.location {
			t.Errorf("%s%s: %d %q to %q", test.host, test.path, resp.StatusCode, body, resp.Header.Get("Location"))
		}
	}
}

func TestMissedMethod(t *testing.T) {
	s := newSite(t, "[route.form]\nhost = \"a.example\"\npath = \"/form\"\nmethods = [\"POST\", \"PUT\"]\nrespond = { status = 200 }\n")
	resp, _ := s.get("a.example", "/form")
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST, PUT" {
		t.Errorf("%d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

func TestRefusalIsRecorded(t *testing.T) {
	s := newSite(t, "[route.closed]\nhost = \"*\"\ndeny = \"lan\"\nrespond = { status = 200 }\n")
	s.get("a", "/")
	if row := s.lastRow(1); row.Rule != "deny lan" || row.Client.String() != "127.0.0.1" || row.Status != 403 {
		t.Errorf("rule %q, client %s, status %d", row.Rule, row.Client, row.Status)
	}
}

func TestBadRequestsNeverReachAnUpstream(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("reached: %s %s", r.Method, r.URL) })
	s := newSite(t, routeTo("site", addr))
	for request, status := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n":                                                               "400",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n":                                         "400",
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                                                  "400",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n": "400",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc":                           "400",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc":       "400",
		"GET / HTTP/1.1\nHost: a\n\n":                                                          "400",
		"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n":                                           "400",
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n":                                                   "400",
		"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n":                                       "400",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n":      "501",
		"GET http://me@a/ HTTP/1.1\r\nHost: a\r\n\r\n":                                         "400",
		"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n":                                             "400",
		"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n":                                            "405",
		"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n":                                                  "405",
		"GET /" + strings.Repeat("x", 17<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n":                 "414",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 33<<10) + "\r\n\r\n":          "431",
		"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 201) + "\r\n":             "431",
		"GET / HTTP/2.5\r\nHost: a\r\n\r\n":                                                    "505",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03":                                         "400",
	} {
		if got := s.raw(request); !strings.HasPrefix(got, "HTTP/1.1 "+status+" ") || !strings.Contains(got, "Connection: close\r\n") {
			t.Errorf("%.60q: %.60q, want %s", request, got, status)
		}
	}
}

// TestBadChunksNeverEndWell: what the upstream got so far must not look whole.
func TestBadChunksNeverEndWell(t *testing.T) {
	whole := make(chan bool, 1)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		var b [100]byte
		n := 0
		var err error
		for err == nil {
			var k int
			k, err = r.Body.Read(b[:])
			n += k
		}
		whole <- err.Error() == "EOF"
	})
	s := newSite(t, routeTo("site", addr))
	got := s.raw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("%.60q", got)
	}
	if <-whole {
		t.Error("the upstream took the broken body for a whole one")
	}
}

func TestExplainSaysWhatTrafficDoes(t *testing.T) {
	addr := mirror(t)
	s := newSite(t, "[route.blog]\nhost = \"a.example\"\npath = \"/blog/*\"\nto = \"http://"+addr+"\"\nstrip_prefix = \"/blog\"\nallow = \"lan\"\n"+
		"[route.rest]\nhost = \"a.example\"\nto = \"http://"+addr+"\"\n")
	e, err := s.server.Explain(proxy.Request{URL: "http://a.example/blog/x?y", From: netip.MustParseAddr("127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	if e.Route == nil || *e.Route != "blog" || e.URL != "http://"+addr+"/x?y" || e.Upstream != "http://"+addr || e.Status != 0 {
		t.Errorf("%+v", e)
	}
	if len(e.Reasons) != 2 || !e.Reasons[0].Matched || e.Reasons[1].Matched || e.Reasons[1].Why == "" {
		t.Errorf("reasons %+v", e.Reasons)
	}
	if len(e.Guards) != 1 || e.Guards[0].Guard != "allow" || e.Guards[0].Verdict != "pass" {
		t.Errorf("guards %+v", e.Guards)
	}
	e, _ = s.server.Explain(proxy.Request{URL: "http://a.example/blog/x", From: netip.MustParseAddr("203.0.113.1")})
	if e.Status != 403 || e.Guards[0].Verdict != "refuse" {
		t.Errorf("from outside: %+v", e)
	}
	e, _ = s.server.Explain(proxy.Request{URL: "http://b.example/"})
	if e.Route != nil || e.Status != 404 {
		t.Errorf("without a route: %+v", e)
	}
}
