package tui

import (
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

func TestMaskedHeads(t *testing.T) {
	const s = "s3cr3t"
	for in, want := range map[string]string{
		"Authorization: Bearer s3cr3t":                      "Bearer ***",
		"authorization: s3cr3t":                             "***",
		"AUTHORIZATION: Digest a=s3cr3t, b=\"s3cr3t\"":      "Digest ***",
		"Proxy-Authorization: Basic s3cr3t":                 "Basic ***",
		"Cookie: session=s3cr3t; theme=s3cr3t":              "session=***; theme=***",
		"Cookie: s3cr3t":                                    "***",
		"Set-Cookie: session=s3cr3t; Path=/; HttpOnly":      "session=***; Path=/; HttpOnly",
		"Set-Cookie: session=s3cr3t":                        "session=***",
		"X-Api-Key: s3cr3t":                                 "***",
		"X-Auth-Token: s3cr3t":                              "***",
		"Authorization : Bearer s3cr3t":                     "Bearer ***",
		"Referer: https://git.home.lan/login?token=s3cr3t":  "https://git.home.lan/login?***",
		"Location: /done?code=s3cr3t":                       "/done?***",
		" s3cr3t, a continuation":                           "***",
		"Location: https://a.home.lan/#access_token=s3cr3t": "https://a.home.lan/#***",
		"Destination: https://ann:s3cr3t@dav.home.lan/b":    "https://***@dav.home.lan/b",
		"Link: <https://s3cr3t@a/>, <https://b:s3cr3t@c/>":  "<https://***@a/>, <https://***@c/>",
		"Refresh: 0; url=/a;JSessionID=s3cr3t;v=1/b":        "0; url=/a;JSessionID=***;v=1/b",
		"X-Rewrite-Url: /a;jsessionid=s3cr3t":               "/a;jsessionid=***",
		"Content-Type: text/html":                           "text/html",
		"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==":       "x3JJHMbDL1EzLkh9GBhXDw==",
		"WWW-Authenticate: Basic realm=\"admin\"":           "Basic realm=\"admin\"",
		"User-Agent: Mozilla/5.0 (X11; Linux)":              "Mozilla/5.0 (X11; Linux)",
	} {
		lines := headLines([]byte("GET / HTTP/1.1\r\n" + in + "\r\n\r\n"))
		if len(lines) != 2 {
			t.Fatalf("%q: %d lines", in, len(lines))
		}
		got := lines[1].masked(false)
		if got != want || strings.Contains(got, s) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestMaskedStartLines(t *testing.T) {
	for in, want := range map[string]string{
		"GET /a?token=s3cr3t HTTP/1.1": "GET /a?*** HTTP/1.1",
		"GET /a HTTP/1.1":              "GET /a HTTP/1.1",
		"HTTP/1.1 404 Not Found":       "HTTP/1.1 404 Not Found",
		"HTTP/1.1 200 OK":              "HTTP/1.1 200 OK",
		"GET /a?b=c d HTTP/1.1":        "GET /a?***",
		"":                             "",
	} {
		if got := headLines([]byte(in + "\r\n\r\n"))[0].masked(true); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestCurl: what is copied is safe to paste into a shell, whoever sent it.
func TestCurl(t *testing.T) {
	l := newLook(environment{UTF8: true})
	var d record.Detail
	d.Row.Method.Set([]byte("POST"))
	d.Row.Host.Set([]byte("git.home.lan"))
	d.Row.Path.Set([]byte("/a';id;'?token=s3cr3t"))
	d.Row.TLS = true
	d.Request = []byte("POST /a HTTP/1.1\r\nHost: git.home.lan:8443\r\nContent-Length: 3\r\nX-A: 1\x1b[2J\n$(id)\r\n" +
		"Cookie: a=s3cr3t\r\nAccept-Encoding: gzip\r\n\r\n")
	want := `curl -i -X 'POST' -H 'X-A: 1•[2J' -H 'Cookie: a=***' 'https://git.home.lan:8443/a'\'';id;'\''?***'`
	if got := curl(&l, &d, "", false); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	shown := curl(&l, &d, ":8080", true)
	if !strings.Contains(shown, "a=s3cr3t") || !strings.Contains(shown, "?token=s3cr3t") {
		t.Errorf("revealed, the secrets are missing: %s", shown)
	}
}

func TestCurlWithoutHead(t *testing.T) {
	l := newLook(environment{UTF8: true})
	var d record.Detail
	d.Row.Method.Set([]byte("HEAD"))
	d.Row.Host.Set([]byte("nas"))
	d.Row.Path.Set([]byte("/"))
	if got, want := curl(&l, &d, "", false), "curl -I 'http://nas/'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCurlCutHead leaves out the field that was cut: it is not what was sent.
func TestCurlCutHead(t *testing.T) {
	l := newLook(environment{UTF8: true})
	var d record.Detail
	d.Row.Method.Set([]byte("GET"))
	d.Row.Host.Set([]byte("nas"))
	d.Row.Path.Set([]byte("/"))
	d.Request, d.RequestCut = []byte("GET / HTTP/1.1\r\nAccept: */*\r\nX-Long: aaaa"), true
	if got, want := curl(&l, &d, "", false), "curl -i -H 'Accept: */*' 'http://nas/'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCurlPort: a request that says no port went to the listener's, unless that
// is the usual one.
func TestCurlPort(t *testing.T) {
	var f facts
	for _, c := range []struct {
		listen     []proxy.ListenerStatus
		plain, tls string
	}{
		{nil, "", ""},
		{[]proxy.ListenerStatus{{Address: ":8080", Bound: "[::]:21030"}, {Address: ":8443", TLS: true}}, ":21030", ":8443"},
		{[]proxy.ListenerStatus{{Address: ":8080"}, {Address: ":80"}, {Address: ":443", TLS: true}}, "", ""},
		{[]proxy.ListenerStatus{{Address: ":80", Error: "taken"}, {Address: ":8080"}}, ":8080", ""},
	} {
		f.status.Listeners = c.listen
		if plain, tls := f.port(false), f.port(true); plain != c.plain || tls != c.tls {
			t.Errorf("%+v: %q and %q", c.listen, plain, tls)
		}
	}
	l := newLook(environment{})
	for host, want := range map[string]string{
		"nas": "'http://nas:8080/'", "nas:81": "'http://nas:81/'", "[::1]": "'http://[::1]:8080/'", "[::1]:81": "'http://[::1]:81/'",
	} {
		var d record.Detail
		d.Row.Method.Set([]byte("GET"))
		d.Row.Host.Set([]byte(host))
		d.Row.Path.Set([]byte("/"))
		if got := curl(&l, &d, ":8080", false); got != "curl -i "+want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// TestCopyOfNoRequest: what was no whole request cannot be asked again.
func TestCopyOfNoRequest(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		w.log.Put(&record.Row{Start: time.Now().UnixNano()}, nil, nil)
		p.press("2")
		p.wait(time.Second)
		p.press("c")
		p.sees("nothing to copy")
		if len(p.got) > 0 {
			t.Errorf("copied %v", p.got)
		}
	})
}
