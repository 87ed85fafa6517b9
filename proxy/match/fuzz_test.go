package match_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/proxy/match"
)

// TestMatchIsNaiveMatch compares Match with the definition over random tables
// and requests, and each answer with the one given with reasons.
func TestMatchIsNaiveMatch(t *testing.T) { rapid.Check(t, checkNaive) }

// FuzzMatch does the same, led by coverage.
func FuzzMatch(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkNaive)) }

var (
	someHosts    = []string{"*", "a.example", "b.example", "*.a.example", "*.example", "*.b.a.example", "[::1]"}
	askedHosts   = []string{"a.example", "b.example", "x.a.example", "y.x.b.a.example", "example", ".example", "other", "", "[::1]", "a.b.c.d.e.f.a.example"}
	someSegments = []string{"x", "y", "xy", "a b", "é", ":", "x;v", "..x", "x."}
	someSpelling = []string{"x", "y", "xy", "%78", "a%20b", "%C3%A9", "%c3%a9", "é", ":", "%3A", "x;v", ";", "%3b", "x%3bv",
		".", "..", "%2e", "%2E.", ".;", "..;y", ".%3B", "%252e", "%25%32e", "%252F", "%2f", "%5C", "\\", "%00", "%zz", "%2", "%", "%%32e", "..x", "x.", "%0a", "\xff"}
	someRegexps = []string{"~x", "~^/x$", "~/y", "~^/..$", "~.y$", "~;", "~."}
	someMethods = []string{"GET", "HEAD", "POST", "PUT"}
)

func drawTable(t *rapid.T) []match.Route {
	path := rapid.Custom(func(t *rapid.T) string {
		literal := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(someSegments), 1, 3).Draw(t, "segments"), "/")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom(someRegexps).Draw(t, "regexp")
		case 1:
			return literal
		case 2:
			return literal + "/"
		case 3:
			return rapid.SampledFrom([]string{"/", "/*"}).Draw(t, "root")
		}
		return literal + "/*"
	})
	route := rapid.Custom(func(t *rapid.T) match.Route {
		return match.Route{
			Name:     rapid.StringMatching("[a-c]").Draw(t, "name"),
			Hosts:    rapid.SliceOfN(rapid.SampledFrom(someHosts), 0, 3).Draw(t, "hosts"),
			Paths:    rapid.SliceOfN(path, 0, 3).Draw(t, "paths"),
			Methods:  rapid.SliceOfN(rapid.SampledFrom(someMethods), 0, 2).Draw(t, "methods"),
			Rewrites: rapid.Bool().Draw(t, "rewrites"),
		}
	})
	return rapid.SliceOfN(route, 0, 8).Draw(t, "routes")
}

func drawPath(t *rapid.T) string {
	if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]string{"*", "", "x", "**"}).Draw(t, "no path")
	}
	segment := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(someSpelling), 0, 2).Draw(t, "spellings"), "")
	})
	return "/" + strings.Join(rapid.SliceOfN(segment, 0, 5).Draw(t, "path"), "/")
}

func checkNaive(t *rapid.T) {
	routes := drawTable(t)
	table, err := match.New(routes)
	if err != nil {
		t.Fatal(err)
	}
	var scratch []byte
	for range 8 {
		host := rapid.SampledFrom(askedHosts).Draw(t, "host")
		path := drawPath(t)
		method := rapid.SampledFrom(someMethods).Draw(t, "method")
		want := text(naive(routes).match(host, path, method))
		given := []byte(path)
		got := text(table.Match([]byte(host), given, []byte(method), &scratch, nil))
		if got != want {
			t.Fatalf("%s %s %q:\n got %s\nwant %s", method, host, path, got, want)
		}
		var reasons []match.Reason
		r := table.Match([]byte(host), given, []byte(method), &scratch, &reasons)
		if text(r) != want {
			t.Fatalf("%s %s %q with reasons:\n got %s\nwant %s", method, host, path, text(r), want)
		}
		if (r.Bad != "") != (r.Verdict == match.BadPath) {
			t.Fatalf("%s %s %q: %v with the words %q", method, host, path, r.Verdict, r.Bad)
		}
		if string(given) != path {
			t.Fatalf("the path given was changed from %q to %q", path, given)
		}
		checkReasons(t, routes, r, reasons)
	}
}

// text leaves out why a path is refused: that is words.
func text(r match.Result) string {
	return fmt.Sprintf("%v route %d judged %v path %q prefix %d allow %v", r.Verdict, r.Route, r.Judged, r.Path, r.Prefix, r.Allow)
}

// checkReasons demands one reason for every route, and that the one that
// matched is the result.
func checkReasons(t *rapid.T, routes []match.Route, r match.Result, reasons []match.Reason) {
	seen := map[int]bool{}
	for i, reason := range reasons {
		seen[reason.Route] = true
		if reason.Matched != (reason.Route == r.Route) || reason.Matched && i != 0 {
			t.Fatalf("result %s, yet reason %d is %+v", text(r), i, reason)
		}
		if reason.Matched != strings.HasPrefix(reason.Why, "host ") && !strings.Contains(reason.Why, " is not ") {
			t.Fatalf("result %s, yet the reason %+v", text(r), reason)
		}
		if reason.Why == "" || strings.ContainsFunc(reason.Why, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
			t.Fatalf("reason %+v is not fit to be shown", reason)
		}
	}
	if len(seen) != len(routes) || len(reasons) != len(routes) {
		t.Fatalf("%d reasons on %d routes, of %d", len(reasons), len(seen), len(routes))
	}
}
