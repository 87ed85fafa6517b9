package proxy_test

import (
	"io"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

const bansOn = `
[ban]
on = ["unmatched_host", "auth_failed", "bad_request"]
after = 3
for = "1h"
never = "240.1.0.0/24"
`

func guarded(t *testing.T) string {
	return bansOn + "[route.app]\nhost = \"a\"\nrespond = { status = 200 }\nauth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }\n" +
		"[route.open]\nhost = \"open\"\npath = \"/x\"\nrespond = { status = 200 }\n"
}

// The clients are of 240.0.0.0/4, which is no machine's own network.

// offences are requests by a client of an address that count against it.
func offences(client string) map[string]string {
	forwarded := "X-Forwarded-For: " + client + "\r\n"
	return map[string]string{
		"unmatched_host": "GET /wp-login.php HTTP/1.1\r\nHost: elsewhere\r\n" + forwarded + "\r\n",
		"auth_failed":    "GET / HTTP/1.1\r\nHost: a\r\n" + forwarded + "Authorization: " + basicly("ann", "guess") + "\r\n\r\n",
		"bad_request":    "GET /../x HTTP/1.1\r\nHost: open\r\n" + forwarded + "\r\n",
	}
}

func TestBan(t *testing.T) {
	for kind := range offences("") {
		t.Run(kind, func(t *testing.T) {
			s := behindProxy(t, guarded(t))
			request := offences("240.0.2.1")[kind]
			var status [5]int
			for i := range status {
				resp, _ := s.client().asks(request)
				status[i] = resp.StatusCode
			}
			if status[2] == 403 || status[3] != 403 || status[4] != 403 || status[0] != status[2] {
				t.Errorf("answers %v: banned after three", status)
			}
			s.lastRow(5)
			var rows [5]record.Row
			n := s.server.Records().Before(0, rows[:], func(r *record.Row) bool { return r.Rule == "ban" })
			if n != 2 || rows[0].Client.String() != "240.0.2.1" || rows[0].Source != record.FromForwardedFor {
				t.Errorf("%d refusals are recorded, one of %s from %s", n, rows[0].Client, rows[0].Source)
			}
			if resp, _ := s.client().asks(from("240.0.2.1", "open", "/x")); resp.StatusCode != 403 {
				t.Errorf("a good request of a banned client: %d", resp.StatusCode)
			}
			if resp, _ := s.client().asks(from("240.0.2.2", "open", "/x")); resp.StatusCode != 200 {
				t.Errorf("another client: %d", resp.StatusCode)
			}
			bans := s.server.Bans()
			if len(bans) != 1 || bans[0].Client.String() != "240.0.2.1/32" || len(bans[0].Evidence) != 3 || !strings.HasPrefix(bans[0].Evidence[2].What, kind+": ") {
				t.Fatalf("%+v", bans)
			}
			st := s.server.Status().Bans
			if !st.On || st.Suspended != "" || st.Count != 1 || len(st.Newest) != 1 {
				t.Errorf("status %+v", st)
			}
			e, _ := s.server.Explain(proxy.Request{URL: "http://open/x", From: netip.MustParseAddr("240.0.2.1")})
			if e.Status != 403 || len(e.Guards) != 1 || e.Guards[0].Guard != "ban" || e.Guards[0].Verdict != "refuse" {
				t.Errorf("explained: %+v", e)
			}
			s.behind(guarded(t) + "[route.more]\nhost = \"more\"\nrespond = { status = 200 }\n")
			if resp, _ := s.client().asks(request); resp.StatusCode != 403 {
				t.Errorf("after an edit: %d", resp.StatusCode)
			}
			if s.server.Lift(netip.MustParseAddr("240.0.2.2")) || !s.server.Lift(netip.MustParseAddr("240.0.2.1")) {
				t.Error("the ban was not lifted")
			}
			if resp, _ := s.client().asks(request); resp.StatusCode == 403 {
				t.Error("banned again by one offence")
			}
		})
	}
}

func TestBanIsOfANetworkOfIPv6(t *testing.T) {
	s := behindProxy(t, guarded(t))
	for _, a := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"} {
		s.client().asks(offences(a)["unmatched_host"])
	}
	if resp, _ := s.client().asks(from("2001:db8::4", "open", "/x")); resp.StatusCode != 403 {
		t.Errorf("of the /64: %d", resp.StatusCode)
	}
	if resp, _ := s.client().asks(from("2001:db8:0:1::1", "open", "/x")); resp.StatusCode != 200 {
		t.Errorf("of the next: %d", resp.StatusCode)
	}
	if !s.server.Lift(netip.MustParseAddr("2001:db8::9")) {
		t.Error("lifting by another address of the /64 does nothing")
	}
}

