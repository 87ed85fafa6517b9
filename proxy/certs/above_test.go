package certs_test

import (
	"testing"

	"forge.home.arpa/portico/proxy/certs"
)

// TestWildcardAbove: a name whose own certificate does not come is served with
// the wildcard's that is for it too, and visitors see no warning.
func TestWildcardAbove(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	p.leads("one.home.test", "127.0.0.9") // not this home
	w := here()
	w.pebble = p
	state := t.TempDir()
	before := newHome(t, state, httpL, tlsL, w)
	before.follow(t, acmePlan(p, "*.home.test"))
	before.wait(t, "*.home.test", issued)
	before.stop()

	w = here()
	w.noTXT = true
	h := newHome(t, state, listen(t), listen(t), w)
	h.follow(t, acmePlan(p, "*.home.test", "one.home.test", "deep.one.home.test"))
	h.wait(t, "one.home.test", func(s certs.Status) bool { return !s.Pending && s.Why != "" })
	for name, good := range map[string]bool{"one.home.test": true, "deep.one.home.test": false} {
		c, err := h.handshake(t, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.VerifyHostname(name); (err == nil && c.Issuer.CommonName != c.Subject.CommonName) != good || h.Valid(name) != good {
			t.Errorf("%s: %v from %s, valid %v", name, err, c.Issuer.CommonName, h.Valid(name))
		}
	}
}
