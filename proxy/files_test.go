package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// tree makes files below a new folder: "name": content, or "name/": none. They
// were last changed a while ago.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	long := time.Date(2024, 2, 3, 4, 5, 6, 789, time.UTC)
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const longAgo = "Sat, 03 Feb 2024 04:05:06 GMT"

// filesOf is a route for all of a host that serves a folder.
func filesOf(dir, more string) string {
	return fmt.Sprintf("[route.files]\nhost = \"*\"\nfiles = %q\n%s", dir, more)
}

func TestFiles(t *testing.T) {
	dir := tree(t, map[string]string{
		"index.html": "<p>home", "a.txt": "hello", "style.CSS": "p{}", "odd": "x", "a b+ü.txt": "odd name", "empty.txt": "",
		"sub/index.html": "sub", "bare/x.txt": "x", "100%.txt": "percent",
	})
	s := newSite(t, filesOf(dir, ""))
	for _, c := range []struct {
		name, path     string
		status         int
		body, kind, to string
	}{
		{"the index", "/", 200, "<p>home", "text/html; charset=utf-8", ""},
		{"the index by name", "/index.html", 200, "<p>home", "text/html; charset=utf-8", ""},
		{"a file", "/a.txt", 200, "hello", "text/plain; charset=utf-8", ""},
		{"a file with a query", "/a.txt?v=2", 200, "hello", "text/plain; charset=utf-8", ""},
		{"an extension in upper case", "/style.CSS", 200, "p{}", "text/css; charset=utf-8", ""},
		{"no extension", "/odd", 200, "x", "application/octet-stream", ""},
		{"an empty file", "/empty.txt", 200, "", "text/plain; charset=utf-8", ""},
		{"an escaped name", "/a%20b%2B%C3%BC.txt", 200, "odd name", "text/plain; charset=utf-8", ""},
		{"an escaped percent sign", "/100%25.txt", 200, "percent", "text/plain; charset=utf-8", ""},
		{"dots inside", "/sub/../a.txt", 200, "hello", "text/plain; charset=utf-8", ""},
		{"a folder with its slash", "/sub/", 200, "sub", "text/html; charset=utf-8", ""},
		{"a folder without its slash", "/sub?x=1&y", 308, "", "", "/sub/?x=1&y"},
		{"two slashes before a folder", "//sub", 308, "", "", "/sub/"},
		{"a folder without an index", "/bare/", 404, "", "", ""},
		{"the same without its slash", "/bare", 404, "", "", ""},
		{"a file with a slash", "/a.txt/", 404, "", "", ""},
		{"below a file", "/a.txt/x", 404, "", "", ""},
		{"nothing", "/nothing", 404, "", "", ""},
		{"a name too long", "/" + strings.Repeat("n", 300), 404, "", "", ""},
		{"a path too long", strings.Repeat("/n", 4000), 404, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := s.get("a.example", c.path)
			if resp.StatusCode != c.status || resp.Header.Get("Location") != c.to {
				t.Fatalf("%d to %q, want %d to %q", resp.StatusCode, resp.Header.Get("Location"), c.status, c.to)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
			if c.status != 200 {
				return
			}
			if body != c.body || resp.Header.Get("Content-Type") != c.kind || resp.ContentLength != int64(len(c.body)) {
				t.Errorf("%q of %q, length %d", body, resp.Header.Get("Content-Type"), resp.ContentLength)
			}
			if resp.Header.Get("Last-Modified") != longAgo || !strings.HasPrefix(resp.Header.Get("ETag"), `"`) || resp.Header.Get("Accept-Ranges") != "bytes" {
				t.Errorf("head %v", resp.Header)
			}
		})
	}
}

func TestFilesMethods(t *testing.T) {
	s := newSite(t, filesOf(tree(t, map[string]string{"a.txt": "hello"}), ""))
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 405} {
		req, _ := http.NewRequest(method, "http://"+s.addr+"/a.txt", nil)
		resp, body := s.do(req)
		if resp.StatusCode != want || want == 405 && resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
		if method == "HEAD" && (body != "" || resp.ContentLength != 5) {
			t.Errorf("HEAD: %q, length %d", body, resp.ContentLength)
		}
	}
	if answer := s.raw("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 405 ") {
		t.Errorf("OPTIONS *: %.40q", answer)
	}
	// A body nobody asked for is no reason to fail, and is not taken for a request.
	answer := s.raw("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if strings.Count(answer, "HTTP/1.1 200 OK") != 2 {
		t.Errorf("a body with GET: %q", answer)
	}
}