func TestWhoIsNeverBanned(t *testing.T) {
	s := behindProxy(t, guarded(t))
	spared := map[string]string{
		"never":         "240.1.0.7",
		"lan and proxy": "127.0.0.1",
		"lan":           "::1",
		"authenticated": "240.0.2.77",
	}
	if resp, _ := s.client().asks(strings.Replace(as(basicly("ann", "secret")), "192.0.2.1", "240.0.2.77", 1)); resp.StatusCode != 200 {
		t.Fatalf("ann: %d", resp.StatusCode)
	}
	for name, a := range spared {
		for range 6 {
			if resp, _ := s.client().asks(offences(a)["unmatched_host"]); resp.StatusCode != 404 {
				t.Errorf("%s (%s): %d", name, a, resp.StatusCode)
			}
		}
	}
	if bans := s.server.Bans(); len(bans) > 0 {
		t.Errorf("%+v", bans)
	}
}

// TestWhatIsNoOffence: a host that is there with a path that is not, a password
// that was not asked for yet, an answer that the upstream gave.
func TestWhatIsNoOffence(t *testing.T) {
	s := behindProxy(t, guarded(t))
	for range 5 {
		s.client().asks(from("240.0.2.1", "open", "/nothing"))
		s.client().asks(from("240.0.2.1", "a", "/"))
	}
	s.behind("[route.app]\nhost = \"a\"\nrespond = { status = 200 }\n")
	for range 5 {
		s.client().asks(offences("240.0.2.1")["unmatched_host"]) // without [ban] nothing counts
	}
	s.behind(guarded(t))
	if resp, _ := s.client().asks(from("240.0.2.1", "open", "/x")); resp.StatusCode != 200 || len(s.server.Bans()) > 0 {
		t.Errorf("%d, bans %+v", resp.StatusCode, s.server.Bans())
	}
}

// TestBanByHand: shut out at once, but never whom nobody bans.
func TestBanByHand(t *testing.T) {
	s := behindProxy(t, guarded(t))
	client := netip.MustParseAddr("240.0.2.9")
	if _, err := s.server.Ban(client); err != nil {
		t.Fatal(err)
	}
	if resp, _ := s.client().asks(from("240.0.2.9", "open", "/x")); resp.StatusCode != 403 {
		t.Errorf("a banned client: %d", resp.StatusCode)
	}
	if bans := s.server.Bans(); len(bans) != 1 || len(bans[0].Evidence) != 1 || !s.server.Lift(client) {
		t.Errorf("%+v", bans)
	}
	for _, a := range []string{"127.0.0.1", "240.1.0.7"} {
		if _, err := s.server.Ban(netip.MustParseAddr(a)); err == nil || !strings.Contains(err.Error(), "never banned") {
			t.Errorf("%s: %v", a, err)
		}
	}
	s.behind("[route.app]\nhost = \"a\"\nrespond = { status = 200 }\n")
	if _, err := s.server.Ban(client); err == nil || !strings.Contains(err.Error(), "[ban]") {
		t.Errorf("without a table: %v", err)
	}
}

// TestBannedConnectionEnds: one that speaks for itself, not a proxy's.
func TestBannedConnectionEnds(t *testing.T) {
	s := behindProxy(t, guarded(t))
	for range 3 {
		s.client().asks(offences("240.0.2.1")["unmatched_host"])
	}
	c := s.client()
	if resp, _ := c.asks(from("240.0.2.1", "open", "/x")); resp.StatusCode != 403 || resp.Close {
		t.Errorf("over a proxy's connection: %d, close is %v", resp.StatusCode, resp.Close)
	}
	if resp, _ := c.asks(from("240.0.2.2", "open", "/x")); resp.StatusCode != 200 {
		t.Errorf("the next client over it: %d", resp.StatusCode)
	}
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nproxy_protocol = \"127.0.0.1\"\n" + guarded(t))
	c = s.client()
	c.send("PROXY TCP4 240.0.2.1 127.0.0.1 5 80\r\nGET /x HTTP/1.1\r\nHost: open\r\n\r\n")
	all, err := io.ReadAll(c.r)
	if answer := string(all); err != nil || !strings.HasPrefix(answer, "HTTP/1.1 403") || !strings.Contains(answer, "Connection: close") {
		t.Errorf("%.60q, %v", answer, err)
	}
}
