package proxy_test

import (
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
)

// TestGuardsInOrder: one request that every guard would refuse. The earliest
// refuses it; with that one taken away, the next does.
func TestGuardsInOrder(t *testing.T) {
	addr, asked, letGo := hanging(t)
	auth := newAuthority(t)
	steps := []struct {
		rule, line string
		status     int
	}{
		{"deny 240.0.0.0/8", "deny = \"240.0.0.0/8\"\n", 403},
		{"allow", "allow = \"lan\"\n", 403},
		{"maintenance", "maintenance = { on = true }\n", 503},
		{"rate_limit", "rate_limit = { rate = \"1/h\", burst = 1 }\n", 429},
		{"max_conns", "max_conns = 1\n", 429},
		{"max_body", "max_body = \"1B\"\n", 413},
		{"auth", "auth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }\n", 401},
		{"forward_auth", "forward_auth = { to = \"http://" + auth.addr + "\" }\n", 401},
	}
	from := func(first int) (lines string) {
		for _, s := range steps[first:] {
			lines += s.line
		}
		return "[route.app]\nhost = \"*\"\nto = \"http://" + addr + "\"\nhost_header = \"upstream\"\n" + lines
	}
	// One request of the client is under way, and has used up its rate.
	s := behindProxy(t, "[route.app]\nhost = \"*\"\nto = \"http://"+addr+"\"\nhost_header = \"upstream\"\n"+steps[3].line+steps[4].line)
	busy := s.client()
	busy.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 240.0.0.1\r\n\r\n")
	<-asked

	request := "POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 240.0.0.1\r\nContent-Length: 2\r\n\r\nab"
	c := s.client()
	for i, step := range steps {
		s.behind(from(i))
		resp, _ := c.asks(request) // over one connection
		row := s.lastRow(uint64(i + 1))
		if resp.StatusCode != step.status || row.Rule != step.rule || row.Client.String() != "240.0.0.1" {
			t.Errorf("%s: answered %d by rule %q to %s, want %d", step.rule, resp.StatusCode, row.Rule, row.Client, step.status)
		}
		e, err := s.server.Explain(proxy.Request{URL: "http://a/", Method: "POST", From: netip.MustParseAddr("240.0.0.1")})
		if err != nil || len(e.Guards) == 0 {
			t.Fatalf("%s: explained: %+v, %v", step.rule, e, err)
		}
		if first := e.Guards[0].Guard; !strings.HasPrefix(step.rule, first) {
			t.Errorf("explain begins with %s, want %s", first, step.rule)
		}
	}
	close(letGo)
}

// TestBanComesFirst: before a bad host, a bad request and everything of a route.
func TestBanComesFirst(t *testing.T) {
	s := behindProxy(t, bansOn+"[route.app]\nhost = \"a\"\nrespond = { status = 200 }\ndeny = \"240.0.0.0/8\"\n")
	const client = "X-Forwarded-For: 240.0.0.1\r\n"
	for range 3 {
		s.client().asks("GET / HTTP/1.1\r\nHost: elsewhere\r\n" + client + "\r\n")
	}
	s.lastRow(3)
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n" + client + "\r\n",
		"GET / HTTP/1.1\r\nHost: a b\r\n" + client + "\r\n",
		"GET /../ HTTP/1.1\r\nHost: a\r\n" + client + "\r\n",
	} {
		if resp, _ := s.client().asks(request); resp.StatusCode != 403 {
			t.Errorf("%q: %d", request, resp.StatusCode)
		}
	}
	s.close()
	if row := s.lastRow(6); row.Rule != "ban" {
		t.Errorf("rule %q", row.Rule)
	}
}
