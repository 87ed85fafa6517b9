package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// authority stands in for Authelia's ForwardAuth endpoint: a session by its
// cookie, or basic authentication; a browser without one is sent to the login
// page with where it wanted to go, a program gets 401, a user without the right
// 403.
type authority struct {
	addr  string
	asked chan *http.Request
	conns atomic.Int32
}

func newAuthority(t testing.TB) *authority {
	a := &authority{asked: make(chan *http.Request, 64)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.addr = l.Addr().String()
	server := &http.Server{Handler: a, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			a.conns.Add(1)
		}
	}}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return a
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case a.asked <- r.Clone(r.Context()):
	default:
	}
	h := r.Header
	user := ""
	if c, err := r.Cookie("authelia_session"); err == nil && c.Value != "expired" {
		user = c.Value
	}
	if name, password, ok := r.BasicAuth(); ok && password == "secret" {
		user = name
	}
	target := h.Get("X-Forwarded-Proto") + "://" + h.Get("X-Forwarded-Host") + h.Get("X-Forwarded-Uri")
	browser := strings.Contains(h.Get("Accept"), "text/html") && h.Get("X-Requested-With") != "XMLHttpRequest"
	switch {
	case user != "" && strings.HasPrefix(h.Get("X-Forwarded-Uri"), "/admin") && user != "admin":
		w.WriteHeader(403)
		io.WriteString(w, "403 Forbidden")
	case user != "":
		h := w.Header()
		h.Set("Remote-User", user)
		h["Remote-Groups"] = []string{"family", "dev"}
		h.Set("Remote-Email", user+"@example.com")
		h.Set("X-Other", "not copied")
	case browser:
		http.SetCookie(w, &http.Cookie{Name: "authelia_session", Value: "new", Path: "/", HttpOnly: true})
		w.Header().Add("Set-Cookie", "second=1")
		w.Header().Set("Location", "https://auth.example.com/?rd="+url.QueryEscape(target)+"&rm="+h.Get("X-Forwarded-Method"))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(302)
		io.WriteString(w, "<a href=login>302 Found</a>")
	default:
		w.Header().Set("WWW-Authenticate", `Basic realm="Authorization Required"`)
		w.WriteHeader(401)
		io.WriteString(w, "401 Unauthorized")
	}
}

func askedBy(auth, upstream string) string {
	return "[route.app]\nhost = \"*\"\nto = \"http://" + upstream + "\"\nhost_header = \"upstream\"\n" +
		"forward_auth = { to = \"http://" + auth + "/api/authz/forward-auth?x=1\", copy = [\"Remote-User\", \"Remote-Groups\", \"Remote-Email\", \"Remote-Name\"] }\n"
}

func TestForwardAuth(t *testing.T) {
	auth := newAuthority(t)
	s := newSite(t, askedBy(auth.addr, mirror(t)))
	for _, test := range []struct {
		name, request string
		status        int
		got           string // what the upstream got, or the client
	}{
		{"a session", "GET /x?y HTTP/1.1\r\nHost: a.example\r\nCookie: authelia_session=ann\r\n\r\n", 200,
			"Remote-Email: ann@example.com\r\nRemote-Groups: family\r\nRemote-Groups: dev\r\nRemote-User: ann\r\n"},
		{"basic", "GET /x HTTP/1.1\r\nHost: a.example\r\n" + "Authorization: " + basicly("bob", "secret") + "\r\n\r\n", 200, "Remote-User: bob\r\n"},
		{"a browser", "GET /x?y=1&z HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\n\r\n", 302, "<a href=login>302 Found</a>"},
		{"a browser that posts", "POST /x HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\nContent-Length: 3\r\n\r\nabc", 302, "<a href=login>302 Found</a>"},
		{"a script in a browser", "GET /x HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\nX-Requested-With: XMLHttpRequest\r\n\r\n", 401, "401 Unauthorized"},
		{"a program", "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n", 401, "401 Unauthorized"},
		{"without the right", "GET /admin HTTP/1.1\r\nHost: a.example\r\nCookie: authelia_session=ann\r\n\r\n", 403, "403 Forbidden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := s.server.Records().Newest()
			c := s.client()
			for range 2 { // a refusal keeps the connection
				resp, body := c.asks(test.request)
				if resp.StatusCode != test.status || !strings.Contains(body, test.got) {
					t.Errorf("%d %q", resp.StatusCode, body)
				}
				if strings.Contains(body, "X-Other") {
					t.Errorf("what was not to be copied was:\n%s", body)
				}
				switch resp.StatusCode {
				case 302:
					cookies := fmt.Sprint(resp.Header["Set-Cookie"])
					if cookies != "[authelia_session=new; Path=/; HttpOnly second=1]" || !strings.HasPrefix(resp.Header.Get("Location"), "https://auth.example.com/?rd=http%3A%2F%2Fa.example%2Fx") {
						t.Errorf("%v, to %s", cookies, resp.Header.Get("Location"))
					}
				case 401:
					if resp.Header.Get("WWW-Authenticate") != `Basic realm="Authorization Required"` {
						t.Errorf("headers %v", resp.Header)
					}
				}
			}
			row := s.lastRow(n + 2)
			if refused := row.Rule == "forward_auth"; refused != (test.status != 200) || int(row.Status) != test.status || row.Client.String() != "127.0.0.1" {
				t.Errorf("recorded: rule %q, status %d, detail %q", row.Rule, row.Status, row.Detail)
			}
		})
	}
	if n := auth.conns.Load(); n > 2 {
		t.Errorf("%d connections for fourteen questions: they are not kept", n)
	}
}

