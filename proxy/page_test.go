package proxy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// cache is a memcached to talk to.
type cache struct {
	t            testing.TB
	url          string // for a route
	network, at  string
	stop         func()
	connections  func() int // that were accepted in all; nil where nobody counts
	requestsSeen func() []string
}

// eachCache runs a test against a fake on TCP and the real thing on TCP and on
// a unix socket.
func eachCache(t *testing.T, test func(t *testing.T, c *cache)) {
	t.Run("fake", func(t *testing.T) { test(t, fakeCache(t)) })
	t.Run("memcached", func(t *testing.T) { test(t, realCache(t, freeAddr(t))) })
	t.Run("memcached on a socket", func(t *testing.T) { test(t, realCache(t, filepath.Join(t.TempDir(), "m.sock"))) })
}

// realCache starts a memcached. As root it must be told to stay so.
func realCache(t testing.TB, at string) *cache {
	t.Helper()
	c := &cache{t: t, network: "unix", at: at, url: "memcached+unix://" + at}
	args := []string{"-s", at, "-u", "root", "-m", "64", "-I", "8m"}
	if host, port, err := net.SplitHostPort(at); err == nil {
		c.network, c.url = "tcp", "memcached://"+at
		args = append([]string{"-l", host, "-p", port, "-U", "0"}, args[2:]...)
	}
	cmd := exec.Command(program(t, "memcached", "memcached"), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(c.stop)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial(c.network, at)
		if err == nil {
			conn.Close()
			return c
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// fakeCache is as much of a memcached as portico asks for.
func fakeCache(t testing.TB) *cache {
	var mu sync.Mutex
	values, asked, accepted := map[string]string{}, []string{}, 0
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve := func(c net.Conn) {
		defer c.Close()
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			words := strings.Fields(line)
			mu.Lock()
			asked = append(asked, strings.TrimSpace(line))
			switch {
			case len(words) == 5 && words[0] == "set":
				n, _ := strconv.Atoi(words[4])
				data := make([]byte, n+2)
				_, _ = io.ReadFull(r, data)
				values[words[1]] = "VALUE " + words[1] + " " + words[2] + " " + words[4] + "\r\n" + string(data)
				io.WriteString(c, "STORED\r\n")
			case len(words) == 2 && words[0] == "get":
				io.WriteString(c, values[words[1]]+"END\r\n")
			case len(words) == 1 && words[0] == "version":
				io.WriteString(c, "VERSION 0\r\n")
			default:
				io.WriteString(c, "ERROR\r\n")
			}
			mu.Unlock()
		}
	}
	var open []net.Conn
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			accepted++
			mu.Unlock()
			go serve(c)
		}
	}()
	stop := func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	}
	t.Cleanup(stop)
	return &cache{t: t, url: "memcached://" + l.Addr().String(), network: "tcp", at: l.Addr().String(), stop: stop,
		connections:  func() int { mu.Lock(); defer mu.Unlock(); return accepted },
		requestsSeen: func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), asked...) }}
}

// set stores a value.
func (c *cache) set(key string, flags int, value string) {
	c.t.Helper()
	conn, err := net.Dial(c.network, c.at)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "set %s %d 0 %d\r\n%s\r\n", key, flags, len(value), value)
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "STORED\r\n" {
		c.t.Fatalf("set %s: %q, %v", key, line, err)
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	w.Close()
	return b.String()
}

// pages is a route for all of a host that asks a cache.
func pages(c *cache, more string) string {
	return fmt.Sprintf("[route.pages]\nhost = [\"example.com\", \"*\"]\nto = %q\n%s", c.url, more)
}

