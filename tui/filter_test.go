package tui

import (
	"net/netip"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// filterRow is what the filters below are tried on.
func filterRow() *record.Row {
	var r record.Row
	r.Method.Set([]byte("GET"))
	r.Host.Set([]byte("git.home.lan"))
	r.Path.Set([]byte("/Api/v1/repos?token=abc"))
	r.Route, r.Upstream = "git", "http://nas:3000"
	r.Status, r.Cause = 502, record.CauseRefused
	r.Client = netip.MustParseAddr("192.168.1.23")
	r.Total = 600 * time.Millisecond
	r.BytesIn, r.BytesOut = 1<<20, 1
	return &r
}

func TestFilterMatches(t *testing.T) {
	for _, s := range []string{
		"git", "GIT", "api/V1", "refused", "home.lan /repos",
		"502", "5xx", "5XX", ">=500", "<=502", ">501", "<600", "!404", "!4xx",
		"GET", "!POST", ">500ms", "<1s", ">1mb", ">0.5mb", ">=1024kb", "<1gb", ">10b",
		"host:git", "host:HOME", "path:/api", "up:nas", "up:3000", "route:git", "!route:gi",
		"ip:192.168.1.23", "ip:192.168.1.0/24", "ip:192.168", "!ip:10.0.0.0/8",
		"404|502", "photos|git", "!git|5xx", "GET|POST 5xx", "POST|!404",
		"~d ^git", "~u /api/.*repos", "~m ^get$", "~c 502", "~c 5xx", "~e", "!~c 404", "~d git 5xx ~e",
		"http://|git", " git  ",
	} {
		want, err := parseFilter(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if !want(filterRow()) {
			t.Errorf("%q does not match", s)
		}
	}
}

func TestFilterRejects(t *testing.T) {
	for _, s := range []string{
		"photos", "!git", "404", "4xx", ">=503", "<502", "POST", "!GET", ">1s", "<600ms", ">2mb",
		"host:photos", "path:/v2", "up:ha", "route:gi", "route:-", "ip:192.168.1.2", "ip:10.0.0.0/8", "ip:2001:db8::/32",
		"git 404", "404|403", "~d photos", "~u /v2", "~m post", "~c 404", "!~e", "~e 404",
	} {
		want, err := parseFilter(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if want(filterRow()) {
			t.Errorf("%q matches", s)
		}
	}
}

func TestFilterUnmatchedRoute(t *testing.T) {
	want, err := parseFilter("route:-")
	if err != nil {
		t.Fatal(err)
	}
	r := filterRow()
	r.Route = ""
	if !want(r) {
		t.Error("a request without a route is not found")
	}
	if r.Rule = "ban"; want(r) {
		t.Error("a banned client's request is one without a route")
	}
}

func TestFilterEmpty(t *testing.T) {
	if want, err := parseFilter("  "); want != nil || err != nil {
		t.Errorf("got a matcher or %v", err)
	}
}

func TestFilterMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"hst:git":   `no field "hst:"; there are host path up ip route`,
		"host:":     "host: what? (host:git)",
		"~x":        "no term ~x; there are ~d ~u ~m ~c ~e",
		"~":         "no term ~; there are ~d ~u ~m ~c ~e",
		"~d":        "~d what? (~d git)",
		"~d [":      "~d [: not a regular expression",
		"~c abc":    `~c "abc" is not a status`,
		">":         "> what? (>500ms >1mb >400)",
		">=fast":    ">= what? (>=500ms >=1mb >=400)",
		">nan":      "> what? (>500ms >1mb >400)",
		"a|":        "a term is missing beside ! or |",
		"!":         "a term is missing beside ! or |",
		"ip:10.0/8": `"10.0/8" is not a network`,
	} {
		_, err := parseFilter(in)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
}

// FuzzFilter: any text is a filter or a mistake, and a filter can be asked.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"git 5xx !GET|~e", "~d a ~u b", "ip:::/0", ">1e300gb", "!!!a||b", "~u (((", "route:\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := parseFilter(s)
		if err == nil && want != nil {
			want(filterRow())
			want(&record.Row{})
		}
	})
}