func TestForwardAuthIsTold(t *testing.T) {
	auth := newAuthority(t)
	s := newSite(t, "")
	s.behind(askedBy(auth.addr, mirror(t)))
	c := s.client()
	c.asks("PUT /a/../x%41?q=%20 HTTP/1.1\r\nHost: a.example:8080\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: text/html\r\nUser-Agent: test\r\n" +
		"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.example\r\nX-Forwarded-Uri: /public\r\nX-Forwarded-Method: GET\r\n" +
		"X-Original-URL: /public\r\nX-Secret: 1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nab")
	r := <-auth.asked
	if r.Method != "GET" || r.URL.String() != "/api/authz/forward-auth?x=1" || r.Host != auth.addr || r.ContentLength != 0 {
		t.Errorf("%s %s of %s, %d bytes", r.Method, r.URL, r.Host, r.ContentLength)
	}
	want := http.Header{
		"X-Forwarded-Method": {"PUT"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example:8080"},
		"X-Forwarded-Uri": {"/xA?q=%20"}, "X-Forwarded-For": {"192.0.2.7"},
		"Cookie": {"a=1", "b=2"}, "Accept": {"text/html"}, "User-Agent": {"test"},
	}
	if fmt.Sprint(r.Header) != fmt.Sprint(want) {
		t.Errorf("fields %v\nwant %v", r.Header, want)
	}
}

// TestForwardAuthCannotBeForged: who asks is said by the other server alone, in
// whatever spelling a client tries.
func TestForwardAuthCannotBeForged(t *testing.T) {
	auth := newAuthority(t)
	s := newSite(t, askedBy(auth.addr, mirror(t)))
	_, body := s.client().asks("GET /x HTTP/1.1\r\nHost: a\r\nCookie: authelia_session=ann\r\nRemote-User: admin\r\nremote-user: admin\r\n" +
		"Remote_User: admin\r\nREMOTE-GROUPS: admins\r\nRemote-Name: Admin\r\nRemote_Name: Admin\r\n\r\n")
	if strings.Contains(strings.ToLower(body), "admin") || strings.Count(body, "Remote-User: ann\r\n") != 1 {
		t.Errorf("the upstream got:\n%s", body)
	}
	for request, status := range map[string]int{
		"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: " + basicly("bob", "secret") + "\r\nAuthorization: " + basicly("admin", "guess") + "\r\n\r\n": 400,
		"GET /public/..%2fadmin HTTP/1.1\r\nHost: a\r\nCookie: authelia_session=ann\r\n\r\n":                                                        400,
		"GET /public/%2e%2e/admin HTTP/1.1\r\nHost: a\r\nCookie: authelia_session=ann\r\n\r\n":                                                      403,
		"GET //admin HTTP/1.1\r\nHost: a\r\nCookie: authelia_session=ann\r\n\r\n":                                                                   403,
	} {
		if resp, body := s.client().asks(request); resp.StatusCode != status {
			t.Errorf("%.40q: %d, want %d\n%s", request, resp.StatusCode, status, body)
		}
	}
}

func TestForwardAuthForgedTrailer(t *testing.T) {
	auth := newAuthority(t)
	trailers := make(chan http.Header, 1)
	upstream := handler(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		trailers <- r.Trailer
	})
	s := newSite(t, askedBy(auth.addr, upstream))
	s.client().asks("POST /x HTTP/1.1\r\nHost: a\r\nCookie: authelia_session=ann\r\nTransfer-Encoding: chunked\r\nTrailer: Remote-User, X-Sum\r\n\r\n" +
		"1\r\na\r\n0\r\nRemote-User: admin\r\nRemote_Groups: admins\r\nX-Sum: 1\r\n\r\n")
	got := <-trailers
	for name, values := range got {
		if name != "X-Sum" && len(values) > 0 {
			t.Errorf("trailer %s: %q", name, values)
		}
	}
	if got.Get("X-Sum") != "1" {
		t.Errorf("trailers %v", got)
	}
}

