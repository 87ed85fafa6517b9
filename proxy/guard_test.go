package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// behindProxy runs routes where X-Forwarded-For says who asks.
func behindProxy(t testing.TB, routes string) *site {
	s := newSite(t, "")
	s.behind(routes)
	return s
}

// behind puts other routes in force, the client's own word on its address taken.
func (s *site) behind(routes string) {
	s.apply("[server]\nhttp = \"" + s.addr + "\"\ntrusted_proxies = \"127.0.0.1\"\n" + routes)
}

// asks sends a request over c and returns the answer.
func (c *client) asks(request string) (*http.Response, string) {
	c.t.Helper()
	c.send(request)
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("%.60q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%.60q: body: %v", request, err)
	}
	return resp, string(body)
}

// from is a GET by a client behind the trusted proxy.
func from(client, host, path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-For: " + client + "\r\n\r\n"
}

// wantRefusal compares the newest record of n with what a refusal must leave.
func (s *site) wantRefusal(n uint64, rule, client string, source record.Source) {
	s.t.Helper()
	row := s.lastRow(n)
	if row.Rule != rule || row.Client.String() != client || row.Source != source {
		s.t.Errorf("recorded: rule %q, client %s from %s; want %q, %s from %s", row.Rule, row.Client, row.Source, rule, client, source)
	}
}

func TestAddressGuards(t *testing.T) {
	s := behindProxy(t, `
[networks]
vpn = ["10.8.0.0/24", "2001:db8:1::/48"]
[route.app]
host = "*"
respond = { status = 200 }
allow = ["vpn", "192.0.2.7"]
deny = ["10.8.0.66"]
`)
	c := s.client()
	for i, test := range []struct {
		client, rule string
		status       int
	}{
		{"10.8.0.5", "", 200},
		{"::ffff:10.8.0.5", "", 200},
		{"2001:db8:1::9", "", 200},
		{"192.0.2.7", "", 200},
		{"192.0.2.8", "allow", 403},
		{"2001:db8:2::9", "allow", 403},
		{"10.8.0.66", "deny 10.8.0.66", 403},
		{"192.0.2.8, 10.8.0.5", "", 200},
		{"10.8.0.5, 192.0.2.8", "allow", 403},
		{"10.8.0.5, nonsense", "allow", 403}, // the last good one is the proxy itself
	} {
		resp, _ := c.asks(from(test.client, "a", "/")) // one connection: refusals keep it
		if resp.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", test.client, resp.StatusCode, test.status)
		}
		if row := s.lastRow(uint64(i + 1)); row.Rule != test.rule {
			t.Errorf("%s: rule %q, want %q", test.client, row.Rule, test.rule)
		}
	}
}

func TestMaintenance(t *testing.T) {
	s := behindProxy(t, `
[route.app]
host = "*"
respond = { status = 200, body = "in" }
maintenance = { on = true, message = "Back at <18:00> & \"later\"", allow = ["10.0.0.0/8"], retry_after = "90s" }
[route.off]
host = "off.example"
respond = { status = 200 }
maintenance = { on = false, message = "never" }
[route.bare]
host = "bare.example"
respond = { status = 200 }
maintenance = { on = true }
`)
	c := s.client()
	resp, body := c.asks(from("192.0.2.1", "a", "/"))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "90" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%d, headers %v", resp.StatusCode, resp.Header)
	}
	if !strings.Contains(body, "Back at &lt;18:00&gt; &amp; &#34;later&#34;") || strings.Contains(body, "<18") {
		t.Errorf("the page:\n%s", body)
	}
	s.wantRefusal(1, "maintenance", "192.0.2.1", record.FromForwardedFor)
	if resp, body = c.asks(from("10.1.2.3", "a", "/")); resp.StatusCode != 200 || body != "in" {
		t.Errorf("allowed: %d %q", resp.StatusCode, body)
	}
	if resp, _ = c.asks(from("192.0.2.1", "off.example", "/")); resp.StatusCode != 200 {
		t.Errorf("off: %d", resp.StatusCode)
	}
	if resp, body = c.asks(from("127.0.0.1", "bare.example", "/")); resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "" {
		t.Errorf("bare: %d, headers %v", resp.StatusCode, resp.Header)
	}
	if strings.Contains(body, "{") && strings.Contains(body, "message}") {
		t.Errorf("the page was not filled in:\n%s", body)
	}
}

