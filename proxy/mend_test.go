package proxy_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// mendsOf is what is offered for the newest of n requests.
func (s *site) mendsOf(n uint64) []proxy.Mend {
	s.t.Helper()
	row := s.lastRow(n)
	d, ok := s.server.Records().Get(row.ID)
	if !ok {
		s.t.Fatal("the record is not kept")
	}
	return s.server.Mends(s.t.Context(), d)
}

// after gives the text with a mend's edit made, by the road of every edit.
func after(t *testing.T, text string, m proxy.Mend) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portico.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := config.Open(config.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Update(t.Context(), nil, "ann", m.What, m.Edit); err != nil {
		t.Fatalf("%s: %v", m.What, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(b))
}

// TestMendsEndTheFailure: the first edit that is offered, made in the file, lets
// the same request through.
func TestMendsEndTheFailure(t *testing.T) {
	plain := handler(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	self := certificate(t, nil, nil)
	secure := secureHandler(t, self, hello, nil)
	picky := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "127.") {
			return
		}
		w.WriteHeader(421)
	})
	const server = "[server]\nhttp = \":0\"\n"
	const outside = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
	for name, c := range map[string]struct {
		routes  string // %s is where the request is mended
		request string
		status  int
		words   string
		diff    [2]string // of the file; none where it is written anew
	}{
		"TLS on plain": {"[route.a]\nhost = \"a.example\"\nto = \"https://" + plain + "\"", outside, 502, "it speaks without TLS",
			[2]string{"https://" + plain, "http://" + plain}},
		"plain on TLS, of two, in a preset": {"[preset.p]\nto = [{ url = \"http://" + secure + "\", weight = 2 }] # both\nupstream_tls = { verify = \"off\" }\n[route.a]\nhost = \"a.example\"\nuse = \"p\"", outside, 400, "https:// for http://",
			[2]string{"http://" + secure, "https://" + secure}},
		"a certificate": {"[route.a]\nhost = \"a.example\"\nto = \"https://" + secure + "\"", outside, 502, "if that is your server, write upstream_tls",
			[2]string{}},
		"another pin": {"[route.a]\nhost = \"a.example\"\nto = \"https://" + secure + "\"\nupstream_tls = { pin = \"sha256:" + strings.Repeat("ab", 32) + "\" } # old", outside, 502, "if that is your server",
			[2]string{"pin = \"sha256:" + strings.Repeat("ab", 32) + "\"", "pin = \"" + self.pin + "\", verify = \"pin\""}},
		"a body": {"[route.a]\nhost = \"a.example\"\nto = \"http://" + plain + "\"\nmax_body = \"1KB\"", "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3000000\r\n\r\n", 413, "raise it to 4MB",
			[2]string{"1KB", "4MB"}},
		"the own name": {"[route.a]\nhost = \"a.example\"\nto = \"http://" + picky + "\"", outside, 421, "host_header",
			[2]string{}},
		"a preset's list": {"[networks]\nvpn = \"10.9.0.0/24\"\n[preset.p]\nallow = \"vpn\"\n[route.a]\nhost = \"a.example\"\nuse = \"p\"\nto = \"http://" + plain + "\"", outside, 403, "allow of route a has not 127.0.0.1",
			[2]string{}},
		"a proxy": {"[route.a]\nhost = \"a.example\"\nto = \"http://" + plain + "\"\nallow = \"203.0.113.0/24\"",
			"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n\r\n", 403, "127.0.0.1 said by X-Forwarded-For",
			[2]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "")
			text := strings.Replace(server, ":0", s.addr, 1) + c.routes + "\n"
			s.apply(text)
			if resp, _ := s.client().asks(c.request); resp.StatusCode != c.status {
				t.Fatalf("it is %d before", resp.StatusCode)
			}
			all := s.mendsOf(1)
			if len(all) == 0 || all[0].Edit == nil || all[0].What == "" || !strings.Contains(all[0].Words, c.words) {
				t.Fatalf("offered %+v, want %q", all, c.words)
			}
			now := after(t, text, all[0])
			if was := strings.TrimSpace(text); now == was || c.diff[0] != "" && !strings.Contains(now, strings.Replace(was, c.diff[0], c.diff[1], 1)) {
				t.Errorf("the file is\n%s\nwas\n%s", now, was)
			}
			s.apply(now + "\n")
			request := c.request
			if c.status == 413 {
				request += strings.Repeat("x", 3000000)
			}
			if resp, body := s.client().asks(request); resp.StatusCode != 200 {
				t.Errorf("afterwards it is %d %s with\n%s", resp.StatusCode, body, now)
			}
		})
	}
}