// TestForwardAuthHostile: whatever it answers that is no plain yes or no, or
// nothing at all, nobody comes in.
func TestForwardAuthHostile(t *testing.T) {
	reached := handler(t, func(http.ResponseWriter, *http.Request) { t.Error("the upstream was reached") })
	for name, answer := range map[string]string{
		"an error":                "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
		"a status beyond":         "HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n",
		"a switch nobody asked":   "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
		"no HTTP":                 "SSH-2.0-OpenSSH\r\n",
		"nothing":                 "",
		"half a head":             "HTTP/1.1 200 OK\r\nRemote-User: admin\r\n",
		"two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
		"a body cut short":        "HTTP/1.1 200 OK\r\nRemote-User: admin\r\nContent-Length: 9\r\n\r\nabc",
		"a broken chunk":          "HTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"a line end in a field":   "HTTP/1.1 200 OK\r\nRemote-User: a\rX: b\r\nContent-Length: 0\r\n\r\n",
		"a huge body":             "HTTP/1.1 403 Forbidden\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000),
		"a huge head":             "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 40_000) + "\r\nContent-Length: 0\r\n\r\n",
		"a flood of interim ones": strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				if _, err := readHead(r); err == nil {
					io.WriteString(c, answer)
				}
			})
			s := newSite(t, askedBy(addr, reached))
			c := s.client()
			for range 2 {
				if resp, body := c.asks("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 503 || strings.Contains(body, addr) || len(resp.Header["Location"]) > 0 {
					t.Errorf("%d %v %q", resp.StatusCode, resp.Header, body)
				}
			}
			if row := s.lastRow(2); row.Rule != "forward_auth" || row.Detail == "" {
				t.Errorf("recorded: rule %q, detail %q, cause %q", row.Rule, row.Detail, row.Cause)
			}
		})
	}
}

func TestForwardAuthIsAway(t *testing.T) {
	s := newSite(t, askedBy("127.0.0.1:1", mirror(t)))
	if resp, _ := s.client().asks("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 503 {
		t.Errorf("%d", resp.StatusCode)
	}
	if row := s.lastRow(1); row.Rule != "forward_auth" || row.Cause != record.CauseRefused || row.Detail != "refused 127.0.0.1:1" {
		t.Errorf("recorded: rule %q, cause %q, detail %q", row.Rule, row.Cause, row.Detail)
	}
	e, _ := s.server.Explain(proxy.Request{URL: "http://a/", From: netip.MustParseAddr("192.0.2.1")})
	if want := "asks http://127.0.0.1:1, which failed last: refused 127.0.0.1:1"; len(e.Guards) != 1 || e.Guards[0].Verdict != "ask" || e.Guards[0].Why != want {
		t.Errorf("explained: %+v", e.Guards)
	}
}

// TestForwardAuthHasFiveSeconds: also where a byte comes now and then.
func TestForwardAuthHasFiveSeconds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ begin, drip string }{
		"silence":     {"", ""},
		"a slow head": {"HTTP/1.1 200 OK\r\n", strings.Repeat("X: y\r\n", 50)},
		"a slow body": {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", strings.Repeat("x", 100)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				if _, err := readHead(r); err != nil {
					return
				}
				io.WriteString(c, test.begin)
				for i := range test.drip {
					time.Sleep(100 * time.Millisecond)
					if _, err := io.WriteString(c, test.drip[i:i+1]); err != nil {
						return
					}
				}
				_, _ = r.ReadByte()
			})
			s := newSite(t, askedBy(addr, mirror(t)))
			began := time.Now()
			if resp, _ := s.client().asks("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 503 {
				t.Errorf("%d", resp.StatusCode)
			}
			if took := time.Since(began); took < 4*time.Second {
				t.Errorf("after %v", took)
			}
			if row := s.lastRow(1); row.Cause != record.CauseHeaderTimeout {
				t.Errorf("cause %q, detail %q", row.Cause, row.Detail)
			}
		})
	}
}

// TestForwardAuthStaleConnection: a kept connection that the other server closed
// meanwhile costs no visitor an answer.
func TestForwardAuthStaleConnection(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) { // one answer a connection, though it says nothing of it
		if _, err := readHead(r); err == nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	s := newSite(t, askedBy(addr, mirror(t)))
	c := s.client()
	for range 20 {
		if resp, _ := c.asks("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); resp.StatusCode != 200 {
			t.Fatalf("%d", resp.StatusCode)
		}
	}
}

// TestForwardAuthClientLeaves: the question ends with the one who asked.
func TestForwardAuthClientLeaves(t *testing.T) {
	left := make(chan struct{})
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err == nil {
			_, _ = r.ReadByte()
			close(left)
		}
	})
	s := newSite(t, askedBy(addr, mirror(t)))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(50 * time.Millisecond)
	c.Close()
	select {
	case <-left:
	case <-time.After(4 * time.Second):
		t.Error("the other server is still asked")
	}
	if row := s.lastRow(1); row.Cause != record.CauseClientGone || !row.Aborted {
		t.Errorf("cause %q, aborted %v", row.Cause, row.Aborted)
	}
}

func TestForwardAuthCannotCopyWhatIsOurs(t *testing.T) {
	s := newSite(t, "")
	for _, name := range []string{"X-Forwarded-For", "x-real-ip", "X_Forwarded_Proto", "X-Request-ID"} {
		c := mustParse(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200 }\nforward_auth = { to = \"http://a\", copy = [\""+name+"\"] }\n")
		if _, err := s.server.Prepare(c); err == nil || !strings.Contains(err.Error(), "route.a: forward_auth.copy: "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
