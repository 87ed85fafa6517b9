package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// again makes the newest of n requests ready.
func (s *site) again(n uint64) (*proxy.Replay, record.Detail, error) {
	s.t.Helper()
	d, ok := s.server.Records().Get(s.lastRow(n).ID)
	if !ok {
		s.t.Fatal("the record is not kept")
	}
	p, err := proxy.ReplayOf(d)
	return p, d, err
}

// TestReplay: the same request, by the same door, with what lets people in only
// where that is said.
func TestReplay(t *testing.T) {
	var seen []string
	up := handler(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, fmt.Sprintf("%s %s %s cookie=%s auth=%s accept=%s", r.Method, r.Host, r.URL, r.Header.Get("Cookie"), r.Header.Get("Authorization"), r.Header.Get("X-Plain")))
	})
	s := newSite(t, "[route.a]\nhost = \"a\"\nto = \"http://"+up+"\"\n")
	s.client().asks("GET /p?x=1&access_token=abc HTTP/1.1\r\nHost: a\r\nX-Plain: yes\r\nCookie: s=1\r\nAuthorization: Bearer t\r\n\r\n")
	p, _, err := s.again(1)
	if err != nil || strings.Join(p.Secret, ", ") != "Cookie, Authorization, access_token of the query" || p.Note != "" {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, secrets := range []bool{false, true} {
		row, err := s.server.Replay(t.Context(), p, secrets)
		if err != nil || row.Status != 200 || row.Route != "a" || row.ID < 2 {
			t.Fatalf("%+v, %v", row, err)
		}
	}
	want := []string{
		"GET a /p?x=1&access_token=abc cookie=s=1 auth=Bearer t accept=yes",
		"GET a /p?x=1 cookie= auth= accept=yes",
		"GET a /p?x=1&access_token=abc cookie=s=1 auth=Bearer t accept=yes",
	}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("it was asked %q", seen)
	}
}

// TestReplayTellsItsOwn: others on this machine ask too, as whoever watches over
// it asks for "/".
func TestReplayTellsItsOwn(t *testing.T) {
	var s *site
	up := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/p" {
			before := s.server.Records().Newest()
			s.get("a", "/")
			s.lastRow(before + 1)
		}
	})
	s = newSite(t, "[route.a]\nhost = \"a\"\nto = \"http://"+up+"\"\n")
	s.get("a", "/p")
	p, _, err := s.again(2)
	if err != nil {
		t.Fatal(err)
	}
	if row, err := s.server.Replay(t.Context(), p, false); err != nil || row.Path.String() != "/p" || row.ID != 4 {
		t.Errorf("%d %s, %v", row.ID, row.Path.String(), err)
	}
}

// TestReplayOverTLS: what came over HTTP/2 goes over TLS again.
func TestReplayOverTLS(t *testing.T) {
	s, addr := secureSite(t, "[route.nas]\nhost = \"nas.home.arpa\"\nto = \"builtin://whoami\"\n")
	if _, err := s.trusting(addr, true).Get("https://nas.home.arpa/x"); err != nil {
		t.Fatal(err)
	}
	p, _, err := s.again(1)
	if err != nil {
		t.Fatal(err)
	}
	if row, err := s.server.Replay(t.Context(), p, false); err != nil || row.Status != 200 || !row.TLS || row.Route != "nas" {
		t.Errorf("%+v, %v", row, err)
	}
}

// TestReplayOfAStream: one without an end ends with the replay, and leaves its
// record.
func TestReplayOfAStream(t *testing.T) {
	up := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		if r.Header.Get("X-End") == "" {
			<-r.Context().Done()
		}
	})
	s := newSite(t, "[route.a]\nhost = \"a\"\nto = \"http://"+up+"\"\n")
	s.client().asks("GET / HTTP/1.1\r\nHost: a\r\nX-End: now\r\n\r\n")
	_, d, _ := s.again(1)
	d.Request = []byte(strings.Replace(string(d.Request), "X-End", "X-Other", 1))
	p, err := proxy.ReplayOf(d)
	if err != nil {
		t.Fatal(err)
	}
	if row, err := s.server.Replay(t.Context(), p, false); err != nil || row.Status != 200 {
		t.Errorf("%+v, %v", row, err)
	}
}

// TestNoReplay: what would do something a second time, or is not known whole.
func TestNoReplay(t *testing.T) {
	s := newSite(t, "[route.a]\nhost = \"a\"\nrespond = { status = 200 }\n")
	s.client().asks("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	if _, _, err := s.again(1); err == nil || !strings.Contains(err.Error(), "only GET and HEAD") {
		t.Error(err)
	}
	s.client().asks("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")
	if _, _, err := s.again(2); err == nil || !strings.Contains(err.Error(), "no whole request") {
		t.Error(err)
	}
	s.client().asks("GET /" + strings.Repeat("x", 1000) + " HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("s", 2000) + "\r\n\r\n")
	p, d, err := s.again(3)
	if err != nil || !strings.Contains(p.Note, "head was cut") {
		t.Errorf("%+v, %v", p, err)
	}
	if row, err := s.server.Replay(t.Context(), p, true); err != nil || row.Status != 200 {
		t.Errorf("%+v, %v", row, err)
	}
	d.Request = []byte("GET /" + strings.Repeat("x", 1000))
	if _, err := proxy.ReplayOf(d); err == nil || !strings.Contains(err.Error(), "path was cut") {
		t.Error(err)
	}
	d.Request, d.RequestCut = nil, false
	if _, err := proxy.ReplayOf(d); err == nil || !strings.Contains(err.Error(), "path was cut") {
		t.Error(err)
	}
	d.Row.Path.Set([]byte("/y"))
	if p, err := proxy.ReplayOf(d); err != nil || !strings.Contains(p.Note, "no longer kept") {
		t.Errorf("%+v, %v", p, err)
	}
}
