package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// named is an upstream that answers with its name.
func named(t testing.TB, name string) string {
	t.Helper()
	return handler(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) })
}

// tallied counts the answers to n requests.
func tallied(s *site, n int) map[string]int {
	counts := map[string]int{}
	for range n {
		_, body := s.get("a", "/")
		counts[body]++
	}
	return counts
}

// TestWeightsAndBackup: the shares are exact, and a backup is asked only where
// no other is left.
func TestWeightsAndBackup(t *testing.T) {
	a, stop := stoppable(t, "a")
	s := newSite(t, fmt.Sprintf(`[route.a]
host = "*"
to = [{ url = "http://%s", weight = 3 }, "http://%s", { url = "http://%s", backup = true }]
host_header = "upstream"
max_fails = 1
fail_timeout = "1h"
`, a, named(t, "b"), named(t, "backup")))
	if got := fmt.Sprint(tallied(s, 8)); got != "map[a:6 b:2]" {
		t.Errorf("%s", got)
	}
	stop()
	if got := fmt.Sprint(tallied(s, 4)); got != "map[b:4]" {
		t.Errorf("without a: %s", got)
	}
}

func TestOnlyBackupIsLeft(t *testing.T) {
	s := newSite(t, fmt.Sprintf(`[route.a]
host = "*"
to = ["http://%s", { url = "http://%s", backup = true }]
host_header = "upstream"
`, freeAddr(t), named(t, "backup")))
	if got := fmt.Sprint(tallied(s, 3)); got != "map[backup:3]" {
		t.Errorf("%s", got)
	}
}

// stoppable is named with a way to end it.
func stoppable(t testing.TB, name string) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String(), func() { server.Close() }
}

// TestStickyCookie: the cookie keeps a client where it is, is set once, and anew
// where its upstream is gone.
func TestStickyCookie(t *testing.T) {
	a, stopA := stoppable(t, "a")
	b, stopB := stoppable(t, "b")
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"*\"\npath = \"/app/*\"\nstrip_prefix = \"/app\"\nto = [\"http://%s\", \"http://%s\"]\nbalance = \"cookie\"\nhost_header = \"upstream\"\n", a, b))
	ask := func(cookie string) (set, body string) {
		req, _ := http.NewRequest("GET", "http://"+s.addr+"/app/", nil)
		if cookie != "" {
			req.Header.Set("Cookie", "theme=dark; "+cookie)
		}
		resp, body := s.do(req)
		if all := resp.Header.Values("Set-Cookie"); len(all) > 1 {
			t.Errorf("several cookies: %q", all)
		}
		return resp.Header.Get("Set-Cookie"), body
	}
	set, first := ask("")
	cookie, attributes, _ := strings.Cut(set, "; ")
	if attributes != "Path=/app/; HttpOnly; SameSite=Lax" || !strings.HasPrefix(cookie, "portico_") || strings.Contains(cookie, "127") {
		t.Fatalf("%q", set)
	}
	for range 4 {
		if set, body := ask(cookie); set != "" || body != first {
			t.Fatalf("with the cookie: %q, %q after %q", set, body, first)
		}
	}
	map[string]func(){"a": stopA, "b": stopB}[first]()
	set, other := ask(cookie)
	if other == first || set == "" || strings.HasPrefix(set, cookie) {
		t.Errorf("after its end: %q, %q", set, other)
	}
	if set, _ := ask(strings.Split(cookie, "=")[0] + "=nonsense"); set == "" {
		t.Error("a stale cookie is not set anew")
	}
}

// TestIPHashFrontDoor: clients behind a trusted proxy are told apart.
func TestIPHashFrontDoor(t *testing.T) {
	s := newSite(t, "")
	s.apply(fmt.Sprintf("[server]\nhttp = %q\ntrusted_proxies = \"127.0.0.1\"\n[route.a]\nhost = \"*\"\nto = [\"http://%s\", \"http://%s\"]\nbalance = \"ip_hash\"\nhost_header = \"upstream\"\n",
		s.addr, named(t, "a"), named(t, "b")))
	seen := map[string]bool{}
	for n := range 20 {
		own := map[string]bool{}
		for range 3 {
			req, _ := http.NewRequest("GET", "http://"+s.addr+"/", nil)
			req.Header.Set("X-Forwarded-For", fmt.Sprint("203.0.113.", n))
			_, body := s.do(req)
			own[body], seen[body] = true, true
		}
		if len(own) != 1 {
			t.Errorf("client %d was sent to both", n)
		}
	}
	if len(seen) != 2 {
		t.Error("all clients share one upstream")
	}
}

