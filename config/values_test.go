package config_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

func lit(s string) config.TemplatePart   { return config.TemplatePart{Literal: s} }
func place(s string) config.TemplatePart { return config.TemplatePart{Placeholder: s} }

func TestRouteValues(t *testing.T) {
	c := parse(t, `
[networks]
vpn = ["10.8.0.7/24", "::ffff:192.0.2.0/120", "fd00::5"]
[route.a]
host = ["Bücher.Example", "*.A.test.", "fd00::1"]
path = ["/x/*", "~^/y"]
methods = ["get", "POST"]
to = ["http://NAS", "https://[fd00::2]", { url = "h2c://b_c:8080", weight = 7 }, { url = "http+unix:///run/x.sock", backup = true }]
strip_prefix = "/x/"
rewrite = { match = "^/(a)(?P<b>.*)", to = "/$1/${b}" }
balance = "ip_hash"
max_fails = 0
fail_timeout = "1m"
retry = { attempts = 2, wait = "1s" }
timeout = { response_header = "3s" }
host_header = "nas:8080"
upstream_tls = { pin = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }
request_headers = { set = { X-B = "{client_ip}", X-A = "a {host}{" }, add = { X-C = ["1", "{\"a\":1}"] }, remove = "X-D" }
allow = ["lan", "vpn", "192.0.2.1"]
deny = "0.0.0.0/0"
auth = { users = "me:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", forward = true }
forward_auth = { to = "http://auth:9091/verify?a=b", copy = ["Remote-User"] }
rate_limit = { rate = "30/m" }
max_conns = 3
max_body = "10MB"
compress = true
maintenance = { on = true, message = "x", allow = ["lan"], retry_after = "1h" }
wake_on_lan = { mac = "00-11-32-AA-BB-CC" }
cert = "none"
plain_http = "refuse"
[route.a.health]
path = "/healthz?x"
expect = [204, "3xx", "401-403"]
`)
	got := c.Route("a")
	vpn := config.Network{Name: "vpn", Prefixes: []netip.Prefix{
		netip.MustParsePrefix("10.8.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fd00::5/128")}}
	lan := config.Network{Name: "lan"}
	pin, _ := hex.DecodeString("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	want := &config.Route{
		Name: "a", Line: 4, Enabled: true,
		Hosts: []string{"xn--bcher-kva.example", "*.a.test", "[fd00::1]"}, Paths: []string{"/x/*", "~^/y"}, Methods: []string{"GET", "POST"},
		To: []config.Upstream{
			{URL: "http://NAS", Scheme: "http", Addr: "nas:80", Weight: 1},
			{URL: "https://[fd00::2]", Scheme: "https", Addr: "[fd00::2]:443", Weight: 1},
			{URL: "h2c://b_c:8080", Scheme: "h2c", Addr: "b_c:8080", Weight: 7},
			{URL: "http+unix:///run/x.sock", Scheme: "http", Addr: "/run/x.sock", Unix: true, Weight: 1, Backup: true},
		},
		StripPrefix: "/x", Rewrite: &config.Rewrite{Match: regexp.MustCompile("^/(a)(?P<b>.*)"), To: "/$1/${b}"},
		Balance: "ip_hash", MaxFails: 0, FailTime: time.Minute,
		Retry:      config.Retry{Attempts: 2, Wait: time.Second},
		Timeout:    config.Timeout{Dial: 5 * time.Second, ResponseHeader: 3 * time.Second, Idle: 5 * time.Minute},
		HostHeader: "nas:8080", TLS: config.UpstreamTLS{Verify: "pin", Pin: pin},
		RequestHeaders: config.HeaderEdit{
			Set: []config.HeaderField{
				{Name: "X-A", Value: config.Template{lit("a "), place("host"), lit("{")}},
				{Name: "X-B", Value: config.Template{place("client_ip")}},
			},
			Add: []config.HeaderField{
				{Name: "X-C", Value: config.Template{lit("1")}},
				{Name: "X-C", Value: config.Template{lit(`{"a":1}`)}},
			},
			Remove: []string{"X-D"},
		},
		Allow: []config.Network{lan, vpn, {Name: "192.0.2.1", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}},
		Deny:  []config.Network{{Name: "0.0.0.0/0", Prefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}},
		Auth: &config.Auth{Realm: "portico", Forward: true,
			Users: []config.User{{Name: "me", Hash: "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"}}},
		ForwardAuth: &config.ForwardAuth{To: "http://auth:9091/verify?a=b", Copy: []string{"Remote-User"}},
		RateLimit:   &config.RateLimit{Rate: 0.5, Burst: 1}, MaxConns: 3, MaxBody: 10 * config.MB, Compress: true,
		Maintenance: &config.Maintenance{On: true, Message: "x", Allow: []config.Network{lan}, RetryAfter: time.Hour},
		WakeOnLAN:   &config.WakeOnLAN{MAC: "00:11:32:aa:bb:cc", Wait: time.Minute},
		Cert:        "none", PlainHTTP: "refuse",
		Health: &config.Health{Path: "/healthz?x", Interval: 10 * time.Second, Timeout: 5 * time.Second, Fall: 3, Rise: 2,
			Expect: []config.StatusRange{{From: 204, To: 204}, {From: 300, To: 399}, {From: 401, To: 403}}},
	}
	for key, origin := range got.Origins {
		if origin != "route" {
			t.Errorf("%s is of %s", key, origin)
		}
	}
	got.Origins = nil
	diff(t, got, want)
}

