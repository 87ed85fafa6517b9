//go:build linux

package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serveH2 runs net/http's server, which speaks HTTP/2 by ALPN.
func serveH2(t *testing.T, enabled bool, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = enabled
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the clients below misbehave on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestLoadOverH2(t *testing.T) {
	for _, w := range []Workload{
		{Name: "small", Connections: 2, Streams: 3, Requests: 200, Body: 100},
		{Name: "beyond the windows", Connections: 1, Streams: 2, Requests: 3, Body: 5*h2Window + 7},
	} {
		t.Run(w.Name, func(t *testing.T) {
			w.TLS, w.Deadline = true, time.Minute
			to := serveH2(t, true, func(out http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 || r.Host != host || r.Header.Get("Cookie") == "" || !strings.HasPrefix(r.URL.Path, "/api") {
					t.Errorf("got %s %s %s %v", r.Proto, r.Host, r.URL, r.Header)
				}
				for at := 0; at < w.Body; at += blockSize {
					out.Write(pattern[:min(w.Body-at, blockSize)])
				}
			})
			r, err := load(t.Context(), to, w)
			if err != nil {
				t.Fatal(err)
			}
			if r.Requests != w.Requests || r.P50 <= 0 || r.P99 < r.P50 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestLoadNoticesWrongAnswersOverH2(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		h2         bool
		serve      http.HandlerFunc
	}{
		{"status", `"502"`, true, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(502) }},
		{"length", "5 bytes, want 100", true, func(w http.ResponseWriter, r *http.Request) { w.Write(pattern[:5]) }},
		{"too long", "more bytes", true, func(w http.ResponseWriter, r *http.Request) { w.Write(pattern[:101]) }},
		{"content", "differs", true, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("x")) }},
		{"abort", "reset", true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"protocol", "no application protocol", false, func(http.ResponseWriter, *http.Request) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := Workload{TLS: true, Connections: 1, Streams: 2, Requests: 1, Body: 100, Deadline: time.Minute}
			_, err := load(t.Context(), serveH2(t, tt.h2, tt.serve), w)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