func (s *site) await(what string, ready func(proxy.Status) bool) proxy.Status {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		st := s.server.Status()
		if ready(st) {
			return st
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: never happened: %+v", what, st.Upstreams)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestHealthPath: an upstream whose page says that it is unwell gets no
// requests, though it answers; an edit beside it keeps what is known; a route
// that is switched off asks nobody.
func TestHealthPath(t *testing.T) {
	var well atomic.Bool
	var checks atomic.Int32
	well.Store(true)
	a := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			io.WriteString(w, "a")
			return
		}
		if checks.Add(1); !well.Load() {
			w.WriteHeader(503)
		}
		if r.Host != r.Context().Value(http.LocalAddrContextKey).(net.Addr).String() {
			t.Errorf("the check names %q", r.Host)
		}
	})
	route := fmt.Sprintf("[route.a]\nhost = \"*\"\nto = [\"http://%s\", \"http://%s\"]\nhost_header = \"upstream\"\nhealth = { path = \"/healthz\", interval = \"100ms\", fall = 2, rise = 2 }\n", a, named(t, "b"))
	s := newSite(t, route)
	aState := func(st proxy.Status) *proxy.UpstreamStatus {
		for i := range st.Upstreams {
			if st.Upstreams[i].URL == "http://"+a {
				return &st.Upstreams[i]
			}
		}
		return nil
	}
	s.await("a first check", func(st proxy.Status) bool { return aState(st).State == proxy.StateOK })
	well.Store(false)
	st := s.await("two failures", func(st proxy.Status) bool { return aState(st).State == proxy.StateDown })
	if u := aState(st); u.Reason != "check: /healthz answers 503 Service Unavailable" || len(u.Changes) != 1 {
		t.Errorf("%+v", u)
	}
	if got := fmt.Sprint(tallied(s, 4)); got != "map[b:4]" {
		t.Errorf("while a is unwell: %s", got)
	}
	s.apply(route + "[route.other]\nhost = \"other\"\nrespond = { status = 200 }\n")
	if u := aState(s.server.Status()); u.State != proxy.StateDown || len(u.Changes) != 1 {
		t.Errorf("after an edit elsewhere: %+v", u)
	}
	well.Store(true)
	s.await("two successes", func(st proxy.Status) bool { return aState(st).State == proxy.StateOK })

	s.apply(strings.Replace(route, "[route.a]", "[route.a]\nenabled = false", 1))
	n := checks.Load()
	time.Sleep(300 * time.Millisecond)
	if checks.Load() != n {
		t.Error("a route that is switched off has its upstreams checked")
	}
	s.apply(route)
	s.await("checks again", func(proxy.Status) bool { return checks.Load() > n })
}

// TestLastOneStanding: with every upstream down requests still go to one.
func TestLastOneStanding(t *testing.T) {
	a := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			w.WriteHeader(500)
		}
	})
	s := newSite(t, routeTo("a", a)+"health = { path = \"/healthz\", interval = \"100ms\", fall = 1 }\n")
	s.await("it is down", func(st proxy.Status) bool { return st.Upstreams[0].State == proxy.StateDown })
	if resp, _ := s.get("a", "/"); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// TestHealthOfHostiles: whatever a checked server does, the check ends in time
// and says what it was.
func TestHealthOfHostiles(t *testing.T) {
	for name, c := range map[string]struct {
		serve  func(c net.Conn, r *bufio.Reader)
		reason string
	}{
		"silence":      {func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }, "did not answer in time"},
		"an end":       {func(c net.Conn, r *bufio.Reader) { readHead(r) }, "closed the connection before an answer"},
		"nonsense":     {func(c net.Conn, r *bufio.Reader) { readHead(r); io.WriteString(c, "hello\r\n") }, "no HTTP status line"},
		"another code": {func(c net.Conn, r *bufio.Reader) { readHead(r); io.WriteString(c, fine) }, "/well answers 200 OK"},
		"an endless body": {func(c net.Conn, r *bufio.Reader) {
			readHead(r)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			for {
				if _, err := io.WriteString(c, strings.Repeat("x", 10_000)); err != nil {
					return
				}
			}
		}, "/well answers 200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, routeTo("a", origin(t, c.serve))+"health = { path = \"/well\", interval = \"100ms\", timeout = \"200ms\", fall = 2, expect = 204 }\n")
			st := s.await("down", func(st proxy.Status) bool { return st.Upstreams[0].State == proxy.StateDown })
			if r := st.Upstreams[0].Reason; !strings.Contains(r, c.reason) {
				t.Errorf("%q, want %q", r, c.reason)
			}
		})
	}
}