// listOf is filesOf with listings.
func listOf(dir string) string {
	return fmt.Sprintf("[route.files]\nhost = \"*\"\nfiles = { dir = %q, list = true }\n", dir)
}

// escapes are ways out of a folder, or to what is hidden in it, as they come
// over the wire; {abs} stands for an absolute path.
var escapes = []string{
	"/../secret.txt", "/..", "/../", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/%2E%2E/secret.txt", "/.%2e/secret.txt",
	"/..%2fsecret.txt", "/..%2Fsecret.txt", "/%2e%2e%2fsecret.txt", "/sub/..%2f..%2fsecret.txt", "/%252e%252e/secret.txt",
	"/..\\secret.txt", "/..%5csecret.txt", "/sub\\..\\..\\secret.txt", "/..;/secret.txt", "/..;x/secret.txt", "/.;/../secret.txt",
	"/%c0%ae%c0%ae/secret.txt", "/..%00/secret.txt", "/a.txt%00.html", "/%00", "/..%c0%afsecret.txt", "/....//secret.txt",
	"//../secret.txt", "///secret.txt", "/{abs}/secret.txt", "//{abs}/secret.txt", "/%2f{abs}/secret.txt", "/file:///{abs}/secret.txt",
	"/out.txt", "/out/secret.txt", "/out/", "/out", "/abs.txt", "/loop", "/loop/x", "/chain/secret.txt", "/sub/up/secret.txt", "/sub/up/../secret.txt",
	"/.env", "/.git/config", "/%2eenv", "/%2Egit/config", "/sub/.hidden", "/sub/%2ehidden", "/.git/", "/.git", "/./.env", "/sub/../.env",
	"/.well-known/x", "/...", "/.", "/..;/.env", "/sub/./.hidden", "/.%65nv", "/%2e%65%6e%76", "/.dotdir/index.html",
	"/pipe", "/socket", "/device", "/pipe/", "/pipelink",
}

