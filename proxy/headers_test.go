package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// mirror answers with the head it received.
func mirror(t testing.TB) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			head, err := readHead(r)
			if err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(head))+"\r\n\r\n"+head)
		}
	})
}

// received sends a request and returns the fields the upstream got, in lower
// case names, and its request line under "".
func (s *site) received(request string) map[string][]string {
	s.t.Helper()
	c := s.client()
	c.send(request)
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 {
		s.t.Fatalf("status %d", resp.StatusCode)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\r\n\r\n"), "\r\n")
	fields := map[string][]string{"": lines[:1]}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		name = strings.ToLower(name)
		fields[name] = append(fields[name], value)
	}
	return fields
}

func (s *site) wantField(fields map[string][]string, name, want string) {
	s.t.Helper()
	if got := strings.Join(fields[name], " | "); got != want {
		s.t.Errorf("%s: %q, want %q", name, got, want)
	}
}

func TestWhatTravels(t *testing.T) {
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\n")
	f := s.received("GET /a?b HTTP/1.1\r\nHost: Site.Example:8080\r\nX-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\n" +
		"X-Forwarded-Host: evil\r\nX-Forwarded-Foo: evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\n" +
		"X-Request-ID: mine\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n" +
		"TE: trailers, deflate\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nX-Under_Score: kept\r\nAccept: a\r\nAccept: b\r\n\r\n")
	s.wantField(f, "", "GET /a?b HTTP/1.1")
	s.wantField(f, "host", "Site.Example:8080")
	s.wantField(f, "x-forwarded-for", "127.0.0.1")
	s.wantField(f, "x-forwarded-proto", "http")
	s.wantField(f, "x-forwarded-host", "Site.Example:8080")
	s.wantField(f, "x-forwarded-port", "8080")
	s.wantField(f, "x-real-ip", "127.0.0.1")
	s.wantField(f, "accept", "a | b")
	s.wantField(f, "te", "trailers")
	s.wantField(f, "connection", "TE")
	s.wantField(f, "x-under_score", "kept")
	for _, gone := range []string{"x-forwarded-foo", "forwarded", "x_forwarded_for", "x-hop", "keep-alive", "proxy-connection", "upgrade", "http2-settings", "x-forwarded-prefix"} {
		s.wantField(f, gone, "")
	}
	if id := strings.Join(f["x-request-id"], ""); len(id) != 24 {
		t.Errorf("x-request-id %q", id)
	}
	if row := s.lastRow(1); row.ReqID.String() != strings.Join(f["x-request-id"], "") {
		t.Errorf("the record has another request ID: %q", row.ReqID.String())
	}
}

func TestTrustedProxyIsBelieved(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\ntrusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/8\"]\n" +
		"[route.site]\nhost = \"*\"\nto = \"http://" + mirror(t) + "\"\n")
	f := s.received("GET / HTTP/1.1\r\nHost: site\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-For: 10.1.1.1\r\n" +
		"X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\nX-Forwarded-Port: 443\r\nX-Request-ID: abc-1\r\n\r\n")
	s.wantField(f, "x-forwarded-for", "203.0.113.9, 10.1.1.1, 127.0.0.1")
	s.wantField(f, "x-real-ip", "203.0.113.9")
	s.wantField(f, "x-forwarded-proto", "https")
	s.wantField(f, "x-forwarded-host", "www.example")
	s.wantField(f, "x-forwarded-port", "443")
	s.wantField(f, "x-request-id", "abc-1")
	row := s.lastRow(1)
	if row.Client.String() != "203.0.113.9" || row.Source.String() != "X-Forwarded-For" || row.Peer.String() != "127.0.0.1" {
		t.Errorf("row: client %s from %s, peer %s", row.Client, row.Source, row.Peer)
	}
}

func TestHostHeader(t *testing.T) {
	addr := mirror(t)
	for setting, want := range map[string]string{"client": "site.example", "upstream": addr, "inner.lan": "inner.lan"} {
		s := newSite(t, "[route.site]\nhost = \"site.example\"\nto = \"http://"+addr+"\"\nhost_header = \""+setting+"\"\n")
		s.wantField(s.received("GET / HTTP/1.1\r\nHost: site.example\r\n\r\n"), "host", want)
	}
}