const limited = `
[route.app]
host = "*"
respond = { status = 200 }
rate_limit = { rate = "1/h", burst = 3 }
`

func TestRateLimit(t *testing.T) {
	s := behindProxy(t, limited)
	c := s.client()
	for i := range 3 {
		if resp, _ := c.asks(from("192.0.2.1", "a", "/")); resp.StatusCode != 200 {
			t.Fatalf("request %d: %d", i, resp.StatusCode)
		}
	}
	resp, _ := c.asks(from("192.0.2.1", "a", "/"))
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") < "3590" || resp.Header.Get("Retry-After") > "3600" {
		t.Errorf("%d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	s.wantRefusal(4, "rate_limit", "192.0.2.1", record.FromForwardedFor)
	if resp, _ := c.asks(from("192.0.2.2", "a", "/")); resp.StatusCode != 200 {
		t.Errorf("another client: %d", resp.StatusCode)
	}
	s.behind(limited + "[route.other]\nhost = \"b\"\nrespond = { status = 200 }\n")
	if resp, _ := c.asks(from("192.0.2.1", "a", "/")); resp.StatusCode != 429 {
		t.Errorf("after an edit elsewhere: %d", resp.StatusCode)
	}
	s.behind(strings.Replace(limited, "burst = 3", "burst = 4", 1))
	if resp, _ := c.asks(from("192.0.2.1", "a", "/")); resp.StatusCode != 200 {
		t.Errorf("after an edit of the limit: %d", resp.StatusCode)
	}
}

func TestRateLimitCountsANetworkOfIPv6(t *testing.T) {
	s := behindProxy(t, limited)
	c := s.client()
	for i := range 5 {
		want := 200
		if i >= 3 {
			want = 429
		}
		if resp, _ := c.asks(from(fmt.Sprintf("2001:db8::%x", i+1), "a", "/")); resp.StatusCode != want {
			t.Errorf("address %d of one /64: %d, want %d", i, resp.StatusCode, want)
		}
	}
	if resp, _ := c.asks(from("2001:db8:0:1::1", "a", "/")); resp.StatusCode != 200 {
		t.Errorf("the next /64: %d", resp.StatusCode)
	}
}

// hanging is an upstream that answers once it is let go.
func hanging(t testing.TB) (addr string, asked <-chan struct{}, letGo chan<- struct{}) {
	in, out := make(chan struct{}, 16), make(chan struct{})
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			if _, err := readHead(r); err != nil {
				return
			}
			in <- struct{}{}
			if _, ok := <-out; !ok {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	}), in, out
}

// eventually asks until the status is as wanted.
func (c *client) eventually(status int, request string) {
	c.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		resp, _ := c.asks(request)
		if resp.StatusCode == status {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%.40q: still %d, want %d", request, resp.StatusCode, status)
		}
	}
}

func TestMaxConns(t *testing.T) {
	addr, asked, letGo := hanging(t)
	routes := "[route.slow]\nhost = \"*\"\npath = \"/slow\"\nto = \"http://" + addr + "\"\nhost_header = \"upstream\"\nmax_conns = 2\n"
	s := behindProxy(t, routes)
	one, two, three, other := s.client(), s.client(), s.client(), s.client()
	one.send(from("192.0.2.1", "a", "/slow"))
	<-asked
	two.send(from("192.0.2.1", "a", "/slow"))
	<-asked
	if resp, _ := three.asks(from("192.0.2.1", "a", "/slow")); resp.StatusCode != 429 {
		t.Errorf("the third: %d", resp.StatusCode)
	}
	s.wantRefusal(1, "max_conns", "192.0.2.1", record.FromForwardedFor)
	other.send(from("192.0.2.2", "a", "/slow"))
	<-asked // another client may
	s.behind(routes + "[route.new]\nhost = \"b\"\nrespond = { status = 200 }\n")
	if resp, _ := three.asks(from("192.0.2.1", "a", "/slow")); resp.StatusCode != 429 {
		t.Errorf("after an edit elsewhere the third: %d", resp.StatusCode)
	}
	for range 3 {
		letGo <- struct{}{}
	}
	for _, c := range []*client{one, two, other} {
		if resp, err := http.ReadResponse(c.r, nil); err != nil || resp.StatusCode != 200 {
			t.Errorf("%v, %v", resp, err)
		}
	}
	close(letGo)
	three.eventually(502, from("192.0.2.1", "a", "/slow")) // 502: it was sent on
}

