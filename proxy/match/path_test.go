package match_test

import (
	"bytes"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/match"
)

// FuzzJudgedPath: whatever is sent, an upstream behind guards by path receives
// one form: what it would be judged to again, without dot segments, empty
// segments, or escapes that servers differ on; and what the definition says.
func FuzzJudgedPath(f *testing.F) {
	for _, seed := range []string{"/", "/a/b", "/%61//b/./c/../d", "/..", "/a/..%2f", "/;/x", "/a;b/..;/", "/%252e", "/%%32e", "/%C3%A9", "/.well-known", "*", "x", ""} {
		f.Add([]byte(seed))
	}
	routes := naive{route("guarded", "*", "/guarded/*"), route("rest", "*")}
	table := mustNew(f, routes...)
	f.Fuzz(func(t *testing.T, path []byte) {
		var scratch []byte
		r := table.Match([]byte("a"), path, []byte("GET"), &scratch, nil)
		if got, want := text(r), text(routes.match("a", string(path), "GET")); got != want {
			t.Fatalf("%q:\n got %s\nwant %s", path, got, want)
		}
		if r.Verdict == match.BadPath || string(path) == "*" {
			return
		}
		judged := bytes.Clone(r.Path)
		for _, segment := range strings.Split(string(judged[1:]), "/") {
			if segment == "." || segment == ".." || segment == "" && !bytes.HasSuffix(judged, []byte("/")) {
				t.Fatalf("%q was judged as %q", path, judged)
			}
		}
		lower := bytes.ToLower(judged)
		for _, sign := range []string{"//", `\`, "%2f", "%5c", "%00", "%2e", "%61", "%7a", "%41", "%30"} {
			if bytes.Contains(lower, []byte(sign)) {
				t.Fatalf("%q was judged as %q, with %s", path, judged, sign)
			}
		}
		again := table.Match([]byte("a"), judged, []byte("GET"), &scratch, nil)
		if again.Route != r.Route || !bytes.Equal(again.Path, judged) {
			t.Fatalf("%q was judged as %q, and that as %q", path, judged, again.Path)
		}
	})
}

// FuzzRoute: New takes any route or says what is wrong with it, and finds it by
// its own path.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"/x", "/x/*", "/*", "~^/x", "/a%20b/*", "/a//b", "/;x", "*", "/x*", "/%"} {
		f.Add("a.example", seed)
	}
	f.Fuzz(func(t *testing.T, host, path string) {
		routes := []match.Route{route("r", host, path)}
		table, err := match.New(routes)
		if err != nil || strings.HasPrefix(path, "~") {
			return
		}
		host, _ = strings.CutPrefix(host, "*.")
		var scratch []byte
		asked, _ := match.NormalHost(nil, []byte(host))
		if strings.HasPrefix(routes[0].Hosts[0], "*.") {
			asked = append([]byte("x."), asked...)
		}
		r := table.Match(asked, []byte(strings.TrimSuffix(path, "*")), []byte("GET"), &scratch, nil)
		if r.Verdict != match.Found {
			t.Fatalf("%q %q is not found by its own path: %v %s", host, path, r.Verdict, r.Bad)
		}
	})
}
