package ddns_test

import (
	"slices"
	"testing"

	"forge.home.arpa/portico/ddns"
)

// TestNamesByDefault: a table that names neither names nor a domain keeps every
// host that the world may know and no other table's domain holds.
func TestNamesByDefault(t *testing.T) {
	const credentials = "username = \"ann\"\npassword = \"env:DDNS_PASSWORD\"\ntoken = \"env:DDNS_PASSWORD\"\naddress = \"fixed:203.0.113.7\"\nserver = \"http://127.0.0.1:1\"\n"
	s := start(t, "[ddns.rest]\nprovider = \"noip\"\n"+credentials+
		"[ddns.zone]\nprovider = \"cloudflare\"\nzone = \"example.org\"\n"+credentials+
		"[ddns.labels]\nprovider = \"cloudflare\"\nzone = \"example.org\"\nnames = [\"@\", \"vpn\", \"ftp.example.org\"]\n"+credentials+
		"[ddns.duck]\nprovider = \"duckdns\"\n"+credentials+
		"[ddns.ann]\nprovider = \"duckdns\"\nnames = [\"ann\"]\n"+credentials+`
[route.a]
host = ["nas.example.com", "*.example.com", "www.example.org", "ann.duckdns.org", "nas.home.arpa", "nas.home.lan", "pi.local", "nas",
  "203.0.113.9", "[2001:db8::9]", "localhost", "app.test"]
respond = { body = "a" }
[route.all]
host = "*"
respond = { body = "b" }
[route.off]
host = "off.example.com"
enabled = false
respond = { body = "c" }
`, options{transport: always(500, "")})
	want := map[string][]string{"rest": {"nas.example.com", "*.example.com"}, "zone": {"www.example.org"},
		"labels": {"example.org", "vpn.example.org", "ftp.example.org"}, "duck": {"ann.duckdns.org"}, "ann": {"ann.duckdns.org"}}
	for _, a := range s.Status().Accounts {
		var got []string
		for _, n := range a.Names {
			got = append(got, n.FQDN)
		}
		if !slices.Equal(got, want[a.Name]) {
			t.Errorf("%s keeps %q, want %q", a.Name, got, want[a.Name])
		}
	}
}

// TestSwitchedOffAndOn: a route that is switched off and on again brings no
// request for a name that is published, and lets one that was stopped try again.
func TestSwitchedOffAndOn(t *testing.T) {
	a := newAPI(t, ok("GET", "good 203.0.113.7\nnohost"))
	text := func(on string) string {
		return "[ddns.home]\naddress = \"fixed:203.0.113.7\"\ndomain = \"example.com\"\nprovider = \"noip\"\nusername = \"ann\"\n" +
			"password = \"env:DDNS_PASSWORD\"\nserver = \"" + a.URL + "\"\n" +
			"[route.a]\nenabled = " + on + "\nhost = [\"a.example.com\", \"b.example.com\"]\nrespond = { body = \"a\" }\n"
	}
	state := t.TempDir()
	s := start(t, text("true"), options{state: state})
	s.name(t, "b.example.com")
	a.requests()
	s.apply(t, text("false"))
	s.looked(t, 1)
	a.answer(ok("GET", "good 203.0.113.7"))
	s.apply(t, text("true"))
	s.wait(t, "b.example.com", func(n ddns.NameStatus) bool { return n.Class == ddns.OK && !n.At.IsZero() })
	if asked := a.requests(); len(asked) != 1 || asked[0] != "GET /nic/update?hostname=b.example.com&myip=203.0.113.7 " {
		t.Errorf("asked %q", asked)
	}
}
