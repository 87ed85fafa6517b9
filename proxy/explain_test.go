package proxy_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
)

// oddTargets are requests whose target or method a client would hardly send.
// sent is what goes over the wire where that is not the end of the URL.
var oddTargets = []struct {
	name, method, url, sent string
	status                  int // 0: the upstream answers
	want                    string
}{
	{"a query", "GET", "http://all.example/x?a=b", "/x?a=b", 0, "/x?a=b"},
	{"a bare question mark", "GET", "http://all.example/x?", "/x?", 0, "/x?"},
	{"a query without a path", "GET", "http://all.example?a", "/?a", 0, "/?a"},
	{"no scheme but one in the query", "GET", "all.example/x?u=ftp://y", "/x?u=ftp://y", 0, "/x?u=ftp://y"},
	{"a bad escape, no path routes", "GET", "http://all.example/%zz", "/%zz", 0, "/%zz"},
	{"a bad escape, path routes", "GET", "http://site.example/blog/%zz", "/blog/%zz", 400, ""},
	{"high bytes", "GET", "http://all.example/\xc3\xa4", "/\xc3\xa4", 0, "/\xc3\xa4"},
	{"a fragment", "GET", "http://all.example/x?a#b c", "/x?a", 0, "/x?a"},
	{"a blank", "GET", "http://all.example/a b", "/a b", 400, ""},
	{"a blank in the query", "GET", "http://all.example/a?b c", "/a?b c", 400, ""},
	{"a blank at the end", "GET", "http://all.example/a ", "/a ", 400, ""},
	{"a tab", "GET", "http://all.example/a\tb", "/a\tb", 400, ""},
	{"a NUL", "GET", "http://all.example/a\x00b", "/a\x00b", 400, ""},
	{"a DEL", "GET", "http://all.example/a\x7fb", "/a\x7fb", 400, ""},
	{"a line feed", "GET", "http://all.example/a\nb", "/a\nb", 400, ""},
	{"a user name", "GET", "http://me:pw@all.example/x", "http://me:pw@all.example/x", 400, ""},
	{"a long target", "GET", "http://all.example/" + strings.Repeat("a", 16<<10-15), "/" + strings.Repeat("a", 16<<10-15), 0,
		"/" + strings.Repeat("a", 16<<10-15)},
	{"a target too long", "GET", "http://all.example/" + strings.Repeat("a", 16<<10), "/" + strings.Repeat("a", 16<<10), 414, ""},
	{"a method in lower case", "get", "http://gets.example/", "/", 405, ""},
	{"the method of the route", "GET", "http://gets.example/", "/", 0, "/"},
	{"a method as long as may be", strings.Repeat("M", 32), "http://all.example/", "/", 0, "/"},
	{"a method too long", strings.Repeat("M", 33), "http://all.example/", "/", 400, ""},
	{"a method with a blank", "GE T", "http://all.example/", "/", 400, ""},
	{"a method that is no token", "G(T", "http://all.example/", "/", 400, ""},
	{"TRACE", "TRACE", "http://all.example/", "/", 405, ""},
	{"a slash added", "GET", "http://site.example/blog?x", "/blog?x", 308, "/blog/?x"},
	{"a slash added to a judged path", "GET", "http://site.example//a/../blo%67?", "//a/../blo%67?", 308, "/blog/?"},
	{"a redirect", "GET", "http://old.example/new?", "/new?", 302, "/new?"},
	{"a redirect to //", "GET", "http://old.example//evil.example", "//evil.example", 400, ""},
	{"a redirect to /\\", "GET", "http://old.example/\\evil.example", "/\\evil.example", 400, ""},
}

func TestExplainOddTargets(t *testing.T) {
	addr := mirror(t)
	to := "to = \"http://" + addr + "\"\n"
	s := newSite(t, "[route.all]\nhost = \"all.example\"\n"+to+
		"[route.blog]\nhost = \"site.example\"\npath = \"/blog/*\"\n"+to+
		"[route.gets]\nhost = \"gets.example\"\nmethods = [\"GET\"]\n"+to+
		"[route.old]\nhost = \"old.example\"\nredirect = \"{path}?{query}\"\nstatus = 302\n")
	for _, test := range oddTargets {
		t.Run(test.name, func(t *testing.T) {
			e, err := s.server.Explain(proxy.Request{URL: test.url, Method: test.method})
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if test.status == 0 {
				want = "http://" + addr + want
			}
			if e.Status != test.status || e.URL != want {
				t.Errorf("explained: %d %.80q, want %d %.80q", e.Status, e.URL, test.status, want)
			}
			if e.Status == 400 || e.Status == 414 {
				refused := len(e.Guards) == 1 && e.Guards[0].Verdict == "refuse" && e.Guards[0].Why != ""
				if e.Route != nil || !refused {
					t.Errorf("refused by route %v, guards %+v", e.Route, e.Guards)
				}
			}
			host, _, _ := strings.Cut(test.url[strings.Index(test.url, "@")+1:], "example")
			host = strings.TrimPrefix(host, "http://") + "example"
			status, place := s.happened(t, test.method+" "+test.sent+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
			if wantStatus := max(test.status, 200); status != wantStatus || place != test.want {
				t.Errorf("happened: %d %.80q, want %d %.80q", status, place, wantStatus, test.want)
			}
		})
	}
}

func TestExplainTakesGETForNoMethod(t *testing.T) {
	s := newSite(t, "[route.gets]\nhost = \"*\"\nmethods = [\"GET\"]\nrespond = { status = 204 }\n")
	e, err := s.server.Explain(proxy.Request{URL: "http://a.example/"})
	if err != nil || e.Status != 204 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestExplainNeedsAPlace(t *testing.T) {
	s := newSite(t, "[route.all]\nhost = \"*\"\nrespond = { status = 204 }\n")
	for _, url := range []string{"", "http://", "http:///x", "ftp://a.example/", "http://a b/", "http://a.example:x/", "http://a\r\nX: y/"} {
		if e, err := s.server.Explain(proxy.Request{URL: url}); err == nil {
			t.Errorf("%q: %+v", url, e)
		}
	}
}

// happened sends a request and returns the status with the redirect's target,
// or with the target that the upstream got.
func (s *site) happened(t *testing.T, request string) (status int, place string) {
	t.Helper()
	answer := s.raw(request)
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		t.Fatalf("%v: %.80q", err, answer)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return resp.StatusCode, resp.Header.Get("Location")
	}
	line, err := bufio.NewReaderSize(resp.Body, 32<<10).ReadString('\n')
	parts := strings.Split(line, " ")
	if err != nil || len(parts) != 3 {
		t.Fatalf("the upstream got %.80q: %v", line, err)
	}
	return 200, parts[1]
}