// TestMendKeepsALaterEdit: what somebody adds to a list before y stays in it.
func TestMendKeepsALaterEdit(t *testing.T) {
	const proxied = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n"
	for fields, want := range map[string][2]string{
		"":      {"trusted_proxies = [\"192.0.2.1\", \"192.0.2.2\"]", "allow = [\"203.0.113.0/24\", \"203.0.113.9\", \"127.0.0.1\"]"},
		proxied: {"trusted_proxies = [\"192.0.2.1\", \"192.0.2.2\", \"127.0.0.1\"]", "allow = [\"203.0.113.0/24\", \"203.0.113.9\"]"},
	} {
		s := newSite(t, "")
		text := "[server]\nhttp = \"" + s.addr + "\"\ntrusted_proxies = [\"192.0.2.1\"]\n[route.a]\nhost = \"a.example\"\nrespond = { status = 200 }\nallow = [\"203.0.113.0/24\"]\n"
		s.apply(text)
		s.client().asks("GET / HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n")
		all := s.mendsOf(1)
		later := strings.NewReplacer("192.0.2.1\"", "192.0.2.1\", \"192.0.2.2\"", "113.0/24\"", "113.0/24\", \"203.0.113.9\"").Replace(text)
		if now := after(t, later, all[0]); !strings.Contains(now, want[0]+"\n") || !strings.HasSuffix(now, want[1]) {
			t.Errorf("%s: the file is\n%s", all[0].What, now)
		}
	}
}

// TestMendShowsTheCertificate: what is trusted is what was shown just now.
func TestMendShowsTheCertificate(t *testing.T) {
	self := certificate(t, nil, nil, "nas.lan")
	secure := secureHandler(t, self, hello, nil)
	s := newSite(t, secureRoute(secure, ""))
	s.get("a", "/")
	m := s.mendsOf(1)
	if len(m) != 1 || !strings.Contains(strings.Join(m[0].Facts, "\n"), self.pin) || !strings.Contains(strings.Join(m[0].Facts, "\n"), "made for nas.lan") {
		t.Errorf("%+v", m)
	}
	// One line for all upstreams of a route would shut the others out.
	s.apply(fmt.Sprintf("[route.nas]\nhost = \"a\"\nto = [\"https://%s\", \"https://%s\"]\n", secure, deadAddr(t)))
	if m := s.mendsOf(1); len(m) != 1 || m[0].Acts() || len(m[0].Facts) == 0 {
		t.Errorf("of two: %+v", m)
	}
}

// TestMendOfABan: lifted, with the evidence; over, once it is.
func TestMendOfABan(t *testing.T) {
	s := behindProxy(t, guarded(t))
	for range 3 {
		s.client().asks(offences("240.0.2.1")["unmatched_host"])
	}
	s.client().asks(from("240.0.2.1", "open", "/x"))
	m := s.mendsOf(4)
	if len(m) != 1 || m[0].Lift.String() != "240.0.2.1" || len(m[0].Facts) != 3 {
		t.Fatalf("%+v", m)
	}
	s.server.Lift(m[0].Lift)
	if m := s.mendsOf(4); len(m) != 1 || m[0].Acts() {
		t.Errorf("lifted: %+v", m)
	}
}

// TestNoMend: where nothing is known, or would be wrong, nothing is offered.
func TestNoMend(t *testing.T) {
	busy := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(503)
		}
	})
	for name, c := range map[string]struct{ routes, request, words string }{
		"refused":       {"to = \"http://" + deadAddr(t) + "\"", "", "is the server running"},
		"a bad host":    {"respond = { status = 200 }", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", ""},
		"its own error": {"to = \"http://" + busy + "\"", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		"a typed field": {"respond = { status = 200 }\nallow = \"203.0.113.0/24\"", "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n", "add it if it should come in"},
		"deny":          {"respond = { status = 200 }\ndeny = \"127.0.0.1\"", "", "deny of route a lists 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "[route.a]\nhost = \"a\"\n"+c.routes+"\n")
			if c.request == "" {
				c.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
			}
			s.client().asks(c.request)
			all := s.mendsOf(1)
			words := ""
			for _, m := range all {
				words += m.Words + "\n"
				if m.Acts() && name != "a typed field" || strings.Contains(m.What, "trust") {
					t.Errorf("it offers %s", m.What)
				}
			}
			if !strings.Contains(words, c.words) || (c.words == "") != (words == "") {
				t.Errorf("it says %q, want %q", words, c.words)
			}
		})
	}
}

