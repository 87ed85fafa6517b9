package proxy_test

import (
	"io"
	"net/http"
	"testing"
)

// TestBeacon: its path has its answer whatever the host, before redirects and
// guards, as long as it is lit; all others of its kind follow their route.
func TestBeacon(t *testing.T) {
	s := newSite(t, `
[route.closed]
host = "closed.test"
respond = { body = "behind" }
allow = ["192.0.2.1"]

[route.away]
host = "away.test"
redirect = "https://elsewhere.test{uri}"

[route.any]
host = "any.test"
respond = { body = "theirs" }
`)
	ask := func(host, path string) (int, string) {
		t.Helper()
		req, err := http.NewRequest("GET", "http://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	path, answer, off := s.server.Beacon()
	other, _, offOther := s.server.Beacon()
	defer offOther()
	if path == other {
		t.Error("two beacons are one")
	}
	for _, host := range []string{"closed.test", "away.test", "any.test", "nobody.test", "203.0.113.7"} {
		if code, body := ask(host, path); code != 200 || body != answer {
			t.Errorf("%s: %d %q", host, code, body)
		}
	}
	if code, body := ask("any.test", path+"x"); code != 200 || body != "theirs" {
		t.Errorf("beside it: %d %q", code, body)
	}
	off()
	for host, want := range map[string]int{"closed.test": 403, "away.test": 308, "any.test": 200, "nobody.test": 404} {
		if code, body := ask(host, path); code != want || body == answer {
			t.Errorf("afterwards, %s: %d %q", host, code, body)
		}
	}
}
