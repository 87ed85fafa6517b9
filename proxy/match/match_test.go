package match_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"forge.home.arpa/portico/proxy/match"
)

func mustNew(tb testing.TB, routes ...match.Route) *match.Table {
	tb.Helper()
	table, err := match.New(routes)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func route(name, host string, paths ...string) match.Route {
	return match.Route{Name: name, Hosts: []string{host}, Paths: paths}
}

func with(r match.Route, methods ...string) match.Route {
	r.Methods = methods
	return r
}

func rewriting(r match.Route) match.Route {
	r.Rewrites = true
	return r
}

// answer is a result in words: "found site", "405 GET HEAD", "400".
func answer(routes []match.Route, r match.Result) string {
	switch r.Verdict {
	case match.Found:
		return "found " + routes[r.Route].Name
	case match.AddSlash:
		return "slash " + routes[r.Route].Name
	case match.MethodMissed:
		return "405 " + strings.Join(r.Allow, " ")
	case match.BadPath:
		return "400 " + r.Bad
	}
	return "404"
}

func TestMatch(t *testing.T) {
	home := []match.Route{
		route("site", "example.com"),
		route("blog", "example.com", "/blog/*"),
		route("draft", "example.com", "/blog/draft/*"),
		with(route("post", "example.com", "/blog/draft/*"), "POST"),
		route("login", "example.com", "/blog/login"),
		route("php", "example.com", `~\.php$`),
		route("phps", "example.com", `~\.phps?$`),
		route("slashed", "example.com", "/slashed", "/slashed/*"),
		with(route("upload", "example.com", "/up/*"), "POST", "PUT"),
		with(route("api", "api.example.com", "/v1/*"), "GET"),
		with(route("api2", "api.example.com", "/v1/things/*"), "DELETE"),
		route("wild", "*.example.com"),
		route("deep", "*.deep.example.com", "/only/*"),
		route("any", "*", "/.well-known/acme-challenge/*"),
	}
	table := mustNew(t, home...)
	for _, c := range []struct{ name, method, host, path, want string }{
		{"a host with a route for all", "GET", "example.com", "/", "found site"},
		{"longest prefix", "GET", "example.com", "/blog/x", "found blog"},
		{"longer prefix", "GET", "example.com", "/blog/draft/x", "found draft"},
		{"the folder itself", "GET", "example.com", "/blog/", "found blog"},
		{"the folder without slash", "GET", "example.com", "/blog", "slash blog"},
		{"an inner folder without slash", "GET", "example.com", "/blog/draft", "slash draft"},
		{"no slash where a route has the path", "GET", "example.com", "/slashed", "found slashed"},
		{"a prefix ends at a segment", "GET", "example.com", "/blogger", "found site"},
		{"exact before prefix", "GET", "example.com", "/blog/login", "found login"},
		{"exact is exact", "GET", "example.com", "/blog/login/", "found blog"},
		{"regexp before prefix", "GET", "example.com", "/blog/x.php", "found phps"},
		{"exact before regexp", "GET", "example.com", "/blog/login", "found login"},
		{"a method of its own", "POST", "example.com", "/blog/draft/x", "found post"},
		{"a missed method goes on to the less specific", "GET", "example.com", "/up/x", "found site"},
		{"a missed method, no slash to add", "GET", "example.com", "/up", "found site"},
		{"GET answers HEAD", "HEAD", "api.example.com", "/v1/x", "found api"},
		{"GET does not answer OPTIONS", "OPTIONS", "api.example.com", "/v1/x", "found wild"},
		{"the next host level", "GET", "api.example.com", "/v2", "found wild"},
		{"any depth", "GET", "a.b.c.example.com", "/", "found wild"},
		{"longest wildcard", "GET", "x.deep.example.com", "/only/x", "found deep"},
		{"the next longest wildcard", "GET", "x.deep.example.com", "/other", "found wild"},
		{"not the name itself", "GET", "deep.example.com", "/only/x", "found wild"},
		{"no label before the dot", "GET", ".example.com", "/", "404"},
		{"any host", "GET", "other.example", "/.well-known/acme-challenge/x", "found any"},
		{"nothing on any host", "GET", "other.example", "/", "404"},
		{"the empty host", "GET", "", "/.well-known/acme-challenge/x", "found any"},
		{"hosts come first", "GET", "example.com", "/.well-known/acme-challenge/x", "found site"},
		{"the server as a whole", "OPTIONS", "example.com", "*", "found site"},
		{"the server as a whole, by path only", "OPTIONS", "other.example", "*", "404"},
		{"no path", "GET", "example.com", "x", "400 does not begin with a slash"},
		{"an empty path", "GET", "example.com", "", "400 does not begin with a slash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var scratch []byte
			r := table.Match([]byte(c.host), []byte(c.path), []byte(c.method), &scratch, nil)
			if got := answer(home, r); got != c.want {
				t.Errorf("%s %s%s: %s, want %s", c.method, c.host, c.path, got, c.want)
			}
		})
	}
}