// diff names the fields in which two values of a struct differ.
func diff(t *testing.T, got, want any) {
	t.Helper()
	g, w := reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem()
	for i := range g.NumField() {
		if !g.Type().Field(i).IsExported() {
			continue // where a value stands is no part of it
		}
		if a, b := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", g.Type().Field(i).Name, a, b)
		}
	}
}

func TestAnswers(t *testing.T) {
	c := parse(t, `
[route.a]
host = "a.test"
redirect = "{scheme}://b.test{uri}"
[route.b]
host = "b.test"
redirect = "/x?{query}"
status = 303
[route.c]
host = "c.test"
respond = { body = "x" }
[route.d]
host = "d.test"
files = "testdata"
[route.e]
host = "e.test"
files = { dir = "testdata", list = true }
[route.f]
host = "f.test"
to = "fastcgi://php:9000"
[route.g]
host = "g.test"
to = "fastcgi+unix:///run/php.sock"
root = "/srv"
index = ["a.php", "b.php"]
try_files = "/a.php"
[route.h]
host = "h.test"
to = "memcached://cache:11211"
[route.i]
host = "*"
to = "builtin://whoami"
`)
	for name, want := range map[string]config.Route{
		"a": {Redirect: &config.Redirect{To: config.Template{place("scheme"), lit("://b.test"), place("uri")}, Status: 308}},
		"b": {Redirect: &config.Redirect{To: config.Template{lit("/x?"), place("query")}, Status: 303}},
		"c": {Respond: &config.Respond{Status: 200, Body: "x", Type: "text/plain"}},
		"d": {Files: &config.Files{Dir: "testdata"}},
		"e": {Files: &config.Files{Dir: "testdata", List: true}},
		"f": {To: []config.Upstream{{URL: "fastcgi://php:9000", Scheme: "fastcgi", Addr: "php:9000", Weight: 1}},
			FastCGI: &config.FastCGI{Index: []string{"index.php"}, TryFiles: []config.Template{{place("path")}, {place("path"), lit("/")}, {lit("/index.php")}}}},
		"g": {To: []config.Upstream{{URL: "fastcgi+unix:///run/php.sock", Scheme: "fastcgi", Addr: "/run/php.sock", Unix: true, Weight: 1}},
			FastCGI: &config.FastCGI{Root: "/srv", Index: []string{"a.php", "b.php"}, TryFiles: []config.Template{{lit("/a.php")}}}},
		"h": {To: []config.Upstream{{URL: "memcached://cache:11211", Scheme: "memcached", Addr: "cache:11211", Weight: 1}},
			Memcached: &config.Memcached{Key: config.Template{place("host"), place("uri")}}},
		"i": {To: []config.Upstream{{URL: "builtin://whoami", Scheme: "builtin", Addr: "whoami", Weight: 1}}},
	} {
		r := c.Route(name)
		got := config.Route{To: r.To, Redirect: r.Redirect, Respond: r.Respond, Files: r.Files, FastCGI: r.FastCGI, Memcached: r.Memcached}
		t.Run(name, func(t *testing.T) { diff(t, &got, &want) })
	}
}