// TestFilesNothingOutside asks by raw bytes: clients straighten such paths.
func TestFilesNothingOutside(t *testing.T) {
	const secret = "TOP SECRET"
	outer := tree(t, map[string]string{
		"secret.txt": secret, "www/a.txt": "fine", "www/index.html": "home", "www/sub/x.txt": "fine", "www/.env": secret, "www/.git/config": secret,
		"www/sub/.hidden": secret, "www/.well-known/x": secret, "www/.dotdir/index.html": secret, "www/...": secret,
	})
	www := filepath.Join(outer, "www")
	for link, to := range map[string]string{
		"out.txt": "../secret.txt", "out": "..", "abs.txt": filepath.Join(outer, "secret.txt"), "loop": "loop", "chain": "out",
		"sub/up": "../..", "device": "/dev/zero", "pipelink": "pipe", "good.txt": "sub/x.txt",
	} {
		if err := os.Symlink(to, filepath.Join(www, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(www, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(www, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct{ name, routes, before string }{
		{"the whole host", filesOf(www, ""), ""},
		{"listed", listOf(www), ""},
		{"below a prefix", filesOf(www, "path = \"/p/*\"\nstrip_prefix = \"/p\"\n"), "/p"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.routes)
			for _, path := range escapes {
				path = c.before + strings.ReplaceAll(path, "{abs}", outer[1:])
				answer := s.raw("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				if strings.Contains(answer, secret) {
					t.Errorf("%s: the secret was sent", path)
				}
				if len(answer) < 12 || answer[9:12] != "404" && answer[9:12] != "400" && !strings.HasPrefix(answer[9:], "200 OK") {
					t.Errorf("%s: %.60q", path, answer)
				}
				if strings.HasPrefix(answer[9:], "200") && !strings.Contains(answer, "home") && !strings.Contains(answer, "<h1>"+c.before+"/</h1>") {
					t.Errorf("%s: %.400q", path, answer)
				}
				if strings.Contains(answer, outer) {
					t.Errorf("%s: the answer names the folder", path)
				}
			}
			if answer := s.raw("GET " + c.before + "/good.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(answer, "fine") {
				t.Errorf("a link that stays inside: %q", answer)
			}
		})
	}
}

func TestFilesConditions(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": "hello"})
	s := newSite(t, filesOf(dir, ""))
	resp, _ := s.get("a", "/a.txt")
	tag := resp.Header.Get("ETag")
	const before, after = "Sat, 03 Feb 2024 04:05:05 GMT", "Saturday, 03-Feb-24 04:05:07 GMT"
	for _, c := range []struct {
		name   string
		fields []string
		want   int
	}{
		{"the same tag", []string{"If-None-Match", tag}, 304},
		{"its weak form", []string{"If-None-Match", "W/" + tag}, 304},
		{"among others", []string{"If-None-Match", `"a,b" , W/"c",` + tag}, 304},
		{"on a line of its own", []string{"If-None-Match", `"x"`, "If-None-Match", tag}, 304},
		{"any", []string{"If-None-Match", "*"}, 304},
		{"another tag", []string{"If-None-Match", `"x"`}, 200},
		{"a malformed tag", []string{"If-None-Match", `x, ` + tag}, 200},
		{"an open quote", []string{"If-None-Match", `"x`}, 200},
		{"not changed since", []string{"If-Modified-Since", longAgo}, 304},
		{"since later, in an old form", []string{"If-Modified-Since", after}, 304},
		{"since later, in C's form", []string{"If-Modified-Since", "Sat Feb  3 04:05:07 2024"}, 304},
		{"since before", []string{"If-Modified-Since", before}, 200},
		{"since no date", []string{"If-Modified-Since", "yesterday"}, 200},
		{"the tag goes before the date", []string{"If-None-Match", `"x"`, "If-Modified-Since", longAgo}, 200},
		{"a match", []string{"If-Match", tag}, 200},
		{"any match", []string{"If-Match", "*"}, 200},
		{"a weak match", []string{"If-Match", "W/" + tag}, 412},
		{"no match", []string{"If-Match", `"x"`}, 412},
		{"unmodified", []string{"If-Unmodified-Since", longAgo}, 200},
		{"modified", []string{"If-Unmodified-Since", before}, 412},
		{"a match goes before unmodified", []string{"If-Match", tag, "If-Unmodified-Since", before}, 200},
		{"a match, then the same tag", []string{"If-Match", tag, "If-None-Match", tag}, 304},
		{"no match goes before all", []string{"If-Match", `"x"`, "If-None-Match", tag}, 412},
		{"a condition goes before a range", []string{"If-None-Match", tag, "Range", "bytes=99-"}, 304},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				req, _ := http.NewRequest(method, "http://"+s.addr+"/a.txt", nil)
				for i := 0; i < len(c.fields); i += 2 {
					req.Header.Add(c.fields[i], c.fields[i+1])
				}
				resp, body := s.do(req)
				if resp.StatusCode != c.want {
					t.Errorf("%s: %d, want %d", method, resp.StatusCode, c.want)
				}
				if c.want == 304 && (body != "" || resp.Header.Get("ETag") != tag || resp.Header.Get("Last-Modified") != longAgo || resp.Header.Get("Content-Type") != "") {
					t.Errorf("%s: 304 with %v", method, resp.Header)
				}
			}
		})
	}
	// What changes a moment ago may change again unseen.
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	resp, _ = s.get("a", "/a.txt")
	if young := resp.Header.Get("ETag"); young == tag || !strings.HasPrefix(young, `W/"`) {
		t.Errorf("a file just written has the tag %s", young)
	}
}