func TestAllowIsTheUnion(t *testing.T) {
	routes := []match.Route{
		with(route("get", "a.example", "/x/y"), "GET"),
		with(route("put", "a.example", "/x/*"), "PUT"),
		with(route("delete", "a.example"), "DELETE", "PUT"),
		with(route("patch", "*.example", "~x"), "PATCH"),
		with(route("other", "a.example", "/y"), "TRACE"),
	}
	table := mustNew(t, routes...)
	for path, want := range map[string]string{
		"/x/y": "405 DELETE GET HEAD PATCH PUT",
		"/x/z": "405 DELETE PATCH PUT",
		"/x":   "405 DELETE PATCH PUT",
		"/z":   "405 DELETE PUT",
	} {
		var scratch []byte
		r := table.Match([]byte("a.example"), []byte(path), []byte("POST"), &scratch, nil)
		if got := answer(routes, r); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestHeadHasItsOwnRoute(t *testing.T) {
	routes := []match.Route{
		with(route("a get", "a.example", "/x", "~^/y$"), "GET"),
		with(route("head", "a.example", "/x", "~^/y$"), "HEAD"),
	}
	table := mustNew(t, routes...)
	for _, path := range []string{"/x", "/y"} {
		var scratch []byte
		r := table.Match([]byte("a.example"), []byte(path), []byte("HEAD"), &scratch, nil)
		if got := answer(routes, r); got != "found head" {
			t.Errorf("HEAD %s: %s", path, got)
		}
	}
}

// TestSpelling has the forms a path can take, where guards go by path
// (strict), where a route for all paths rewrites, and where it does not.
func TestSpelling(t *testing.T) {
	routes := []match.Route{
		route("admin", "strict.example", "/admin/*"),
		route("special", "strict.example", "/Special:Login", "/a b", "/caf%c3%a9/*"),
		route("public", "strict.example"),
		rewriting(route("rewriting", "rewriting.example")),
		route("whole", "whole.example"),
	}
	table := mustNew(t, routes...)
	// An empty judged form is a refusal everywhere, else what an upstream of
	// the strict host receives.
	for _, c := range []struct{ path, judged, strict string }{
		{"/", "/", "found public"},
		{"/a/b", "/a/b", "found public"},
		{"/admin/x", "/admin/x", "found admin"},
		{"/%61dmin/x", "/admin/x", "found admin"},
		{"/%41%7e%2D%5f%2E", "/A~-_.", "found public"},
		{"//admin//x", "/admin/x", "found admin"},
		{"/./admin/./x", "/admin/x", "found admin"},
		{"/y/../admin/x", "/admin/x", "found admin"},
		{"/y/%2e%2E/admin/x", "/admin/x", "found admin"},
		{"/y/.%2e/admin/x", "/admin/x", "found admin"},
		{"/admin/..", "/", "found public"},
		{"/admin/x/..", "/admin/", "found admin"},
		{"/admin/.", "/admin/", "found admin"},
		{"/admin", "/admin", "slash admin"},
		{"/admin/../admin", "/admin", "slash admin"},
		{"/.well-known/x", "/.well-known/x", "found public"},
		{"/...", "/...", "found public"},
		{"/a%20b", "/a%20b", "found special"},
		{"/Special%3aLogin", "/Special%3aLogin", "found special"},
		{"/caf\xc3\xa9/x", "/caf\xc3\xa9/x", "found special"},
		{"/caf%C3%A9/x", "/caf%C3%A9/x", "found special"},
		{"/a%26b", "/a%26b", "found public"},
		{"/a;v=1/b", "/a;v=1/b", "found public"},
		{"/admin/x;v=1", "/admin/x;v=1", "found admin"},
		{"/admin;v/x", "/admin;v/x", "400 semicolon hides another route"},
		{"/;v/admin/x", "/;v/admin/x", "400 semicolon hides another route"},
		{"/admin;v", "/admin;v", "400 semicolon hides another route"},
		{"/..", "", ""},
		{"/../admin", "", ""},
		{"/a/../../admin", "", ""},
		{"/a//../../admin", "", ""},
		{"/%2e%2e", "", ""},
		{"/a/%2e./%2e%2e/x", "", ""},
		{"/x/%2fadmin", "/x/%2fadmin", "400 encoded slash"},
		{"/x%2Fy", "/x%2Fy", "400 encoded slash"},
		{"/x%5cy", "/x%5cy", "400 encoded backslash"},
		{"/x%5Cy", "/x%5Cy", "400 encoded backslash"},
		{`/x\y`, `/x\y`, "400 backslash"},
		{"/x%00", "/x%00", "400 encoded zero byte"},
		{"/..;/admin", "/..;/admin", "400 semicolon in a dot segment"},
		{"/.;a/admin", "/.;a/admin", "400 semicolon in a dot segment"},
		{"/%2e%2e;a=b/admin", "/..;a=b/admin", "400 semicolon in a dot segment"},
		{"/..%3b/admin", "/..%3b/admin", "400 semicolon in a dot segment"},
		{"/%252e%252e/admin", "/%252e%252e/admin", "400 escaped twice"},
		{"/%25%32%65/admin", "/%252e/admin", "400 escaped twice"},
		{"/x%252Fadmin", "/x%252Fadmin", "400 escaped twice"},
		{"/x%255cadmin", "/x%255cadmin", "400 escaped twice"},
		{"/100%25", "/100%25", "found public"},
		{"/100%252", "/100%252", "found public"},
		{"/100%2520", "/100%2520", "found public"},
		{"/%zz", "/%25zz", "400 invalid escape"},
		{"/%2", "/%252", "400 invalid escape"},
		{"/%", "/%25", "400 invalid escape"},
		{"/%%32e", "/%252e", "400 invalid escape"},
	} {
		t.Run(c.path, func(t *testing.T) {
			for _, host := range []string{"strict.example", "rewriting.example", "whole.example"} {
				want, judged := c.strict, []byte(c.judged)
				name, _, _ := strings.Cut(host, ".")
				if c.judged == "" {
					want = "400 climbs above the root"
				} else if name != "strict" {
					want = "found " + name
				}
				if strings.HasPrefix(want, "400") {
					judged = []byte(c.path)
				}
				var scratch []byte
				r := table.Match([]byte(host), []byte(c.path), []byte("GET"), &scratch, nil)
				if got := answer(routes, r); got != want || !bytes.Equal(r.Path, judged) {
					t.Errorf("%s: %s with path %q, want %s with %q", name, got, r.Path, want, judged)
				}
				if want := name != "whole" && r.Verdict != match.BadPath; r.Judged != want {
					t.Errorf("%s: judged %v, want %v", name, r.Judged, want)
				}
			}
		})
	}
}

// TestStrictUntilFound: whether the judged form travels depends on the hosts
// that were asked, not on those that were not.
func TestStrictUntilFound(t *testing.T) {
	routes := []match.Route{
		with(route("posts", "a.example"), "POST"),
		route("wild", "*.example", "/x/*"),
		route("any", "*"),
	}
	table := mustNew(t, routes...)
	for _, c := range []struct {
		method, host, path, want string
		judged                   bool
	}{
		{"POST", "a.example", "/a%2fb", "found posts", false},
		{"GET", "a.example", "/a%2fb", "400 encoded slash", false},
		{"GET", "a.example", "/y", "found any", true},
		{"GET", "b.example", "/y", "found any", true},
		{"GET", "other", "/a%2fb", "found any", false},
		{"OPTIONS", "b.example", "*", "found any", false},
	} {
		var scratch []byte
		r := table.Match([]byte(c.host), []byte(c.path), []byte(c.method), &scratch, nil)
		if got := answer(routes, r); got != c.want || r.Judged != c.judged {
			t.Errorf("%s %s%s: %s, judged %v; want %s, %v", c.method, c.host, c.path, got, r.Judged, c.want, c.judged)
		}
	}
}

func TestSemicolonsThatAreMeant(t *testing.T) {
	routes := []match.Route{route("matrix", "a.example", "/a;b"), route("rest", "a.example")}
	table := mustNew(t, routes...)
	var scratch []byte
	r := table.Match([]byte("a.example"), []byte("/a;b"), []byte("GET"), &scratch, nil)
	if got := answer(routes, r); got != "found matrix" {
		t.Error(got)
	}
}

// TestRegexpSeesLineEnds: an escaped line end must not stop a dot.
func TestRegexpSeesLineEnds(t *testing.T) {
	routes := []match.Route{route("guarded", "a.example", `~^/a.*z$`), route("rest", "a.example")}
	table := mustNew(t, routes...)
	var scratch []byte
	r := table.Match([]byte("a.example"), []byte("/a%0Az"), []byte("GET"), &scratch, nil)
	if got := answer(routes, r); got != "found guarded" {
		t.Error(got)
	}
}

func TestPrefixLength(t *testing.T) {
	table := mustNew(t, route("r", "a.example", "/a:b/c/*", "/exact"), route("all", "a.example"))
	for path, want := range map[string]string{
		"/a:b/c/d":       "/a:b/c",
		"/a%3ab/c/d":     "/a%3ab/c",
		"/%61%3ab/c/%3A": "/a%3ab/c",
		"/a:b/c":         "/a:b/c",
		"/exact":         "",
		"/other":         "",
	} {
		var scratch []byte
		r := table.Match([]byte("a.example"), []byte(path), []byte("GET"), &scratch, nil)
		if got := string(r.Path[:r.Prefix]); got != want {
			t.Errorf("%s: prefix %q, want %q", path, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		r    match.Route
		want string
	}{
		{"regexp", route("r", "a", "~("), `route "r": path "~(": error parsing regexp: missing closing ): ` + "`(?s:()`"},
		{"no slash", route("r", "a", "x"), `route "r": path "x": it begins neither with a slash nor with "~"`},
		{"glob", route("r", "a", "/x*"), `route "r": path "/x*": it ends with a star: write "/x/*" for everything below /x/`},
		{"climbing", route("r", "a", "/../x"), `route "r": path "/../x": it climbs above the root`},
		{"ambiguous", route("r", "a", "/a%2fb/*"), `route "r": path "/a%2fb/*": such a request is refused: encoded slash`},
		{"host", route("r", "a b"), `route "r": host "a b" is neither a name nor an address`},
		{"inner wildcard", route("r", "a.*.b"), `route "r": host "a.*.b" is neither a name nor an address`},
		{"empty host", route("r", ""), `route "r": host "" is neither a name nor an address`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := match.New([]match.Route{c.r}); err == nil || err.Error() != c.want {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// TestTableIsItsOwn: what the caller does with its routes after New is no
// matter of the table.
func TestTableIsItsOwn(t *testing.T) {
	routes := []match.Route{with(route("r", "a.example", "/x"), "PUT", "GET")}
	table := mustNew(t, routes...)
	routes[0].Hosts[0], routes[0].Paths[0], routes[0].Methods[0] = "b", "/b", "B"
	var scratch []byte
	var reasons []match.Reason
	table.Match([]byte("a.example"), []byte("/x"), []byte("PUT"), &scratch, &reasons)
	if got := fmt.Sprint(reasons); got != "[{0 true host a.example, exact path /x}]" {
		t.Error(got)
	}
}

func TestReasons(t *testing.T) {
	routes := []match.Route{
		route("other", "b.example", "/x"),
		route("many", "b.example", "/x"),
		route("below", "a.example", "/y/*", "/z", "~^/w"),
		with(route("post", "a.example", "/x/*"), "POST"),
		route("site", "a.example", "/x/1"),
		route("regexp", "a.example", "~^/x/.$"),
		route("shorter", "a.example", "~^/x/"),
		route("prefix", "a.example", "/x/*"),
		route("all", "a.example"),
		route("wild", "*.example"),
		{Name: "nowhere"},
	}
	routes[1].Hosts = []string{"b.example", "*.b.example", "c.example", "d.example", "e.example", "f.example"}
	table := mustNew(t, routes...)
	for _, c := range []struct {
		name, method, host, path string
		want                     []string
	}{
		{"exact path", "GET", "a.example", "/x/1", []string{
			"site + host a.example, exact path /x/1",
			"below - path /x/1 is not below /y/, /z nor matched by ~^/w",
			"post - method GET is not POST",
			"regexp - route site is more specific: exact path /x/1",
			"shorter - route site is more specific: exact path /x/1",
			"prefix - route site is more specific: exact path /x/1",
			"all - route site is more specific: exact path /x/1",
			"wild - route site is more specific: host a.example",
			"other - host a.example is not b.example",
			"many - host a.example is not b.example, *.b.example, c.example, d.example or 2 others",
			"nowhere - it has no host",
		}},
		{"regexp", "GET", "a.example", "/x/%32", []string{
			"regexp + host a.example, path matched by ~^/x/.$",
			"below - path /x/2 is not below /y/, /z nor matched by ~^/w",
			"post - method GET is not POST",
			"site - path /x/2 is not /x/1",
			"shorter - route regexp is more specific: longer regexp ~^/x/.$",
			"prefix - route regexp is more specific: regexp ~^/x/.$",
			"all - route regexp is more specific: regexp ~^/x/.$",
			"wild - route regexp is more specific: host a.example",
			"other - host a.example is not b.example",
			"many - host a.example is not b.example, *.b.example, c.example, d.example or 2 others",
			"nowhere - it has no host",
		}},
		{"method", "POST", "a.example", "/x", []string{
			"post + host a.example, path /x lacks the slash of /x/*",
			"below - path /x is not below /y/, /z nor matched by ~^/w",
			"site - path /x is not /x/1",
			"regexp - path /x is not matched by ~^/x/.$",
			"shorter - path /x is not matched by ~^/x/",
			"prefix - route post is more specific: it names its methods",
			"all - route post is more specific: longer prefix /x/*",
			"wild - route post is more specific: host a.example",
			"other - host a.example is not b.example",
			"many - host a.example is not b.example, *.b.example, c.example, d.example or 2 others",
			"nowhere - it has no host",
		}},
		{"bad path", "GET", "x.b.example", "/x%2f\x9b", []string{
			"many - path refused: encoded slash",
			"wild - path refused: encoded slash",
			"other - host x.b.example is not b.example",
			"below - host x.b.example is not a.example",
			"post - host x.b.example is not a.example",
			"site - host x.b.example is not a.example",
			"regexp - host x.b.example is not a.example",
			"shorter - host x.b.example is not a.example",
			"prefix - host x.b.example is not a.example",
			"all - host x.b.example is not a.example",
			"nowhere - it has no host",
		}},
		{"all paths", "GET", "x.example", "/\x9b[2J" + strings.Repeat("x", 200), []string{
			"wild + host *.example, all paths",
			"other - host x.example is not b.example",
			"many - host x.example is not b.example, *.b.example, c.example, d.example or 2 others",
			"below - host x.example is not a.example",
			"post - host x.example is not a.example",
			"site - host x.example is not a.example",
			"regexp - host x.example is not a.example",
			"shorter - host x.example is not a.example",
			"prefix - host x.example is not a.example",
			"all - host x.example is not a.example",
			"nowhere - it has no host",
		}},
		{"odd bytes", "GET", "b.example", "/\x9b[2J" + strings.Repeat("x", 200), []string{
			"wild + host *.example, all paths",
			"other - path /%9B[2J" + strings.Repeat("x", 115) + "... is not /x",
			"many - path /%9B[2J" + strings.Repeat("x", 115) + "... is not /x",
			"below - host b.example is not a.example",
			"post - host b.example is not a.example",
			"site - host b.example is not a.example",
			"regexp - host b.example is not a.example",
			"shorter - host b.example is not a.example",
			"prefix - host b.example is not a.example",
			"all - host b.example is not a.example",
			"nowhere - it has no host",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var scratch []byte
			var reasons []match.Reason
			table.Match([]byte(c.host), []byte(c.path), []byte(c.method), &scratch, &reasons)
			var got []string
			for _, r := range reasons {
				got = append(got, fmt.Sprintf("%s %c %s", routes[r.Route].Name, map[bool]rune{true: '+', false: '-'}[r.Matched], r.Why))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestNoAllocation holds for every verdict and spelling once the scratch buffer
// has grown; only a union of several routes' methods is made anew.
func TestNoAllocation(t *testing.T) {
	table := mustNew(t,
		route("site", "a.example", "/", "/x/*"),
		with(route("post", "a.example", "/post"), "POST"),
		route("regexp", "a.example", "~^/item/[0-9]+$"),
		route("wild", "*.example"))
	scratch := make([]byte, 0, 512)
	for _, c := range []struct {
		host, path, method string
		want               match.Verdict
	}{
		{"a.example", "/x/y", "GET", match.Found},
		{"a.example", "/item/4711", "GET", match.Found},
		{"a.example", "//x/%41/../%C3%A9;v", "GET", match.Found},
		{"a.example", "/x", "GET", match.AddSlash},
		{"a.b.c.example", "/", "GET", match.Found},
		{"a.example", "/x%2f", "GET", match.BadPath},
		{"a.example", "/..", "GET", match.BadPath},
		{"a.other", "/", "GET", match.NoRoute},
	} {
		host, path, method := []byte(c.host), []byte(c.path), []byte(c.method)
		n := testing.AllocsPerRun(100, func() {
			if r := table.Match(host, path, method, &scratch, nil); r.Verdict != c.want {
				t.Fatalf("%s%s: %v, want %v", host, path, r.Verdict, c.want)
			}
		})
		if n != 0 {
			t.Errorf("%s %s%s: %v allocations", method, host, path, n)
		}
	}
}

// TestHostilePaths are as long as a request can bring them; the naive matcher
// says what is right.
func TestHostilePaths(t *testing.T) {
	routes := naive{
		route("deep", "a.example", strings.Repeat("/p", 4000)+"/*"),
		route("shallow", "a.example", "/p/*"),
		route("wild", "*.a.a.example"),
	}
	table := mustNew(t, routes...)
	var scratch []byte
	for _, path := range []string{
		"/" + strings.Repeat("%", 16000),
		"/" + strings.Repeat("%;/", 5300),
		strings.Repeat("/", 16000),
		strings.Repeat("/p", 8000),
		strings.Repeat("/p", 4000),
		strings.Repeat("/p", 3999),
		strings.Repeat("/p", 4000) + strings.Repeat("/..", 3999),
		strings.Repeat("/p", 4000) + strings.Repeat("/..", 4001),
		"/" + strings.Repeat("%C3", 5000),
		strings.Repeat("/;", 8000),
		strings.Repeat("/%70", 4001),
		strings.Repeat("/p/.", 4001),
	} {
		for _, host := range []string{"a.example", strings.Repeat("a.", 8000) + "example"} {
			got := table.Match([]byte(host), []byte(path), []byte("GET"), &scratch, nil)
			if want := routes.match(host, path, "GET"); text(got) != text(want) {
				t.Errorf("%.20s %.20s…: got %.200s\nwant %.200s", host, path, text(got), text(want))
			}
			if len(scratch) > 5*len(path)+3 {
				t.Errorf("%.20s…: the scratch buffer holds %d bytes", path, len(scratch))
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	table := mustNew(t, route("r", "a.example", "/x/*", "~^/y"), route("s", "a.example"))
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			var scratch []byte
			var reasons []match.Reason
			for range 200 {
				path := fmt.Sprintf("/x//%%4%d", i+1)
				r := table.Match([]byte("a.example"), []byte(path), []byte("GET"), &scratch, &reasons)
				if want := fmt.Sprintf("/x/%c", 'A'+i); r.Route != 0 || string(r.Path) != want {
					t.Errorf("%s: route %d, path %s", path, r.Route, r.Path)
				}
			}
		})
	}
	group.Wait()
}
