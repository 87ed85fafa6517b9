package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/cgi/cgitest"
)

// printScript is what each script of the tree says, and the fake PHP too: below
// its root, which script was run, what it was called and what followed.
const printScript = `<?php header("Content-Type: text/plain"); $s = $_SERVER;
echo "ran ", substr($s["SCRIPT_FILENAME"], strlen($s["DOCUMENT_ROOT"])), " as ", $s["SCRIPT_NAME"], " + ", $s["PATH_INFO"], " ? ", $s["QUERY_STRING"];`

func fakePHP(t *testing.T) string {
	return "fastcgi://" + asked(t, cgitest.ReadFastCGI, func(env map[string]string) string {
		script := strings.TrimPrefix(env["SCRIPT_FILENAME"], env["DOCUMENT_ROOT"])
		return cgitest.Family[0].Answer("Content-Type: text/plain\n\nran " + script + " as " + env["SCRIPT_NAME"] + " + " + env["PATH_INFO"] + " ? " + env["QUERY_STRING"])
	})
}

// phpTree is a folder with all that could be mistaken for something else.
func phpTree(t *testing.T) string {
	outside := tree(t, map[string]string{"secret.txt": "secret", "secret.php": printScript})
	root := tree(t, map[string]string{
		"index.php": printScript, "sub/index.php": printScript, "sub/page.php": printScript, "a b.php": printScript,
		"style.css": "p{}", "pic.jpg": "<?php echo 'owned';", "pages/index.html": "a page", "pages/readme.txt": "read me", "empty/": "",
		".env": "secret", ".git/config": "secret", ".git/x.php": printScript, "CAPITAL.PHP": "secret", "config.php~": "secret",
		"config.php.bak": "secret", "config.pHtml": "secret", "folder.php/inner.php": printScript, "folder.php/plain.txt": "plain",
	})
	for _, name := range []string{"secret.txt", "secret.php"} {
		if err := os.Symlink(filepath.Join(outside, name), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// each runs a table against the fake and against PHP itself.
func eachPHP(t *testing.T, run func(t *testing.T, to string)) {
	t.Run("fake", func(t *testing.T) { run(t, fakePHP(t)) })
	t.Run("php-fpm", func(t *testing.T) {
		socket, _ := phpFPM(t)
		run(t, "fastcgi+unix://"+socket)
	})
}

// TestLinkOut: what is not served for a link out of the folder is said to the
// owner, whoever answers in its place, and not to the visitor.
func TestLinkOut(t *testing.T) {
	lost := func(map[string]string) string {
		return cgitest.Family[0].Answer("Status: 404\nContent-Type: text/plain\n\nnothing here")
	}
	root, outside := phpTree(t), tree(t, map[string]string{"lib.js": "lib"})
	for link, to := range map[string]string{"lib.js": outside + "/lib.js", "lib": outside, "gone.js": outside + "/gone.js"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"php.test\"\npath = \"/p/*\"\nstrip_prefix = \"/p\"\nto = %q\nroot = %q\nstatic = %q\n", "fastcgi://"+asked(t, cgitest.ReadFastCGI, lost), root, root)+
		fmt.Sprintf("[route.files]\nhost = \"files.test\"\nfiles = %q\n", root))
	for i, c := range []struct{ host, path, detail string }{
		{"php.test", "/p/secret.php", `a link out of the folder, to "`},
		{"php.test", "/p/secret.php/info", ""},
		{"php.test", "/p/lib.js", `/lib.js": a link out of the folder, to "` + outside + `/lib.js"`},
		{"php.test", "/p/lib/lib.js", `a link out of the folder, to "` + outside + `/lib.js"`},
		{"php.test", "/p/nothing.js", ""},
		{"files.test", "/lib.js", `/lib.js": a link out of the folder, to "` + outside + `/lib.js"`},
		{"files.test", "/gone.js", "escapes"},
		{"files.test", "/nothing.js", "no such file"},
	} {
		resp, body := s.get(c.host, c.path)
		row := s.lastRow(uint64(i + 1))
		if resp.StatusCode != 404 || !strings.Contains(row.Detail, c.detail) {
			t.Errorf("%s%s: %d, %q", c.host, c.path, resp.StatusCode, row.Detail)
		}
		if c.detail == "" && strings.Contains(row.Detail, "link") {
			t.Errorf("%s%s: %q", c.host, c.path, row.Detail)
		}
		if strings.Contains(body, outside) || strings.Contains(body, "link") {
			t.Errorf("%s%s: the visitor sees %q", c.host, c.path, body)
		}
	}
}

func TestTryFiles(t *testing.T) {
	eachPHP(t, func(t *testing.T, to string) {
		root := phpTree(t)
		s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = %q\nstatic = %q\nindex = [\"index.php\", \"index.html\"]\n", to, root, root))
		for path, want := range map[string]string{
			"/":                       "200 ran /index.php as /index.php +  ? ",
			"/?x=1":                   "200 ran /index.php as /index.php +  ? x=1",
			"/index.php":              "200 ran /index.php as /index.php +  ? ",
			"/index.php/a%20b/c?y":    "200 ran /index.php as /index.php + /a b/c ? y",
			"/sub/":                   "200 ran /sub/index.php as /sub/index.php +  ? ",
			"/sub":                    "308 /sub/",
			"/sub?x=1":                "308 /sub/?x=1",
			"/sub/page.php/index.php": "200 ran /sub/page.php as /sub/page.php + /index.php ? ",
			"/a%20b.php":              "200 ran /a b.php as /a b.php +  ? ",
			"/folder.php/inner.php/x": "200 ran /folder.php/inner.php as /folder.php/inner.php + /x ? ",
			"/no/such/page":           "200 ran /index.php as /index.php +  ? ",
			"/empty/":                 "200 ran /index.php as /index.php +  ? ",
			"/empty":                  "200 ran /index.php as /index.php +  ? ",
			"/style.css/":             "200 ran /index.php as /index.php +  ? ",

			"/style.css":        "200 p{}",
			"/pic.jpg":          "200 <?php echo 'owned';",
			"/pages/":           "200 a page",
			"/pages":            "308 /pages/",
			"/pages/readme.txt": "200 read me",

			"/nosuch.php":             "404",
			"/sub/nosuch.php/x":       "404",
			"/pic.jpg/x.php":          "404",
			"/pic.jpg/x.php/y.jpg":    "404",
			"/style.css/index.php":    "404",
			"/pic.jpg%2fx.php":        "404",
			"/index.php%2f..%2fx.php": "400",
			"/secret.php":             "404",
			"/.git/x.php":             "404",
			"/.git/../.git/x.php":     "404",
			"/sub//.././/page.php":    "404",
			"/folder.php/plain.txt":   "404",
			"/nosuch.PHP":             "404",
			"/index.PHP":              "404",
			"/index.php%20":           "404",
			"/index.php.":             "404",

			"/.env":             "200 ran /index.php as /index.php +  ? ",
			"/.git/config":      "200 ran /index.php as /index.php +  ? ",
			"/secret.txt":       "200 ran /index.php as /index.php +  ? ",
			"/config.php~":      "200 ran /index.php as /index.php +  ? ",
			"/config.php.bak":   "200 ran /index.php as /index.php +  ? ",
			"/config.pHtml":     "200 ran /index.php as /index.php +  ? ",
			"/style.css%00.php": "400",
			"/index.php%00.css": "400",
			"/..%2f..%2fx":      "400",
			"/%2e%2e/%2e%2e/x":  "400",
			"/sub/../style.css": "200 p{}",
			"/sub/%2e%2e%2fx":   "400",
			"/..%5c..%5cx":      "200 ran /index.php as /index.php +  ? ",
		} {
			if got := s.answerTo(path); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			s.explained(path, want, root)
		}
		if got := s.answerTo("/CAPITAL.PHP"); strings.Contains(got, "secret") {
			t.Error(got) // PHP refuses it by its ending
		}
	})
}

// explained holds the explanation of a path against what it was answered.
func (s *site) explained(path, want, root string) {
	s.t.Helper()
	e, err := s.server.Explain(proxy.Request{URL: "http://home.test" + path})
	if err != nil {
		s.t.Fatal(err)
	}
	status, rest, _ := strings.Cut(want, " ")
	got := fmt.Sprint(e.Status)
	switch script, ok := strings.CutPrefix(rest, "ran "); {
	case ok:
		script, _, _ = strings.Cut(script, " as ")
		if got != "0" || !strings.HasSuffix(e.URL, root+script) || !strings.HasPrefix(e.URL, e.Upstream) || e.Upstream == "" {
			s.t.Errorf("%s is explained as %s %s to %q", path, got, e.URL, e.Upstream)
		}
	case got != status || status == "308" && e.URL != rest || status == "200" && !strings.HasPrefix(e.URL, "file://"+root+"/"):
		s.t.Errorf("%s is explained as %s %s, want %s", path, got, e.URL, want)
	}
}

// answerTo gives what a path, spelled as it is, is answered.
func (s *site) answerTo(path string) string {
	s.t.Helper()
	answer := s.raw("GET " + path + " HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		s.t.Fatalf("%s: %v: %.80q", path, err, answer)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	return answerOf(resp, string(body))
}

// answerOf is the status with what tells the answers apart.
func answerOf(resp *http.Response, body string) string {
	switch {
	case resp.StatusCode == 308:
		return "308 " + resp.Header.Get("Location")
	case resp.StatusCode >= 400:
		return fmt.Sprint(resp.StatusCode)
	}
	return fmt.Sprint(resp.StatusCode, " ", body)
}

// TestTryFilesWithout has no copy of the root: all goes to PHP, and nothing is
// run that was not meant to be.
func TestTryFilesWithout(t *testing.T) {
	eachPHP(t, func(t *testing.T, to string) {
		root := phpTree(t)
		s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = %q\n", to, root))
		for path, want := range map[string]string{
			"/":                     "200 ran /index.php as /index.php +  ? ",
			"/sub/page.php/a%20b?x": "200 ran /sub/page.php as /sub/page.php + /a b ? x",
			"/style.css":            "200 ran /index.php as /index.php +  ? ",
			"/read/this/":           "200 ran /index.php as /index.php +  ? ",
			"/.git/x.php":           "404",
			"/..%2fx.php":           "400",
			"/index.php%00.jpg":     "400",
		} {
			if got := s.answerTo(path); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			s.explained(path, want, root)
		}
		if got := s.answerTo("/pic.jpg/x.php"); strings.Contains(got, "owned") {
			t.Errorf("the picture was run: %s", got)
		}
	})
}

// TestTryFilesOwn: entries of one's own, with a query, and a file at the end.
func TestTryFilesOwn(t *testing.T) {
	eachPHP(t, func(t *testing.T, to string) {
		root := tree(t, map[string]string{"app.php": printScript, "about.php": printScript, "away.html": "away", "style.css": "p{}"})
		route := func(try string) string {
			return fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = %q\nstatic = %q\ntry_files = %s\n", to, root, root, try)
		}
		s := newSite(t, route(`["{path}", "{path}.php", "/app.php?q={path}&{query}"]`))
		for path, want := range map[string]string{
			"/style.css":  "200 p{}",
			"/about?x=1":  "200 ran /about.php as /about.php +  ? x=1",
			"/no/way?x=1": "200 ran /app.php as /app.php +  ? q=/no/way&x=1",
			"/no.php":     "404",
		} {
			if got := s.answerTo(path); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			s.explained(path, want, root)
		}
		s.apply(route(`["{path}", "/away.html"]`))
		if got := s.answerTo("/no"); got != "200 away" {
			t.Error(got)
		}
		s.apply(route(`"{path}"`))
		if got := s.answerTo("/no"); got != "404" {
			t.Error(got)
		}
	})
}

// TestStaticGone: a folder that cannot be had is no reason to run anything.
func TestStaticGone(t *testing.T) {
	root := tree(t, map[string]string{"index.php": printScript})
	s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = \"/srv\"\nstatic = %q\n", fakePHP(t), root))
	if got := s.answerTo("/x.php"); got != "404" {
		t.Error(got)
	}
	if err := os.Rename(root, root+".away"); err != nil {
		t.Fatal(err)
	}
	if got := s.answerTo("/"); got != "503" {
		t.Error(got)
	}
	if row := s.lastRow(2); !strings.Contains(row.Detail, root) {
		t.Errorf("the record says %q", row.Detail)
	}
}

// TestStaticMethods: a file takes no POST.
func TestStaticMethods(t *testing.T) {
	root := tree(t, map[string]string{"style.css": "p{}"})
	s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = \"/srv\"\nstatic = %q\n", fakePHP(t), root))
	answer := s.raw("POST /style.css HTTP/1.1\r\nHost: home.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 405 ") || !strings.Contains(answer, "\r\nAllow: GET, HEAD\r\n") {
		t.Error(answer)
	}
}
