package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFilesAndPagesOverHTTP2: what a front does not see must not depend on it.
func TestFilesAndPagesOverHTTP2(t *testing.T) {
	text := strings.Repeat("0123456789 text\n", 40_000)
	dir := tree(t, map[string]string{"a.txt": text, "index.html": "<p>home", "sub/index.html": "sub"})
	c := fakeCache(t)
	c.set("127.0.0.1/p/hit", 0, "from the cache")
	s := newSite(t, fmt.Sprintf("[route.files]\nhost = \"*\"\nfiles = %q\n", dir)+
		fmt.Sprintf("[route.packed]\nhost = \"*\"\npath = \"/z/*\"\nstrip_prefix = \"/z\"\nfiles = %q\ncompress = true\n", dir)+
		fmt.Sprintf("[route.pages]\nhost = \"*\"\npath = \"/p/*\"\nto = %q\nfallback = \"files\"\n", c.url))
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string, more ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(more); i += 2 {
			req.Header.Set(more[i], more[i+1])
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.ProtoMajor != 2 {
			t.Fatalf("%s %s: %s, %v", method, path, resp.Proto, err)
		}
		return resp, string(body)
	}
	whole, body := ask("GET", "/a.txt")
	if body != text || whole.ContentLength != int64(len(text)) {
		t.Errorf("%d bytes of %d", len(body), whole.ContentLength)
	}
	if resp, _ := ask("HEAD", "/a.txt"); resp.StatusCode != 200 || resp.ContentLength != int64(len(text)) {
		t.Errorf("HEAD: %d, length %d", resp.StatusCode, resp.ContentLength)
	}
	if resp, body := ask("GET", "/a.txt", "Range", "bytes=100000-300000"); resp.StatusCode != 206 || body != text[100000:300001] {
		t.Errorf("a range: %d, %d bytes", resp.StatusCode, len(body))
	}
	if resp, body := ask("GET", "/a.txt", "If-None-Match", whole.Header.Get("ETag")); resp.StatusCode != 304 || body != "" {
		t.Errorf("the same: %d %q", resp.StatusCode, body)
	}
	if resp, _ := ask("GET", "/sub?x"); resp.StatusCode != 308 || resp.Header.Get("Location") != "/sub/?x" {
		t.Errorf("no slash: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	for _, coding := range []string{"gzip", "zstd"} {
		if resp, body := ask("GET", "/z/a.txt", "Accept-Encoding", coding); resp.Header.Get("Content-Encoding") != coding || unpack(t, coding, body) != text {
			t.Errorf("%s: %d bytes, %v", coding, len(body), resp.Header)
		}
	}
	if _, body := ask("GET", "/p/hit"); body != "from the cache" {
		t.Errorf("a hit: %q", body)
	}
	if resp, _ := ask("GET", "/p/miss"); resp.StatusCode != 404 {
		t.Errorf("a miss: %d", resp.StatusCode)
	}
	if err := os.Mkdir(filepath.Join(dir, "p"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "p", "miss"), []byte("a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, body := ask("GET", "/p/miss"); body != "a file" {
		t.Errorf("a miss with a file: %q", body)
	}
}