func TestHeaderEdits(t *testing.T) {
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\n"+
		"request_headers = { set = { X-Asked = \"{host}{uri}\" }, add = { X-More = \"2\" }, remove = [\"Accept\"] }\n"+
		"response_headers = { set = { X-Frame-Options = \"DENY\" }, remove = [\"Content-Language\"] }\n")
	f := s.received("GET /a?b HTTP/1.1\r\nHost: A.example\r\nX-Asked: no\r\nX-More: 1\r\nAccept: */*\r\n\r\n")
	s.wantField(f, "x-asked", "a.example/a?b")
	s.wantField(f, "x-more", "1 | 2")
	s.wantField(f, "accept", "")
	if resp, _ := s.get("a.example", "/"); resp.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("X-Frame-Options %q", resp.Header.Get("X-Frame-Options"))
	}
}

func TestPathsThatAreSent(t *testing.T) {
	s := newSite(t, "[route.all]\nhost = \"all.example\"\nto = \"http://"+mirror(t)+"\"\n"+
		"[route.blog]\nhost = \"site.example\"\npath = \"/blog/*\"\nto = \"http://"+mirror(t)+"\"\nstrip_prefix = \"/blog\"\n"+
		"[route.old]\nhost = \"site.example\"\npath = \"/old/*\"\nto = \"http://"+mirror(t)+"\"\nrewrite = { match = \"^/old/([a-z]+)$\", to = \"/new?page=$1\" }\n")
	for _, test := range []struct{ host, target, want string }{
		{"all.example", "//a/./b%41%2f?q", "//a/./b%41%2f?q"},
		{"site.example", "/blog/post?x=1", "/post?x=1"},
		{"site.example", "/blog/", "/"},
		{"site.example", "/x/../blog//a%41/./b", "/aA/b"},
		{"site.example", "/old/home?x=1", "/new?page=home&x=1"},
		{"site.example", "/old/9", "/old/9"},
	} {
		f := s.received("GET " + test.target + " HTTP/1.1\r\nHost: " + test.host + "\r\n\r\n")
		s.wantField(f, "", "GET "+test.want+" HTTP/1.1")
	}
	for _, target := range []string{"/blog/%2e%2e%2fadmin", "/blog/a%5cb", "/blog/%00", "/../x", "/blog/..;/x"} {
		if got := s.raw("GET " + target + " HTTP/1.1\r\nHost: site.example\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%s: %.40q", target, got)
		}
	}
	if resp, _ := s.get("site.example", "/blog?x=1"); resp.StatusCode != 308 || resp.Header.Get("Location") != "/blog/?x=1" {
		t.Errorf("/blog: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestPrefixComesBack(t *testing.T) {
	answers := map[string]string{}
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		for name, value := range answers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(302)
	})
	s := newSite(t, "[route.blog]\nhost = \"site.example\"\npath = \"/blog/*\"\nto = \"http://"+addr+"\"\nstrip_prefix = \"/blog\"\n")
	for _, test := range []struct{ name, value, want string }{
		{"Location", "/login", "/blog/login"},
		{"Location", "/blog/login", "/blog/login"},
		{"Location", "/blogger", "/blog/blogger"},
		{"Location", "login", "login"},
		{"Location", "http://site.example/login?x", "http://site.example/blog/login?x"},
		{"Location", "http://" + addr + "/login", "http://site.example/blog/login"},
		{"Location", "https://other.example/login", "https://other.example/login"},
		{"Location", "//other.example/login", "//other.example/login"},
		{"Content-Location", "/a", "/blog/a"},
		{"Set-Cookie", "a=b; Path=/; HttpOnly", "a=b; Path=/blog/; HttpOnly"},
		{"Set-Cookie", "a=b; path=/blog/x", "a=b; path=/blog/x"},
		{"Set-Cookie", "a=b", "a=b"},
	} {
		answers = map[string]string{test.name: test.value}
		if resp, _ := s.get("site.example", "/blog/"); resp.Header.Get(test.name) != test.want {
			t.Errorf("%s: %s became %q, want %q", test.name, test.value, resp.Header.Get(test.name), test.want)
		}
	}
}

