package proxy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestAccessLog: each request is a line in the order they ended, with its cause
// and without its secrets; the file is rotated, and all of it is there at the end.
func TestAccessLog(t *testing.T) {
	dead := deadAddr(t)
	routes := func(path, more string) string {
		return fmt.Sprintf("[log]\naccess = %q\n%s\n[route.here]\nhost = \"here.test\"\nrespond = { body = \"1234567\" }\n"+
			"[route.dead]\nhost = \"dead.test\"\nto = \"http://%s\"\n", path, more, dead)
	}
	ask := func(s *site) { // one after the other: a record is put when its request has ended
		n := s.server.Records().Newest()
		s.get("here.test", "/a?token=geheim")
		s.lastRow(n + 1)
		s.get("dead.test", "/")
		s.lastRow(n + 2)
		s.raw("GET /\" HTTP/1.1\r\nHost: none.test\r\nUser-Agent: e\\vil\"\x80\r\nReferer: http://x/?token=geheim\r\nConnection: close\r\n\r\n")
		s.lastRow(n + 3)
	}
	t.Run("json", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "access.log")
		s := newSite(t, routes(path, "format = \"json\""))
		ask(s)
		s.stop()
		<-s.ended
		lines := logLines(t, path)
		if len(lines) != 3 {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		var first, second map[string]any
		for i, into := range []*map[string]any{&first, &second} {
			if err := json.Unmarshal([]byte(lines[i]), into); err != nil {
				t.Fatal(err)
			}
		}
		for k, want := range map[string]any{"client": "127.0.0.1", "method": "GET", "host": "here.test", "path": "/a?***",
			"status": 200.0, "route": "here", "upstream": "", "cause": "", "rule": "", "detail": ""} {
			if first[k] != want {
				t.Errorf("%s is %v, want %v", k, first[k], want)
			}
		}
		if n := first["bytes"].(float64); n < 7 {
			t.Errorf("bytes are %v", n)
		}
		if second["cause"] != "refused" || second["status"] != 502.0 || second["upstream"] != "http://"+dead || second["detail"] != "refused "+dead {
			t.Errorf("%v", second)
		}
		if _, err := time.Parse(time.RFC3339Nano, first["time"].(string)); err != nil || len(first) != 14 {
			t.Errorf("%v, %d members", err, len(first))
		}
	})
	t.Run("json of what HTTP/2 itself refuses", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "access.log")
		s := newSite(t, routes(path, "format = \"json\""))
		f := s.frames()
		if got := f.outcome(f.ask(":method", "GET")); got != "reset PROTOCOL_ERROR" {
			t.Fatal(got)
		}
		s.lastRow(1)
		s.stop()
		<-s.ended
		var only map[string]any
		if err := json.Unmarshal([]byte(logLines(t, path)[0]), &only); err != nil {
			t.Fatal(err)
		}
		if only["client"] != "127.0.0.1" || only["rule"] != "bad request" || only["detail"] != "a malformed HTTP/2 request: its stream was reset" {
			t.Errorf("%v", only)
		}
	})
	t.Run("combined", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "access.log")
		s := newSite(t, routes(path, ""))
		ask(s)
		s.stop()
		<-s.ended
		shape := regexp.MustCompile(`^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "[^ ]+ .* HTTP/1\.1" \d{3} \d+ "[^ ]*" ".*"$`)
		for _, line := range logLines(t, path) {
			if !shape.MatchString(line) || strings.Contains(line, "geheim") {
				t.Errorf("%q", line)
			}
		}
		if last := logLines(t, path)[2]; !strings.HasSuffix(last, `"http://x/?***" "e\\vil\"\x80"`) || !strings.Contains(last, `"GET /\" HTTP/1.1"`) {
			t.Errorf("%q", last)
		}
	})
	t.Run("rotated", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "access.log")
		s := newSite(t, routes(path, "size = \"1KB\"\nkeep = 2"))
		for n := range 4 { // each edit writes what waits
			for range 5 {
				ask(s)
			}
			time.Sleep(500 * time.Millisecond)
			s.apply(strings.Replace(routes(path, "size = \"1KB\"\nkeep = 2"), "keep = 2", fmt.Sprintf("keep = %d", 2+n%2), 1))
			time.Sleep(500 * time.Millisecond)
		}
		s.stop()
		<-s.ended
		for n, name := range []string{path, path + ".1", path + ".2"} {
			if len(logLines(t, name)) == 0 {
				t.Errorf("file %d is empty", n)
			}
		}
		if _, err := os.Stat(path + ".4"); err == nil {
			t.Error("more files are kept than wanted")
		}
	})
}

func logLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