// TestMaxConnsIsGivenBack: whatever way a request ends.
func TestMaxConnsIsGivenBack(t *testing.T) {
	upgrading := origin(t, func(c net.Conn, r *bufio.Reader) {
		if head, err := readHead(r); err == nil && strings.Contains(head, "Upgrade:") {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			io.Copy(c, r)
		}
	})
	routes := "[route.up]\nhost = \"up\"\nto = \"http://" + upgrading + "\"\nmax_conns = 1\n" +
		"[route.dead]\nhost = \"dead\"\nto = \"http://127.0.0.1:1\"\nmax_conns = 1\n" +
		"[route.plain]\nhost = \"plain\"\npath = \"/x/*\"\nto = \"builtin://whoami\"\nmax_conns = 1\nmax_body = \"1B\"\n"
	s := behindProxy(t, routes)
	explain := func(host string) string {
		e, err := s.server.Explain(proxy.Request{URL: "http://" + host + "/x/", From: netip.MustParseAddr("192.0.2.1")})
		if err != nil {
			t.Fatal(err)
		}
		return e.Guards[0].Why
	}
	const nobody, somebody = "0 of 1 under way for 192.0.2.1", "1 of 1 under way for 192.0.2.1"
	until := func(host, want string) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); explain(host) != want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %q, want %q", host, explain(host), want)
			}
		}
	}

	c := s.client()
	c.send("GET /x/ HTTP/1.1\r\nHost: up\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101") {
		t.Fatalf("%q", head)
	}
	until("up", somebody)
	c.Close()
	until("up", nobody)

	c = s.client()
	c.eventually(502, from("192.0.2.1", "dead", "/x/"))
	until("dead", nobody)

	c = s.client()
	c.eventually(200, from("192.0.2.1", "plain", "/x/"))
	until("plain", nobody)
	c.eventually(308, from("192.0.2.1", "plain", "/x"))
	until("plain", nobody)
	c.eventually(413, "POST /x/ HTTP/1.1\r\nHost: plain\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 2\r\n\r\nab")
	until("plain", nobody)

	c = s.client()
	c.send("POST /x/ HTTP/1.1\r\nHost: plain\r\nX-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n\r\n")
	until("plain", somebody)
	c.Close() // within its body
	until("plain", nobody)
}

func TestMaxBody(t *testing.T) {
	var reached = make(chan string, 16)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			reached <- "cut"
			return
		}
		reached <- string(body)
	})
	s := newSite(t, "[route.app]\nhost = \"*\"\nto = \"http://"+addr+"\"\nhost_header = \"upstream\"\nmax_body = \"5B\"\n"+
		"[route.who]\nhost = \"who\"\nto = \"builtin://whoami\"\nmax_body = \"5B\"\n")
	const chunked = "Transfer-Encoding: chunked\r\n\r\n"
	for _, test := range []struct {
		name, rest, got string
		status          int
		keeps           bool
	}{
		{"none", "\r\n", "", 200, true},
		{"as much as may be", "Content-Length: 5\r\n\r\nabcde", "abcde", 200, true},
		{"too long by its length", "Content-Length: 6\r\n\r\nabcdef", "-", 413, true},
		{"too long and not sent", "Content-Length: 6000000\r\nExpect: 100-continue\r\n\r\n", "-", 413, false},
		{"in chunks", chunked + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", "abcde", 200, true},
		{"no chunk", chunked + "0\r\n\r\n", "", 200, true},
		{"too long in one chunk", chunked + "6\r\nabcdef\r\n0\r\n\r\n", "cut", 413, false},
		{"too long in chunks", chunked + "5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n", "cut", 413, false},
		{"too long without an end", chunked + "5\r\nabcde\r\n1\r\nf\r\n", "cut", 413, false},
	} {
		for _, host := range []string{"app", "who"} {
			t.Run(test.name+" to "+host, func(t *testing.T) {
				before := s.server.Records().Newest()
				c := s.client()
				resp, _ := c.asks("POST / HTTP/1.1\r\nHost: " + host + "\r\n" + test.rest)
				if resp.StatusCode != test.status {
					t.Errorf("status %d, want %d", resp.StatusCode, test.status)
				}
				if resp.Close == test.keeps {
					t.Errorf("Connection: close is %v", resp.Close)
				}
				row := s.lastRow(before + 1)
				if refused := row.Rule == "max_body" && row.Cause == record.CauseTooLarge; refused != (test.status == 413) {
					t.Errorf("recorded: rule %q, cause %q", row.Rule, row.Cause)
				}
				if test.keeps {
					if resp, _ := c.asks("GET / HTTP/1.1\r\nHost: who\r\n\r\n"); resp.StatusCode != 200 {
						t.Errorf("the next request: %d", resp.StatusCode)
					}
				}
				if host == "app" && test.got != "-" {
					if got := <-reached; got != test.got {
						t.Errorf("the upstream got %q, want %q", got, test.got)
					}
				}
				select {
				case got := <-reached:
					t.Errorf("the upstream got %q", got)
				default:
				}
			})
		}
	}
}