func TestDestinationStaysInItsRoute(t *testing.T) {
	addr := mirror(t)
	s := newSite(t, "[route.dav]\nhost = \"site.example\"\npath = \"/dav/*\"\nto = \"http://"+addr+"\"\nstrip_prefix = \"/dav\"\n"+
		"[route.other]\nhost = \"site.example\"\nto = \"http://"+addr+"\"\n")
	for _, test := range []struct {
		destination, want string
		status            string
	}{
		{"http://site.example/dav/b%20c", "http://site.example/b%20c", "200"},
		{"/dav/b", "http://site.example/b", "200"},
		{"http://site.example/elsewhere/b", "", "403"},
		{"http://other.example/dav/b", "", "403"},
		{"http://site.example/dav/../b", "", "403"},
		{"nonsense", "", "403"},
	} {
		got := s.raw("MOVE /dav/a HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\nDestination: " + test.destination + "\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 "+test.status) {
			t.Errorf("%s: %.40q", test.destination, got)
		}
		if test.want != "" && !strings.Contains(got, "Destination: "+test.want+"\r\n") {
			t.Errorf("%s became:\n%s", test.destination, got)
		}
	}
}

// TestReferencesStayWhatTheyAre: what an outside check found to leave the site.
func TestReferencesStayWhatTheyAre(t *testing.T) {
	var location string
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(302)
	})
	s := newSite(t, "[route.app]\nhost = \"site.example\"\npath = \"/app/*\"\nto = \"http://"+addr+"\"\nstrip_prefix = \"/app\"\n"+
		"[route.www]\nhost = \"www.example\"\nredirect = \"https://example.com{uri}\"\n[route.raw]\nhost = \"raw.example\"\nredirect = \"{path}\"\n")
	for value, want := range map[string]string{
		"http://site.example":          "http://site.example/app/",
		"http://site.example?x=1":      "http://site.example/app/?x=1",
		"HTTP://Site.Example/x":        "HTTP://Site.Example/app/x",
		"http://site.example:9999/x":   "http://site.example:9999/x",
		"https://site.example/x":       "https://site.example/app/x",
		"http://site.example.evil.x/y": "http://site.example.evil.x/y",
		`/\evil.example`:               `/\evil.example`,
	} {
		location = value
		if resp, _ := s.get("site.example", "/app/"); resp.Header.Get("Location") != want {
			t.Errorf("%s became %q, want %q", value, resp.Header.Get("Location"), want)
		}
	}
	for target, want := range map[string]string{
		`/\@evil.example/`: "https://example.com/@evil.example/",
		`//\/evil.example`: "https://example.com/evil.example",
	} {
		got := s.raw("GET " + target + " HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n")
		if !strings.Contains(got, "Location: "+want+"\r\n") {
			t.Errorf("%s: %q, want %s", target, got, want)
		}
	}
	if got := s.raw("GET //evil.example HTTP/1.1\r\nHost: raw.example\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("a path that names a host: %q", got)
	}
	two := "MOVE /app/a HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\nDestination: /app/b\r\nDestination: /else\r\n\r\n"
	if got := s.raw(two); !strings.HasPrefix(got, "HTTP/1.1 403 ") {
		t.Errorf("two destinations: %q", got)
	}
}

// TestFieldsOfARouteCannotBeForged: neither by another spelling nor in trailers.
func TestFieldsOfARouteCannotBeForged(t *testing.T) {
	seen := make(chan *http.Request, 1)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		seen <- r
	})
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+addr+"\"\nhost_header = \"upstream\"\n"+
		"request_headers = { set = { X-Token = \"ours\" }, add = { X-More = \"ours\" }, remove = [\"X-Debug\"] }\n")
	got := s.raw("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX_Token: evil\r\nx-token: evil\r\nX_More: evil\r\nX_Debug: evil\r\n" +
		"Trailer: X-Token, X_Token, X-Kept\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Token: evil\r\nX_Token: evil\r\nX-Debug: evil\r\nX-Kept: yes\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Fatalf("%q", got)
	}
	r := <-seen
	for name, values := range r.Header {
		for _, value := range values {
			if value == "evil" {
				t.Errorf("%s: %s", name, value)
			}
		}
	}
	if r.Trailer.Get("X-Kept") != "yes" || r.Trailer.Get("X-Token") != "" || r.Trailer.Get("X-Debug") != "" {
		t.Errorf("trailers %v", r.Trailer)
	}
}
