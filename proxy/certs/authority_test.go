package certs_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// TestOddAuthority: whatever an authority answers, a handshake ends meanwhile,
// it is asked no more than a few times, what it says is fit for a screen, and
// what it asks for is kept to.
func TestOddAuthority(t *testing.T) {
	for title, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
		pause  time.Duration
	}{
		"a proxy before it is busy": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "10800")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, "<html>slow down</html>")
		}, "429", 170 * time.Minute},
		"it is being mended": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "10800")
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"type":"urn:ietf:params:acme:error:serverInternal","detail":"back at\u0007 \u001b[31mnoon"}`)
		}, "back at [31mnoon", 170 * time.Minute},
		"a word from another world": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("\x00\xff\x1b]0;title\x07"), 1000))
		}, "invalid character", 50 * time.Minute},
		"it never stops talking": {func(w http.ResponseWriter, r *http.Request) {
			for block := bytes.Repeat([]byte(" "), 1<<20); r.Context().Err() == nil; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, "EOF", 50 * time.Minute},
		"round and round": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusFound)
		}, "redirects", 50 * time.Minute},
		"a directory of nothing": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }, "", 50 * time.Minute},
	} {
		t.Run(title, func(t *testing.T) {
			var asked atomic.Int64
			ca := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				c.answer(w, r)
			}))
			defer ca.Close()
			h := newHome(t, t.TempDir(), listen(t), listen(t), here())
			h.follow(t, certs.Plan{Authority: &certs.Authority{Directory: ca.URL, Front: true},
				Wants: []certs.Want{{Host: "www.example.com", Kind: certs.ACME}}})
			if _, err := h.handshake(t, "www.example.com"); err != nil {
				t.Error(err)
			}
			s := h.wait(t, "www.example.com", func(s certs.Status) bool { return !s.Next.IsZero() })
			if !strings.Contains(s.Why, c.says) || strings.ContainsFunc(s.Why, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q, want %q", s.Why, c.says)
			}
			if time.Until(s.Next) < c.pause {
				t.Errorf("next in %s", time.Until(s.Next))
			}
			if n := asked.Load(); n > 12 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestAuthorityOutOfReach: one that was not reached is asked again soon, as when
// the router is not up yet; and less and less often.
func TestAuthorityOutOfReach(t *testing.T) {
	state := t.TempDir()
	plan := certs.Plan{Authority: &certs.Authority{Directory: fmt.Sprintf("http://127.0.0.1:%d/", nowhere(t)), Front: true},
		Wants: []certs.Want{{Host: "www.example.com", Kind: certs.ACME}}}
	h := newHome(t, state, listen(t), listen(t), here())
	h.follow(t, plan)
	last := time.Time{}
	for n := range 9 {
		s := h.wait(t, "www.example.com", func(s certs.Status) bool { return s.Next.After(last) })
		last = s.Next
		if want := min(time.Minute<<n, time.Hour); time.Until(last) > want || time.Until(last) < want/2 {
			t.Errorf("after %d failures the next is in %s, want %s", n+1, time.Until(last), want)
		}
		if n == 3 { // another process counts on
			h.stop()
			h = newHome(t, state, listen(t), listen(t), here())
			h.follow(t, plan)
		}
		if err := h.TryNow("www.example.com"); err != nil {
			t.Fatal(err)
		}
	}
}
