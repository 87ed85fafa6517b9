package ddns_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/ddns"
)

// TestFamily: where each member of the dyndns2 family is asked, and what, with
// IPv4 alone, IPv6 alone and both.
func TestFamily(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	const none = "none"
	for provider, want := range map[string]struct{ where, only4, only6, both string }{
		"noip":       {"dynupdate.no-ip.com/nic/update", "myip=V4", "myip=V6", "myip=V4,V6"},
		"dyn":        {"members.dyndns.org/v3/update", "myip=V4", "myip=V6", "myip=V4,V6"},
		"dynu":       {"api.dynu.com/nic/update", "myip=V4", "myip=no&myipv6=V6", "myip=V4&myipv6=V6"},
		"inwx":       {"dyndns.inwx.com/nic/update", none, none, "myip=V4&myipv6=V6"},
		"allinkl":    {"dyndns.kasserver.com/", "myip=V4", "myip6=V6", "myip=V4&myip6=V6"},
		"changeip":   {"nic.changeip.com/nic/update", "ip=V4", "ip=V6", "ip=V4 ip=V6"},
		"loopia":     {"dyndns.loopia.se/", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"nowdns":     {"now-dns.com/update", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"he":         {"dyn.dns.he.net/nic/update", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"strato":     {"dyndns.strato.com/nic/update", "myip=V4", "myip=V6", "myip=V4,V6"},
		"selfhost":   {"carol.selfhost.de/nic/update", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"infomaniak": {"infomaniak.com/nic/update", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"spdyn":      {"update.spdyn.de/nic/update", "myip=V4", "myip=V6", "myip=V4 myip=V6"},
		"opendns":    {"updates.opendns.com/nic/update", "myip=V4", none, "myip=V4"},
		"dnsomatic":  {"updates.dnsomatic.com/nic/update", "myip=V4", none, "myip=V4"},
	} {
		for home, query := range map[ddns.Addresses]string{addresses(v4, ""): want.only4, addresses("", v6): want.only6, addresses(v4, v6): want.both} {
			synctest.Test(t, func(t *testing.T) {
				w := always(200, "good")
				dressed := true
				w.answer = func(_ int, r *http.Request) (int, string) {
					user, pass, _ := r.BasicAuth()
					dressed = dressed && user == "ann" && pass == password && strings.HasPrefix(r.UserAgent(), "portico")
					return 200, "good"
				}
				s := start(t, every(provider), options{transport: w, find: (&place{at: home}).find})
				synctest.Wait()
				var asked []string
				for _, line := range w.requests() {
					where, query, _ := strings.Cut(strings.TrimSuffix(line, " "), "?hostname=nas.example.com&")
					if where != "GET https://"+want.where {
						t.Errorf("%s: asked at %s", provider, where)
					}
					asked = append(asked, strings.NewReplacer(v4, "V4", "2001%3Adb8%3A%3A7", "V6").Replace(query))
				}
				wanted, class := strings.Fields(query), ddns.OK
				if query == none {
					wanted, class = nil, ddns.Retry
				}
				if got := s.only(t); !slices.Equal(asked, wanted) || got.Class != class || !dressed {
					t.Errorf("%s: asked %q, want %q; %s %q", provider, asked, wanted, got.Class, got.Words)
				}
			})
		}
	}
}

// TestINWXWithoutIPv6: a home that has no IPv6 is published where the zone is known
// to have no IPv6 address that the service would delete.
func TestINWXWithoutIPv6(t *testing.T) {
	for name, c := range map[string]struct {
		zone  ddns.Addresses
		err   error
		home  ddns.Addresses
		class ddns.Class
	}{
		"none there":          {addresses("198.51.100.1", ""), nil, addresses(v4, ""), ddns.OK},
		"no record yet":       {ddns.Addresses{}, nil, addresses(v4, ""), ddns.OK},
		"one there":           {addresses("198.51.100.1", v6), nil, addresses(v4, ""), ddns.Retry},
		"nobody can be asked": {ddns.Addresses{}, context.DeadlineExceeded, addresses(v4, ""), ddns.Retry},
		"no IPv4":             {ddns.Addresses{}, nil, addresses("", v6), ddns.Retry},
	} {
		a := newAPI(t, ok("GET /nic/update?hostname=nas.example.com&myip=203.0.113.7", "good"))
		s := start(t, withServer(every("inwx"), a.URL), options{find: (&place{at: c.home}).find,
			lookup: func(context.Context, ddns.Name) (ddns.Addresses, error) { return c.zone, c.err }})
		got := s.name(t, "nas.example.com")
		if asked := a.requests(); got.Class != c.class || (len(asked) > 0) != (c.class == ddns.OK) {
			t.Errorf("%s: %s %q, asked %q", name, got.Class, got.Words, asked)
		}
	}
}

// TestLines: a line for each name in their order; one line alone that refuses
// stands for all, and a name without a line is not published.
func TestLines(t *testing.T) {
	text := strings.Replace(dynTable, `["nas"]`, `["a", "b", "c"]`, 1)
	for body, want := range map[string][3]ddns.Class{
		"good\nnochg\ngood\n":      {ddns.OK, ddns.OK, ddns.OK},
		"nohost\r\ngood\r\n!yours": {ddns.Stop, ddns.OK, ddns.Stop},
		"badauth":                  {ddns.Stop, ddns.Stop, ddns.Stop},
		"911":                      {ddns.Wait, ddns.Wait, ddns.Wait},
		"good":                     {ddns.OK, ddns.Retry, ddns.Retry},
		"nohost\ngood":             {ddns.Stop, ddns.OK, ddns.Retry},
		"good\nnohost":             {ddns.OK, ddns.Stop, ddns.Retry},
	} {
		a := newAPI(t, ok("GET", body))
		s := start(t, text+"server = \""+a.URL+"\"\n", options{})
		for i, name := range []string{"a", "b", "c"} {
			if got := s.name(t, name+".example.com"); got.Class != want[i] {
				t.Errorf("%q: %s %s %q, want %s", body, name, got.Class, got.Words, want[i])
			}
		}
		s.stop()
	}
}

// TestHetznerAction: an action that nobody saw end may have ended well, so the
// zone is asked before it is begun again; and no poll's answer makes a second
// record.
func TestHetznerAction(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	for name, poll := range map[string]struct {
		status int
		body   string
	}{
		"it never ends":      {200, `{"action":{"id":7,"status":"running"}}`},
		"it is forgotten":    {404, `{"error":{"code":"not_found","message":"no such action"}}`},
		"nobody answers":     {0, ""},
		"the API is down":    {500, "oops"},
		"it answers nothing": {200, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(_ int, r *http.Request) (int, string) {
					if r.Method == "POST" {
						return 201, `{"action":{"id":7,"status":"running"}}`
					}
					return poll.status, poll.body
				}}
				s := start(t, every("hetzner"), options{transport: w, find: (&place{at: addresses(v4, "")}).find, lookup: showing(v4)})
				time.Sleep(40 * time.Second)
				if got := s.only(t); got.Class != ddns.Retry || !strings.HasPrefix(got.Words, "could not confirm: ") {
					t.Errorf("%s %q", got.Class, got.Words)
				}
				time.Sleep(2 * time.Minute)
				if got := s.only(t); got.Class != ddns.OK || got.Words != "found published" {
					t.Errorf("%s %q", got.Class, got.Words)
				}
				posts := 0
				for _, line := range w.requests() {
					if strings.HasPrefix(line, "POST") {
						posts++
					}
					if strings.Contains(line, "/actions/0") {
						t.Errorf("asked %q", line)
					}
				}
				if posts != 1 {
					t.Errorf("written %d times: %q", posts, w.requests())
				}
			})
		})
	}
}