func TestPages(t *testing.T) {
	eachCache(t, func(t *testing.T, c *cache) {
		large := strings.Repeat("0123456789abcdef", 400<<10/16)
		c.set("example.com/", 0, "<p>home")
		c.set("example.com/a.css?v=2", 0, "p{}")
		c.set("example.com/x.php", 0, "run")
		c.set("example.com/empty", 0, "")
		c.set("example.com/large.txt", 0, large)
		c.set("example.com/lines", 0, "\r\nEND\r\n")
		c.set("example.com/zip.html", 2, zipped("<p>zipped"))
		c.set("example.com/other-flag", 1, "plain")
		c.set("example.com/not-zipped", 2, "no gzip at all")
		c.set("example.com/cut-short", 2, zipped("cut short")[:20])
		c.set("example.com/"+strings.Repeat("k", 238), 0, "just fits") // 250 in all
		s := newSite(t, pages(c, ""))
		for _, test := range []struct {
			name, path, accept   string
			status               int
			body, kind, encoding string
			detail               string
		}{
			{"a page", "/", "", 200, "<p>home", "text/html; charset=utf-8", "", ""},
			{"a query and an extension", "/a.css?v=2", "", 200, "p{}", "text/css; charset=utf-8", "", ""},
			{"an extension of no page", "/x.php", "", 200, "run", "text/html; charset=utf-8", "", ""},
			{"an empty value", "/empty", "", 200, "", "text/html; charset=utf-8", "", ""},
			{"a large value", "/large.txt", "", 200, large, "text/plain; charset=utf-8", "", ""},
			{"a value like an end", "/lines", "", 200, "\r\nEND\r\n", "text/html; charset=utf-8", "", ""},
			{"gzip for who takes it", "/zip.html", "br, gzip", 200, zipped("<p>zipped"), "text/html; charset=utf-8", "gzip", ""},
			{"gzip for who does not", "/zip.html", "", 200, "<p>zipped", "text/html; charset=utf-8", "", ""},
			{"gzip refused", "/zip.html", "gzip;q=0", 200, "<p>zipped", "text/html; charset=utf-8", "", ""},
			{"another flag", "/other-flag", "gzip", 200, "plain", "text/html; charset=utf-8", "", ""},
			{"no gzip", "/not-zipped", "", 502, "", "", "", "the value is no gzip"},
			{"gzip cut short", "/cut-short", "", 502, "", "", "", "the value is no gzip"},
			{"a miss", "/none", "", 404, "", "", "", "miss example.com/none"},
			{"a key that fits", "/" + strings.Repeat("k", 238), "", 200, "just fits", "text/html; charset=utf-8", "", ""},
			{"a key too long", "/" + strings.Repeat("k", 239), "", 404, "", "", "", "the key has more than 250 bytes"},
		} {
			t.Run(test.name, func(t *testing.T) {
				s.settles() // what was asked before is recorded
				before := s.server.Records().Newest()
				req, _ := http.NewRequest("GET", "http://"+s.addr+test.path, nil)
				req.Host = "Example.com:80"
				if test.accept != "" {
					req.Header.Set("Accept-Encoding", test.accept)
				}
				resp, body := s.do(req)
				if resp.StatusCode != test.status {
					t.Fatalf("%d %q", resp.StatusCode, body)
				}
				row := s.lastRow(before + 1)
				if !strings.Contains(row.Detail, test.detail) || (row.Upstream == c.url) == strings.Contains(test.name, "too long") {
					t.Errorf("upstream %q, detail %q", row.Upstream, row.Detail)
				}
				if test.status != 200 {
					return
				}
				h := resp.Header
				if body != test.body || h.Get("Content-Type") != test.kind || h.Get("Content-Encoding") != test.encoding || h.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%.80q, %v", body, h)
				}
				if zip := strings.Contains(test.path, "zip"); zip != (h.Get("Vary") == "Accept-Encoding") {
					t.Errorf("Vary %q", h.Get("Vary"))
				}
				req.Method = "HEAD"
				head, _ := s.do(req)
				head.Header.Del("Date")
				resp.Header.Del("Date")
				if head.StatusCode != 200 || fmt.Sprint(head.Header) != fmt.Sprint(resp.Header) {
					t.Errorf("HEAD: %d %v, GET %v", head.StatusCode, head.Header, resp.Header)
				}
			})
		}
		req, _ := http.NewRequest("POST", "http://"+s.addr+"/", strings.NewReader("x"))
		if resp, _ := s.do(req); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST: %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
		}
	})
}