func TestFilesRanges(t *testing.T) {
	const text = "0123456789abcdef"
	s := newSite(t, filesOf(tree(t, map[string]string{"a.txt": text, "empty.txt": ""}), ""))
	resp, _ := s.get("a", "/a.txt")
	tag := resp.Header.Get("ETag")
	for _, c := range []struct {
		name, field string
		ifRange     string
		status      int
		content     string // of Content-Range
		body        string
	}{
		{"the first", "bytes=0-3", "", 206, "bytes 0-3/16", "0123"},
		{"one byte", "bytes=5-5", "", 206, "bytes 5-5/16", "5"},
		{"the rest", "bytes=10-", "", 206, "bytes 10-15/16", "abcdef"},
		{"the last", "bytes=-2", "", 206, "bytes 14-15/16", "ef"},
		{"more than there is", "bytes=10-99999999999999999999999", "", 206, "bytes 10-15/16", "abcdef"},
		{"the last of more", "bytes=-99999999999999999999", "", 206, "bytes 0-15/16", text},
		{"the unit in upper case", "Bytes=0-0", "", 206, "bytes 0-0/16", "0"},
		{"one that is there of two", "bytes=99-, 0-0", "", 206, "bytes 0-0/16", "0"},
		{"blanks and empty items", "bytes= , 0-0 ,", "", 206, "bytes 0-0/16", "0"},
		{"behind the end", "bytes=16-", "", 416, "bytes */16", ""},
		{"far behind the end", "bytes=99999999999999999999-", "", 416, "bytes */16", ""},
		{"nothing at the end", "bytes=-0", "", 416, "bytes */16", ""},
		{"backwards", "bytes=3-1", "", 200, "", text},
		{"no number", "bytes=a-b", "", 200, "", text},
		{"a sign", "bytes=+1-2", "", 200, "", text},
		{"two dashes", "bytes=0-1-2", "", 200, "", text},
		{"only a dash", "bytes=-", "", 200, "", text},
		{"nothing", "bytes=", "", 200, "", text},
		{"another unit", "lines=0-1", "", 200, "", text},
		{"more than the file in all", "bytes=0-,0-", "", 200, "", text},
		{"too many", "bytes=" + strings.Repeat("0-0,", 17), "", 200, "", text},
		{"If-Range, the same", "bytes=0-3", tag, 206, "bytes 0-3/16", "0123"},
		{"If-Range, weak", "bytes=0-3", "W/" + tag, 200, "", text},
		{"If-Range, another", "bytes=0-3", `"x"`, 200, "", text},
		{"If-Range, the same date", "bytes=0-3", longAgo, 206, "bytes 0-3/16", "0123"},
		{"If-Range, a later date", "bytes=0-3", "Sat, 03 Feb 2024 04:05:07 GMT", 200, "", text},
		{"If-Range, behind the end", "bytes=99-", `"x"`, 200, "", text},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, _ := http.NewRequest("GET", "http://"+s.addr+"/a.txt", nil)
			req.Header.Set("Range", c.field)
			if c.ifRange != "" {
				req.Header.Set("If-Range", c.ifRange)
			}
			resp, body := s.do(req)
			if resp.StatusCode != c.status || resp.Header.Get("Content-Range") != c.content || c.status != 416 && body != c.body {
				t.Errorf("%d %q %q", resp.StatusCode, resp.Header.Get("Content-Range"), body)
			}
			req.Method = "HEAD" // for which no range is defined
			if resp, _ := s.do(req); resp.StatusCode != 200 || resp.ContentLength != int64(len(text)) {
				t.Errorf("HEAD: %d, length %d", resp.StatusCode, resp.ContentLength)
			}
		})
	}
	req, _ := http.NewRequest("GET", "http://"+s.addr+"/empty.txt", nil)
	req.Header.Set("Range", "bytes=0-")
	if resp, body := s.do(req); resp.StatusCode != 200 || body != "" {
		t.Errorf("of an empty file: %d %q", resp.StatusCode, body)
	}
}

func TestFilesSeveralRanges(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 64<<10) // 1 MiB: the kernel sends its parts
	s := newSite(t, filesOf(tree(t, map[string]string{"a.txt": big}), ""))
	req, _ := http.NewRequest("GET", "http://"+s.addr+"/a.txt", nil)
	req.Header.Set("Range", "bytes=0-3,-5,1000-299999")
	resp, body := s.do(req)
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || resp.StatusCode != 206 || kind != "multipart/byteranges" || resp.Header.Get("Content-Range") != "" {
		t.Fatalf("%d, %v, %v", resp.StatusCode, resp.Header, err)
	}
	parts := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for _, want := range []struct{ field, text string }{
		{"bytes 0-3/1048576", big[:4]}, {"bytes 1048571-1048575/1048576", big[len(big)-5:]}, {"bytes 1000-299999/1048576", big[1000:300000]},
	} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil || string(text) != want.text || part.Header.Get("Content-Range") != want.field || part.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%v: %d bytes, %v", part.Header, len(text), err)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

