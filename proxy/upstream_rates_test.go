package proxy_test

import (
	"fmt"
	"net/http"
	"testing"
)

// TestUpstreamRates: each upstream counts what it was asked, also in vain; one
// that never answered is not called well.
func TestUpstreamRates(t *testing.T) {
	good := handler(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "here") })
	dead := deadAddr(t)
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"a.test\"\nto = [\"http://%s\", \"http://%s\"]\nmax_fails = 0\n", dead, good))
	for range 10 {
		s.get("a.test", "/")
	}
	s.lastRow(10)
	for _, u := range s.server.Status().Upstreams {
		failed := u.URL == "http://"+dead
		if u.Rates.Requests == 0 || failed != (u.Rates.Failed > 0) {
			t.Errorf("%s: %d requests, %d failed", u.URL, u.Rates.Requests, u.Rates.Failed)
		}
		if want := map[bool]string{true: "new", false: "ok"}[failed]; u.State.String() != want {
			t.Errorf("%s is %s, want %s", u.URL, u.State, want)
		}
	}
}
