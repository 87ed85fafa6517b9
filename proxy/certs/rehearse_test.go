package certs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/certs"
)

// TestRehearse: another authority is let in by the same doors, for a name that
// has its certificate from elsewhere, and leaves no trace.
func TestRehearse(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	state := t.TempDir()
	h := newHome(t, state, httpL, tlsL, here())
	h.follow(t, certs.Plan{Wants: []certs.Want{{Host: "www.home.test", Kind: certs.Local}}})
	authority := *acmePlan(p).Authority
	for range 2 {
		if err := h.Rehearse(t.Context(), "www.home.test", authority); err != nil {
			t.Fatal(err)
		}
	}
	authority.Front = true // over HTTP alone
	if err := h.Rehearse(t.Context(), "www.home.test", authority); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(state, "acme")); err == nil {
		t.Error("something was kept")
	}
	httpL.Close()
	tlsL.Close()
	for host, says := range map[string]string{"www.home.test": "onnect", "*.home.test": "wildcard"} {
		if err := h.Rehearse(t.Context(), host, authority); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", host, err, says)
		}
	}
}