func TestFilesPrefixAndRewrite(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": "hello", "sub/index.html": "sub", "index.html": "home"})
	s := newSite(t, fmt.Sprintf("[route.p]\nhost = \"*\"\npath = \"/p/*\"\nfiles = %q\nstrip_prefix = \"/p\"\n", dir)+
		fmt.Sprintf("[route.r]\nhost = \"*\"\npath = \"/r/*\"\nfiles = %q\nrewrite = { match = \"^/r/v[0-9]+/(.*)\", to = \"/$1\" }\n", dir))
	for path, want := range map[string]string{
		"/p/a.txt": "hello", "/p/": "home", "/p": "to /p/", "/p/sub?q": "to /p/sub/?q", "/r/v1/a.txt": "hello", "/r/v1/sub?q": "to /r/v1/sub/?q",
	} {
		resp, body := s.get("a", path)
		if to := resp.Header.Get("Location"); to != "" {
			body = "to " + to
		}
		if body != want {
			t.Errorf("%s: %q, want %q", path, body, want)
		}
	}
}

func TestFilesList(t *testing.T) {
	dir := tree(t, map[string]string{
		"b.txt": "12345", "a&<b>.txt": "", "javascript:x": "", "sub/x.txt": "", ".hidden": "", "has/index.html": "index", "ä %2f#?.txt": "odd",
	})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, listOf(dir))
	resp, body := s.get("a", "/")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	at := -1
	for _, want := range []string{"has/", "sub/", "a&amp;&lt;b&gt;.txt", "b.txt", "./javascript:x"} {
		i := strings.Index(body, want)
		if i < at {
			t.Errorf("%s is at %d, after %d:\n%s", want, i, at, body)
		}
		at = i
	}
	for _, never := range []string{"<b>", ".hidden", "pipe", `"javascript`, "../"} {
		if strings.Contains(body, never) {
			t.Errorf("%q is listed:\n%s", never, body)
		}
	}
	_, link, _ := strings.Cut(body, `href="./%C3%A4`)
	link, _, _ = strings.Cut(link, `"`)
	if _, got := s.get("a", "/%C3%A4"+link); got != "odd" {
		t.Errorf("link %q leads to %q", link, got)
	}
	if resp, _ := s.get("a", "/sub"); resp.Header.Get("Location") != "/sub/" {
		t.Errorf("no slash: %d", resp.StatusCode)
	}
	if _, body := s.get("a", "/has/"); body != "index" {
		t.Errorf("an index goes before a list: %q", body)
	}
	if _, body := s.get("a", "/sub/"); !strings.Contains(body, `href="../"`) || !strings.Contains(body, "<h1>/sub/</h1>") {
		t.Errorf("sub:\n%s", body)
	}
}