func TestPagesKey(t *testing.T) {
	c := fakeCache(t)
	s := newSite(t, fmt.Sprintf("[route.own]\nhost = \"own.test\"\nto = %q\nmemcached_key = \"my pages:{scheme}:{path}:{query}\"\n", c.url)+
		fmt.Sprintf("[route.under]\nhost = \"under.test\"\npath = \"/p/*\"\nto = %q\nstrip_prefix = \"/p\"\n", c.url)+
		fmt.Sprintf("[route.all]\nhost = \"all.test\"\nto = %q\n", c.url))
	for _, test := range []struct{ host, path, want string }{
		{"own.test", "/a%20b?x=1", "get my%20pages:http:/a%20b:x=1"},
		{"own.test", "/a%0d%0aflush_all", "get my%20pages:http:/a%0d%0aflush_all:"},
		{"under.test", "/p/a//b/../c?x", "get under.test/a/c?x"},
		{"all.test", "/as//it/../is%41", "get all.test/as//it/../is%41"},
		{"ALL.test", "/\xc3\xa4", "get all.test/\xc3\xa4"},
	} {
		s.raw("GET " + test.path + " HTTP/1.1\r\nHost: " + test.host + "\r\nConnection: close\r\n\r\n")
		seen := c.requestsSeen()
		if got := seen[len(seen)-1]; got != test.want {
			t.Errorf("%s%s: %q, want %q", test.host, test.path, got, test.want)
		}
		e, err := s.server.Explain(proxy.Request{URL: "http://" + test.host + test.path})
		if err != nil || e.URL != test.want || e.Upstream != c.url || e.Status != 0 {
			t.Errorf("explained: %+v, %v", e, err)
		}
	}
}

func TestPagesKeepTheConnection(t *testing.T) {
	c := fakeCache(t)
	c.set("a/", 0, strings.Repeat("page", 50_000))
	s := newSite(t, pages(c, ""))
	for i := range 6 {
		if _, body := s.get("a", []string{"/", "/none"}[i%2]); i%2 == 0 && len(body) != 200_000 {
			t.Fatalf("%d bytes", len(body))
		}
		s.lastRow(uint64(i) + 1) // recorded once the connection was given back
	}
	if n := c.connections(); n != 2 { // one of them set's
		t.Errorf("%d connections", n)
	}
}

func TestPagesFallBack(t *testing.T) {
	eachCache(t, func(t *testing.T, c *cache) {
		c.set("example.com/hit", 0, "from the cache")
		c.set("example.com/broken", 2, "no gzip")
		site := handler(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s for %s %q", r.Method, r.URL, r.Host, body)
		})
		s := newSite(t, pages(c, "fallback = \"site\"\nresponse_headers = { set = { X-From = \"pages\" } }\n")+
			fmt.Sprintf("[route.site]\nhost = \"site.test\"\nto = \"http://%s\"\nresponse_headers = { set = { X-From = \"site\" } }\n", site))
		ask := func(method, path, body string) (resp *http.Response, got string) {
			req, _ := http.NewRequest(method, "http://"+s.addr+path, strings.NewReader(body))
			req.Host = "example.com"
			return s.do(req)
		}
		n := uint64(0)
		check := func(method, path, sent, want, from, detail, upstream string) {
			t.Helper()
			resp, body := ask(method, path, sent)
			if n++; resp.StatusCode != 200 || body != want || resp.Header.Get("X-From") != from {
				t.Errorf("%s %s: %d %q from %q", method, path, resp.StatusCode, body, resp.Header.Get("X-From"))
			}
			row := s.lastRow(n)
			if row.Route != "pages" || row.Cause.String() != "" || row.Upstream != upstream || !strings.HasPrefix(row.Detail, detail) || row.Failed() {
				t.Errorf("%s %s: route %q, cause %q, detail %q, upstream %q", method, path, row.Route, row.Cause, row.Detail, row.Upstream)
			}
		}
		http1 := "http://" + site
		check("GET", "/hit", "", "from the cache", "pages", "", c.url)
		check("GET", "/miss?q", "", `GET /miss?q for example.com ""`, "site", "miss example.com/miss?q, answered by route site", http1)
		check("GET", "/broken", "", `GET /broken for example.com ""`, "site", "", http1)
		check("GET", "/body", "kept", `GET /body for example.com "kept"`, "site", "miss example.com/body, answered by route site", http1)
		check("POST", "/hit", "sent", `POST /hit for example.com "sent"`, "site", "not asked for POST, answered by route site", http1)
		check("GET", "/"+strings.Repeat("k", 250), "", "GET /"+strings.Repeat("k", 250)+` for example.com ""`, "site", "the key has more than 250 bytes, answered by route site", http1)
		c.stop()
		wrong := "refused "
		if c.network == "unix" {
			wrong = "" // the socket is refused, or not there
		}
		check("GET", "/hit", "", `GET /hit for example.com ""`, "site", wrong, http1)
		check("GET", "/hit", "again", `GET /hit for example.com "again"`, "site", wrong, http1)
	})
}