func TestTables(t *testing.T) {
	t.Setenv("PORTICO_TEST_SECRET", "s3cret")
	c := parse(t, `
[server]
http = [":80", "127.0.0.1:8080", "[::1]:82", "LocalHost:81"]
https = []
trusted_proxies = ["192.168.1.1"]
header_timeout = "1s"
idle_timeout = "2s"
max_header = "64KB"
max_conns = 7
map_ports = true
[acme]
email = "me@example.com"
resolver = "9.9.9.9"
front = true
eab = { kid = "k", key = "env:PORTICO_TEST_SECRET" }
[ddns.b]
provider = "rfc2136"
server = "ns.example.com"
domain = "example.com"
names = ["@", "*", "a"]
secret = "env:PORTICO_TEST_SECRET"
address = "fixed:192.0.2.7, 2001:db8::7"
every = "1h"
[ddns.a]
provider = "url"
url = "https://x.test/{name}?ip={ip}&ip6={ip6}"
success = "good"
[ban]
never = ["lan"]
[log]
format = "json"
keep = 0
[alert]
url = "env:PORTICO_TEST_ALERT"
`)
	secret := config.NewSecret("env:PORTICO_TEST_SECRET", "s3cret")
	want := &config.Config{
		Server: config.Server{
			HTTP: []string{":80", "127.0.0.1:8080", "[::1]:82", "localhost:81"},
			TrustedProxies: []config.Network{
				{Name: "192.168.1.1", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.1/32")}}},
			HeaderTimeout: time.Second, IdleTimeout: 2 * time.Second, MaxHeader: 64 * config.KB, MaxConns: 7, MapPorts: true,
		},
		ACME: &config.ACME{Email: "me@example.com", Resolver: "9.9.9.9:53", Front: true, EAB: &config.EAB{KID: "k", Key: secret}},
		DDNS: []*config.DDNS{
			{Name: "b", Provider: "rfc2136", Server: "ns.example.com:53", Domain: "example.com", Names: []string{"@", "*", "a"},
				Secret: secret, Address: "fixed:192.0.2.7,2001:db8::7", Every: time.Hour},
			{Name: "a", Provider: "url", URL: "https://x.test/{name}?ip={ip}&ip6={ip6}", Success: "good", Address: "auto", Every: 5 * time.Minute},
		},
		Networks: map[string]config.Network{},
		Ban:      &config.Ban{After: 20, Within: time.Minute, For: time.Hour, Never: []config.Network{{Name: "lan"}}},
		Log:      config.Log{Format: "json", Keep: 0, Size: 10 * config.MB},
		Alert:    &config.Alert{URL: config.NewSecret("env:PORTICO_TEST_ALERT", "")},
	}
	diff(t, c, want)
}

func TestSecrets(t *testing.T) {
	t.Setenv("PORTICO_TEST_SECRET", "from the environment")
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("secret", "from a file\r\n")
	for _, test := range []struct{ name, written, value, ref, want string }{
		{"environment", "env:PORTICO_TEST_SECRET", "from the environment", "env:PORTICO_TEST_SECRET", ""},
		{"file", "file:" + file, "from a file", "file:" + file, ""},
		{"plain", "hunter2", "hunter2", "", `ddns.a.token is a secret in plain text: it is also in the history (write "env:NAME" or "file:PATH")`},
		{"unset", "env:PORTICO_TEST_UNSET", "", "env:PORTICO_TEST_UNSET", `ddns.a.token: "env:PORTICO_TEST_UNSET" is not set`},
		{"no name", "env:", "", "env:", `ddns.a.token: "env:" is not set`},
		{"folder", "file:/", "", "file:/", `ddns.a.token: "file:/" is not a file`},
		{"device", "file:/dev/zero", "", "file:/dev/zero", `ddns.a.token: "file:/dev/zero" is not a file`},
		{"missing", "file:/nonexistent", "", "file:/nonexistent", `ddns.a.token: "file:/nonexistent" cannot be read: no such file or directory`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, ps := config.Parse(fmt.Appendf(nil, "[ddns.a]\nprovider = \"duckdns\"\ntoken = %q\n", test.written))
			if c == nil {
				t.Fatal(ps)
			}
			s := c.DDNS[0].Token
			if s.Reveal() != test.value || s.Ref() != test.ref || s.IsSet() != (test.value != "") {
				t.Errorf("value %q of %q", s.Reveal(), s.Ref())
			}
			want := test.want
			if want != "" {
				want = "3:9: warning: " + want + "\n"
			}
			if got := lines(ps); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	for _, big := range []struct{ name, text, want string }{
		{"empty", "\n", "is empty"},
		{"large", strings.Repeat("x", 65<<10), "is too large for a secret"},
	} {
		path := write(big.name, big.text)
		_, ps := config.Parse(fmt.Appendf(nil, "[ddns.a]\nprovider = \"duckdns\"\ntoken = \"file:%s\"\n", path))
		if got := lines(ps); !strings.HasSuffix(got, big.want+"\n") {
			t.Errorf("%s: %s", big.name, got)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := parse(t, "[ddns.a]\nprovider = \"duckdns\"\ntoken = \"hunter2\"\n")
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(c.DDNS[0]), fmt.Sprintf("%+v", c.DDNS[0]), fmt.Sprintf("%#v", *c.DDNS[0]), string(j)} {
		if strings.Contains(s, "hunter2") || !strings.Contains(s, "(hidden)") {
			t.Errorf("printed: %s", s)
		}
	}
}

// A URL of an alert may stand in the file, unless it carries a credential.
func TestAlertURL(t *testing.T) {
	for url, warns := range map[string]bool{
		"https://ntfy.test/topic":         false,
		"https://me:hunter2@ntfy.test/x":  true,
		"https://ntfy.test/x?key=hunter2": true,
	} {
		_, ps := config.Parse(fmt.Appendf(nil, "[alert]\nurl = %q\n", url))
		if got := lines(ps); strings.Contains(got, "plain text") != warns || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", url, got)
		}
	}
}