func TestMendOfAnUnknownHost(t *testing.T) {
	s := newSite(t, "[route.a]\nhost = \"a\"\npath = \"/x\"\nrespond = { status = 200 }\n")
	s.get("photos.home.arpa", "/")
	if m := s.mendsOf(1); len(m) != 1 || m[0].Host != "photos.home.arpa" || !strings.Contains(m[0].Words, "no route has the host") {
		t.Errorf("%+v", m)
	}
	s.get("a", "/y")
	if m := s.mendsOf(2); len(m) != 1 || !strings.Contains(m[0].Words, "have not this path") {
		t.Errorf("%+v", m)
	}
	e, err := s.server.Explain(proxy.Request{URL: "http://photos.home.arpa/"})
	if err != nil || len(e.Advice) != 1 || !strings.Contains(e.Advice[0], "no route has the host photos.home.arpa") {
		t.Errorf("%v, %q", err, e.Advice)
	}
}

// there is what servers answer that do not know us, as they do.
var there = map[string]struct {
	answer http.HandlerFunc
	status int
	words  string
	lines  []string
}{
	"home assistant": {func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-For") != "" {
			w.WriteHeader(400)
			fmt.Fprint(w, "400: Bad Request")
			return
		}
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Home Assistant</title>")
	}, 400, "configuration.yaml", []string{"http:", "  use_x_forwarded_for: true", "  trusted_proxies:", "    - 127.0.0.1"}},
	"another": {func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-For") != "" {
			w.WriteHeader(403)
		}
	}, 403, "refuses X-Forwarded-For", []string{"127.0.0.1"}},
	"nextcloud": {func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Host, "127."):
		case r.URL.Path == "/status.php":
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error": "Trusted domain error.", "code": 15}`)
		default:
			w.WriteHeader(400)
		}
	}, 400, "Nextcloud does not know the name", []string{"'trusted_domains' => ['a.example'],", "'trusted_proxies' => ['127.0.0.1'],"}},
	"django": {func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "127.") {
			w.WriteHeader(400)
			fmt.Fprint(w, "<title>DisallowedHost at /</title>")
		}
	}, 400, "Django", []string{"ALLOWED_HOSTS = ['a.example']"}},
	"wordpress elsewhere": {func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Redirect-By", "WordPress")
		http.Redirect(w, r, "http://192.168.1.9:8080/", http.StatusMovedPermanently)
	}, 301, "the name that it has for itself", []string{"define('WP_HOME', 'http://a.example');", "define('WP_SITEURL', 'http://a.example');"}},
	"a large body": {func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/1.26.3")
		w.WriteHeader(413)
	}, 413, "no max_body of ours", []string{"client_max_body_size 1g;"}},
}

// TestMendsOnTheOtherSide: the lines to write there, with our own address.
func TestMendsOnTheOtherSide(t *testing.T) {
	for name, c := range there {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "[route.a]\nhost = \"a.example\"\nto = \"http://"+handler(t, c.answer)+"\"\n")
			if resp, _ := s.client().asks("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"); resp.StatusCode != c.status {
				t.Fatalf("%d", resp.StatusCode)
			}
			m := s.mendsOf(1)
			if len(m) != 1 || m[0].Acts() || !strings.Contains(m[0].Words, c.words) || strings.Join(m[0].There, "\n") != strings.Join(c.lines, "\n") {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestMendOfALoop: a WordPress behind TLS that does not see it.
func TestMendOfALoop(t *testing.T) {
	blind := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Redirect-By", "WordPress")
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	})
	s := newSite(t, "[route.a]\nhost = \"a.example\"\nto = \"http://"+blind+"\"\n")
	s.get("a.example", "/")
	d, _ := s.server.Records().Get(s.lastRow(1).ID)
	d.Row.TLS = true // as the same request over TLS leaves it
	m := s.server.Mends(t.Context(), d)
	if len(m) != 1 || !strings.Contains(strings.Join(m[0].There, "\n"), "HTTP_X_FORWARDED_PROTO") {
		t.Errorf("%+v", m)
	}
}

// TestMendOfATimeout: longer only where the upstream answers at all.
func TestMendOfATimeout(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(release) })
	text := "[defaults]\ntimeout = { dial = \"3s\", response_header = \"500ms\" }\n[route.a]\nhost = \"a\"\nto = \"" + slow.URL + "\"\n"
	s := newSite(t, text)
	s.get("a", "/slow")
	m := s.mendsOf(1)
	if len(m) != 1 || m[0].Edit == nil || s.lastRow(1).Cause != record.CauseHeaderTimeout {
		t.Fatalf("%+v", m)
	}
	if got := after(t, text, m[0]); !strings.Contains(got, `timeout = { dial = "3s", idle = "5m0s", response_header = "5s" }`) {
		t.Errorf("the file is\n%s", got)
	}
}