// TestFilesLarge sends by the kernel and reads a range back from the middle.
func TestFilesLarge(t *testing.T) {
	dir := t.TempDir()
	const size = 3 << 30 // more than a signed 32-bit number, and nothing on the disk
	f, err := os.Create(filepath.Join(dir, "big.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("marker"), size-100); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, filesOf(dir, ""))
	req, _ := http.NewRequest("GET", "http://"+s.addr+"/big.bin", nil)
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", size-200<<10))
	_, body := s.do(req)
	if len(body) != 200<<10 || body[len(body)-100:len(body)-94] != "marker" {
		t.Errorf("%d bytes", len(body))
	}
	req.Header.Del("Range")
	req.Method = "HEAD"
	if resp, _ := s.do(req); resp.ContentLength != size {
		t.Errorf("length %d", resp.ContentLength)
	}
}

// TestFileShrinks cuts a file while it is sent: the client must not take what
// it got for the whole.
func TestFileShrinks(t *testing.T) {
	const size = 64 << 20 // more than sockets hold
	dir := t.TempDir()
	name := filepath.Join(dir, "a.bin")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, filesOf(dir, ""))
	c := s.dial()
	defer c.Close()
	io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.ContentLength != size {
		t.Fatalf("%v, %v", resp, err)
	}
	if err := os.Truncate(name, 1<<20); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n >= size {
		t.Errorf("%d bytes, %v", n, err)
	}
	if row := s.lastRow(1); !row.Aborted || row.Cause.String() != "reset" || !strings.Contains(row.Detail, "a.bin") {
		t.Errorf("aborted %v, cause %s, detail %q", row.Aborted, row.Cause, row.Detail)
	}
}

// TestFileReplaced puts another file in its place: who began to read the old
// one gets it whole.
func TestFileReplaced(t *testing.T) {
	const size = 32 << 20
	old := bytes.Repeat([]byte("old\n"), size/4)
	dir := tree(t, map[string]string{"a.bin": string(old), "new.bin": "new"})
	s := newSite(t, filesOf(dir, ""))
	c := s.dial()
	defer c.Close()
	io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new.bin"), filepath.Join(dir, "a.bin")); err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	if n, err := io.Copy(h, resp.Body); err != nil || n != size || [32]byte(h.Sum(nil)) != sha256.Sum256(old) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, body := s.get("a", "/a.bin"); body != "new" {
		t.Errorf("then %q", body)
	}
}

func TestFileClientLeaves(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.bin")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 64<<20); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, filesOf(dir, ""))
	c := s.dial()
	io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if row := s.lastRow(1); row.Cause.String() != "client-gone" {
		t.Errorf("cause %q, detail %q", row.Cause, row.Detail)
	}
}

func TestFilesFolderComesLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	s := newSite(t, filesOf(dir, ""))
	if resp, _ := s.get("a", "/a.txt"); resp.StatusCode != 503 {
		t.Errorf("without the folder: %d", resp.StatusCode)
	}
	if row := s.lastRow(1); row.Detail != dir+": no such file" {
		t.Errorf("detail %q", row.Detail)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("here"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, body := s.get("a", "/a.txt"); body != "here" {
		t.Errorf("with it: %q", body)
	}
}

func TestFilesExplained(t *testing.T) {
	dir := tree(t, map[string]string{"index.html": "home", "sub/index.html": "sub", ".env": "x"})
	s := newSite(t, filesOf(dir, "path = \"/p/*\"\nstrip_prefix = \"/p\"\n"))
	for _, c := range []struct {
		method, path string
		status       int
		url          string
	}{
		{"GET", "/p/", 200, "file://" + dir + "/index.html"},
		{"GET", "/p/sub/", 200, "file://" + dir + "/sub/index.html"},
		{"GET", "/p/sub?x", 308, "/p/sub/?x"},
		{"GET", "/p/none", 404, "file://" + dir + "/none"},
		{"GET", "/p/.env", 404, "file://" + dir + "/.env"},
		{"POST", "/p/", 405, ""},
	} {
		e, err := s.server.Explain(proxy.Request{URL: "http://a.example" + c.path, Method: c.method})
		if err != nil || e.Status != c.status || e.URL != c.url {
			t.Errorf("%s %s: %d %q, %v", c.method, c.path, e.Status, e.URL, err)
		}
		req, _ := http.NewRequest(c.method, "http://"+s.addr+c.path, nil)
		if resp, _ := s.do(req); resp.StatusCode != c.status {
			t.Errorf("%s %s happened: %d", c.method, c.path, resp.StatusCode)
		}
	}
}

// TestFilesCurl resumes a broken download with a client of another house.
func TestFilesCurl(t *testing.T) {
	curl := program(t, "curl", "curl")
	want := strings.Repeat("0123456789abcdef", 20000)
	s := newSite(t, filesOf(tree(t, map[string]string{"a.bin": want}), ""))
	part := filepath.Join(t.TempDir(), "a.bin")
	if err := os.WriteFile(part, []byte(want[:100_000]), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(curl, "-sSf", "-m", "20", "-C", "-", "-o", part, "http://"+s.addr+"/a.bin").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := os.ReadFile(part); err != nil || string(got) != want {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
