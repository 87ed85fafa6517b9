package proxy_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// TestDownSince: an upstream that is down is so since it went down, whatever
// restarts come between, and what it went through is kept.
func TestDownSince(t *testing.T) {
	addr, state := freeAddr(t), t.TempDir()
	routes := "[route.a]\nhost = \"*\"\nto = \"http://" + addr + "\"\nmax_fails = 1\n"
	start := func() *site {
		return newSiteWith(t, routes, proxy.Options{Log: slog.New(slog.DiscardHandler), State: state})
	}
	first := start()
	first.get("a.test", "/")
	before := first.upstream()
	if before.State != proxy.StateDown || len(before.Changes) != 1 {
		t.Fatalf("%+v", before)
	}
	first.close()

	second := start()
	if u := second.upstream(); u.State != proxy.StateUnknown || len(u.Changes) != 1 {
		t.Errorf("before anybody asked: %+v", u)
	}
	second.get("a.test", "/")
	if u := second.upstream(); u.State != proxy.StateDown || !u.Since.Equal(before.Since.Truncate(0)) || len(u.Changes) != 1 {
		t.Errorf("down again since %v, before %v: %+v", u.Since, before.Since, u.Changes)
	}
	second.close()

	third := start()
	answerAt(t, addr)
	third.get("a.test", "/")
	if u := third.upstream(); u.State != proxy.StateOK || len(u.Changes) != 2 || u.Changes[1].Down {
		t.Errorf("after its return: %+v", u)
	}
}

// TestSpoiltPast: what is no journal of ours is no reason not to serve.
func TestSpoiltPast(t *testing.T) {
	for name, text := range map[string]string{"cut": `{"http://a": [{"at`, "another": `[1]`, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			if err := os.WriteFile(filepath.Join(state, "upstreams.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newSiteWith(t, "[route.a]\nhost = \"*\"\nto = \"http://"+deadAddr(t)+"\"\nmax_fails = 1\n",
				proxy.Options{Log: slog.New(slog.DiscardHandler), State: state})
			s.get("a.test", "/")
			if u := s.upstream(); u.State != proxy.StateDown || len(u.Changes) != 1 {
				t.Errorf("%+v", u)
			}
		})
	}
}

// upstream is the state of the only one.
func (s *site) upstream() proxy.UpstreamStatus {
	s.t.Helper()
	all := s.server.Status().Upstreams
	if len(all) != 1 {
		s.t.Fatalf("%d upstreams", len(all))
	}
	return all[0]
}

// answerAt lets a server answer at an address that was free.
func answerAt(t *testing.T, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "back") }),
		ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
}