// TestPagesFallBackGuards: the other route's guards stand before it, and this
// one's before memcached.
func TestPagesFallBackGuards(t *testing.T) {
	c := fakeCache(t)
	c.set("a.test/hit", 0, "hit")
	c.set("b.test/hit", 0, "hit")
	const respond = "respond = { body = \"site\" }\n"
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"a.test\"\nto = %q\nfallback = \"closed\"\n", c.url)+
		"[route.closed]\nhost = \"closed.test\"\ndeny = \"127.0.0.1\"\n"+respond+
		fmt.Sprintf("[route.b]\nhost = \"b.test\"\nto = %q\ndeny = \"127.0.0.1\"\nfallback = \"open\"\n", c.url)+
		"[route.open]\nhost = \"open.test\"\n"+respond+
		fmt.Sprintf("[route.c]\nhost = \"c.test\"\nto = %q\nfallback = \"second\"\nmax_conns = 1\nmax_body = \"1KB\"\n", c.url)+
		fmt.Sprintf("[route.second]\nhost = \"second.test\"\nto = %q\nfallback = \"third\"\n", c.url)+
		"[route.third]\nhost = \"third.test\"\nmax_conns = 1\nmax_body = \"100B\"\nto = \"builtin://whoami\"\n"+
		fmt.Sprintf("[route.d]\nhost = \"d.test\"\nto = %q\nfallback = \"off\"\n", c.url)+
		"[route.off]\nhost = \"off.test\"\nenabled = false\n"+respond)
	for _, test := range []struct {
		host, path  string
		status      int
		body, rule  string
		detail      string
		explained   int
		fallsBackOn string
	}{
		{"a.test", "/hit", 200, "hit", "", "", 0, "closed"},
		{"a.test", "/miss", 403, "", "deny 127.0.0.1", "miss a.test/miss, answered by route closed", 0, "closed"},
		{"b.test", "/hit", 403, "", "deny 127.0.0.1", "", 403, ""},
		{"c.test", "/miss", 200, "", "", "miss c.test/miss, answered by route second: miss c.test/miss, answered by route third", 0, "second"},
		{"c.test", "/miss", 200, "", "", "", 0, "second"}, // max_conns was given back
		{"d.test", "/miss", 404, "", "", "miss d.test/miss", 0, ""},
	} {
		before := s.server.Records().Newest()
		resp, body := s.get(test.host, test.path)
		if resp.StatusCode != test.status || test.body != "" && body != test.body {
			t.Errorf("%s%s: %d %q", test.host, test.path, resp.StatusCode, body)
		}
		if row := s.lastRow(before + 1); row.Rule != test.rule || test.detail != "" && !strings.HasPrefix(row.Detail, test.detail) {
			t.Errorf("%s%s: rule %q, detail %q", test.host, test.path, row.Rule, row.Detail)
		}
		e, err := s.server.Explain(proxy.Request{URL: "http://" + test.host + test.path})
		if err != nil || e.Status != test.explained || e.Fallback != test.fallsBackOn {
			t.Errorf("%s%s explained: %+v, %v", test.host, test.path, e, err)
		}
	}
	// Both bounds on a body of no length hold.
	for size, want := range map[int]int{50: 200, 500: 413, 5000: 413} {
		req, _ := http.NewRequest("POST", "http://"+s.addr+"/", io.MultiReader(strings.NewReader(strings.Repeat("x", size))))
		req.Host = "c.test"
		before := s.server.Records().Newest()
		if resp, body := s.do(req); resp.StatusCode != want {
			t.Errorf("a body of %d: %d %q", size, resp.StatusCode, body)
		}
		s.lastRow(before + 1) // its place in max_conns is free again
	}
	e, err := s.server.Explain(proxy.Request{URL: "http://a.test/", Method: "POST"})
	if err != nil || e.Status != 403 || e.Fallback != "closed" {
		t.Errorf("POST explained: %+v, %v", e, err)
	}
}

