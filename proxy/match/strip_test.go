package match_test

import (
	"bytes"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/match"
)

func TestStripPrefix(t *testing.T) {
	for _, c := range []struct{ path, prefix, want string }{
		{"/blog", "/blog", "/"},
		{"/blog/", "/blog", "/"},
		{"/blog/x", "/blog", "/x"},
		{"/blog/x", "/blog/", "/x"},
		{"/blog", "/blog/", "/"},
		{"/blog/x/", "/blog", "/x/"},
		{"/blogger", "/blog", "/blogger"},
		{"/blo", "/blog", "/blo"},
		{"/other/blog/x", "/blog", "/other/blog/x"},
		{"/blog/blog/x", "/blog", "/blog/x"},
		{"/a/b/c", "/a/b", "/c"},
		{"/x", "/", "/x"},
		{"/x", "", "/x"},
		{"/", "/blog", "/"},
		{"", "/blog", "/"},
		{"/blog//evil.example", "/blog", "/evil.example"},
		{"//evil.example", "", "/evil.example"},
		{"/a%3Ab/c", "/a:b", "/c"},
		{"/a:b/c", "/a%3ab", "/c"},
		{"/caf%c3%a9/c", "/café", "/c"},
		{"/a%2fb/c", "/a/b", "/a%2fb/c"},
		{"/a%2Fb/c", "/a%2fb", "/c"},
		{"/a%", "/a%", "/"},
	} {
		got := match.StripPrefix([]byte("before "), []byte(c.path), c.prefix)
		if want := "before " + c.want; string(got) != want {
			t.Errorf("%s without %s: %s, want %s", c.path, c.prefix, got, want)
		}
	}
}

// FuzzStripPrefix: one leading slash, nothing invented, and the prefix a route
// matched by comes off to the very byte that Match says.
func FuzzStripPrefix(f *testing.F) {
	f.Add([]byte("/blog/x"), "/blog")
	f.Add([]byte("/a%3Ab//c"), "/a:b/")
	f.Add([]byte("/%61%2f"), "/a/")
	f.Fuzz(func(t *testing.T, path []byte, prefix string) {
		got := match.StripPrefix(nil, path, prefix)
		if got[0] != '/' || len(got) > 1 && got[1] == '/' {
			t.Fatalf("%q without %q is %q", path, prefix, got)
		}
		if !bytes.HasSuffix(path, got[1:]) {
			t.Fatalf("%q without %q is %q, which is not its end", path, prefix, got)
		}
		prefix = strings.TrimRight(prefix, "/")
		table, err := match.New([]match.Route{{Name: "r", Hosts: []string{"*"}, Paths: []string{prefix + "/*"}}})
		if err != nil || prefix == "" {
			return
		}
		var scratch []byte
		r := table.Match(nil, path, []byte("GET"), &scratch, nil)
		if r.Verdict != match.Found && r.Verdict != match.AddSlash || naiveDecode(prefix) != naiveDecode(string(r.Path[:r.Prefix])) {
			return
		}
		want := "/" + strings.TrimPrefix(string(r.Path[r.Prefix:]), "/")
		if got := match.StripPrefix(nil, r.Path, prefix); string(got) != want {
			t.Fatalf("%q without %q is %q, want %q", r.Path, prefix, got, want)
		}
	})
}