// TestMaxBodyAfterAnEarlyAnswer: an answer that has begun is not taken back, but
// the upstream must not take the part for the whole.
func TestMaxBodyAfterAnEarlyAnswer(t *testing.T) {
	whole := make(chan bool, 1)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		_, err := io.ReadAll(r.Body)
		whole <- err == nil
	})
	s := newSite(t, routeTo("app", addr)+"max_body = \"5B\"\n")
	c := s.client()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200") {
		t.Fatalf("%q", head)
	}
	c.send("4\r\ncdef\r\n0\r\n\r\n")
	if <-whole {
		t.Error("the upstream took the part for the whole")
	}
	if rest, _ := io.ReadAll(c.r); strings.Contains(string(rest), "413") {
		t.Errorf("a second answer: %q", rest)
	}
}

func TestExplainCountsNothing(t *testing.T) {
	s := behindProxy(t, strings.Replace(limited, "rate_limit", "max_conns = 1\nmax_body = \"10B\"\nmaintenance = { on = true, allow = \"192.0.2.0/24\" }\nrate_limit", 1))
	ask := proxy.Request{URL: "http://a/", From: netip.MustParseAddr("192.0.2.1")}
	for range 10 {
		if e, err := s.server.Explain(ask); err != nil || e.Status != 200 {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	c := s.client()
	for range 3 {
		c.asks(from("192.0.2.1", "a", "/"))
	}
	s.lastRow(3)
	e, err := s.server.Explain(ask)
	if err != nil {
		t.Fatal(err)
	}
	want := []proxy.Verdict{
		{Guard: "maintenance", Verdict: "pass", Why: "192.0.2.1 is in 192.0.2.0/24"},
		{Guard: "rate_limit", Verdict: "refuse", Why: "3 of 3 used by 192.0.2.1"},
	}
	if e.Status != 429 || fmt.Sprint(e.Guards) != fmt.Sprint(want) {
		t.Errorf("status %d, guards %v, want %v", e.Status, e.Guards, want)
	}
	e, _ = s.server.Explain(proxy.Request{URL: "http://a/", From: netip.MustParseAddr("192.0.2.9")})
	if e.Status != 200 || len(e.Guards) != 4 || e.Guards[1].Why != "0 of 3 used by 192.0.2.9" || e.Guards[2].Why != "0 of 1 under way for 192.0.2.9" || e.Guards[3].Why != "at most 10 bytes" {
		t.Errorf("status %d, guards %v", e.Status, e.Guards)
	}
}

// TestMaxBodyBeforeCGI: a body that must be given a length is not gathered
// beyond its bound, and nobody is dialled.
func TestMaxBodyBeforeCGI(t *testing.T) {
	s := newSite(t, "[route.app]\nhost = \"*\"\nto = \"uwsgi://127.0.0.1:1\"\nmax_body = \"5B\"\n")
	for _, rest := range []string{"Content-Length: 6\r\n\r\nabcdef", "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n"} {
		answer := s.raw("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + rest)
		if !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
			t.Errorf("%q: %.60q", rest, answer)
		}
	}
	if row := s.lastRow(2); row.Rule != "max_body" || row.Cause != record.CauseTooLarge {
		t.Errorf("rule %q, cause %q", row.Rule, row.Cause)
	}
}