// TestPagesHostile: a server that answers nonsense is a failure with a cause,
// and no connection of its is used again.
func TestPagesHostile(t *testing.T) {
	for _, test := range []struct{ name, says, cause, detail string }{
		{"an error", "SERVER_ERROR out of memory\r\n", "protocol", "SERVER_ERROR out of memory"},
		{"another key", "VALUE a/y 0 1\r\nx\r\nEND\r\n", "protocol", "another key"},
		{"10 GB", "VALUE a/x 0 10000000000\r\n", "protocol", "more than 1 GB"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "protocol", "SSH-2.0"},
		{"the end of the connection", "", "reset", "closed the connection before an answer"},
		{"half a line", "VALUE a/x 0", "reset", "closed the connection before an answer"},
		{"cut short", "VALUE a/x 0 100\r\nhalf", "reset", "closed the connection within the answer"},
		{"longer than it said", "VALUE a/x 0 4\r\nlonger\r\nEND\r\n", "protocol", "does not end as it said"},
		{"a zip that ends early", "VALUE a/x 2 10\r\n" + zipped("x")[:10] + "\r\nEND\r\n", "protocol", "no gzip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				if _, err := r.ReadString('\n'); err == nil {
					io.WriteString(c, test.says)
				}
			})
			s := newSite(t, fmt.Sprintf("[route.pages]\nhost = \"*\"\nto = \"memcached://%s\"\n", addr))
			c := s.dial()
			defer c.Close()
			io.WriteString(c, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(resp.Body)
			if resp.StatusCode != 502 && (resp.StatusCode != 200 || err == nil) {
				t.Errorf("%d looks complete", resp.StatusCode)
			}
			if row := s.lastRow(1); row.Cause.String() != test.cause || !strings.Contains(row.Detail, test.detail) {
				t.Errorf("cause %q, detail %q", row.Cause, row.Detail)
			}
		})
	}
}

// TestPagesSilentServer: a cache that does not answer must not keep a page back.
func TestPagesSilentServer(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	s := newSite(t, fmt.Sprintf("[route.pages]\nhost = \"*\"\nto = \"memcached://%s\"\nfallback = \"site\"\ntimeout = { response_header = \"50ms\" }\n", addr)+
		"[route.site]\nhost = \"site.test\"\nrespond = { body = \"site\" }\n")
	if resp, body := s.get("a", "/"); resp.StatusCode != 200 || body != "site" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if row := s.lastRow(1); row.Detail != addr+" did not answer in time, answered by route site" {
		t.Errorf("detail %q", row.Detail)
	}
}

// TestPagesBomb: a small value that says much is cut off.
func TestPagesBomb(t *testing.T) {
	c := fakeCache(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 70 {
		_, _ = w.Write(zeros)
	}
	w.Close()
	c.set("a/bomb", 2, bomb.String())
	s := newSite(t, pages(c, ""))
	conn := s.dial()
	defer conn.Close()
	io.WriteString(conn, "GET /bomb HTTP/1.1\r\nHost: a\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n > 64<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if row := s.lastRow(1); !strings.Contains(row.Detail, "more than 64 MB") {
		t.Errorf("cause %q, detail %q", row.Cause, row.Detail)
	}
}

// TestPagesHealth: the check speaks memcached.
func TestPagesHealth(t *testing.T) {
	eachCache(t, func(t *testing.T, c *cache) {
		s := newSite(t, pages(c, "health = { interval = \"100ms\", timeout = \"5s\", fall = 1, rise = 1 }\n"))
		state := func() proxy.State { return s.server.Status().Upstreams[0].State }
		for deadline := time.Now().Add(10 * time.Second); state() != proxy.StateOK; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("a memcached that is well is %s", state())
			}
		}
		c.stop()
		for deadline := time.Now().Add(10 * time.Second); state() != proxy.StateDown; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("one that is gone is not down")
			}
		}
	})
}
