package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// TestClockJumps: devices trust the home's root once. It outlives a clock that
// was wrong when it was made, into either direction, and what it vouches for is
// made anew when the clock is set.
func TestClockJumps(t *testing.T) {
	floor := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	set := floor.AddDate(0, 3, 0)
	for title, wrong := range map[string]time.Time{
		"never set": time.Date(2000, time.January, 2, 0, 0, 0, 0, time.UTC),
		"ahead":     time.Date(2036, time.January, 1, 0, 0, 0, 0, time.UTC),
		"right":     set,
	} {
		t.Run(title, func(t *testing.T) {
			state := t.TempDir()
			var root []byte
			at := func(now time.Time) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(now)) // the bubble's clock starts in 2000
					w := here()
					k := certs.New(certs.Options{Log: slog.New(slog.DiscardHandler), State: state, World: w, TXT: w, Floor: floor})
					k.Prepare(certs.Plan{Wants: []certs.Want{{Host: "nas.lan", Kind: certs.Local}}}).Commit()
					if root == nil {
						root, _ = k.Root()
					}
					trusted(t, k, root)
					time.Sleep(80 * 24 * time.Hour)
					trusted(t, k, root)
				})
			}
			at(wrong)
			at(set)
			at(set.AddDate(2, 0, 0))
			at(set.AddDate(0, 0, 1))
		})
	}
}

// trusted checks what is served for nas.lan as a device would that trusts root.
func trusted(t *testing.T, k *certs.Keeper, root []byte) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	c, err := k.GetCertificate(&tls.ClientHelloInfo{ServerName: "nas.lan"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: "nas.lan", Roots: pool, CurrentTime: time.Now()}); err != nil {
		t.Errorf("at %s: %v", time.Now().Format(time.DateOnly), err)
	}
	if life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore); life > 91*24*time.Hour {
		t.Errorf("it lives %s", life)
	}
}

// TestLeafOfAnotherTime: one process, whose clock is set while it runs.
func TestLeafOfAnotherTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := here()
		k := certs.New(certs.Options{Log: slog.New(slog.DiscardHandler), State: t.TempDir(), World: w, TXT: w, Floor: time.Now().AddDate(26, 0, 0)})
		k.Prepare(certs.Plan{Wants: []certs.Want{{Host: "nas.lan", Kind: certs.Local}, {Host: "www.example.com", Kind: certs.ACME}}}).Commit()
		root, err := k.Root()
		if err != nil {
			t.Fatal(err)
		}
		serve := func() (from time.Time) {
			trusted(t, k, root)
			c, err := k.GetCertificate(&tls.ClientHelloInfo{ServerName: "www.example.com"})
			if err != nil || time.Now().Before(c.Leaf.NotBefore) || time.Now().After(c.Leaf.NotAfter) {
				t.Errorf("the stand-in: %v %v", c.Leaf, err)
			}
			return c.Leaf.NotBefore
		}
		first := serve()
		time.Sleep(26 * 365 * 24 * time.Hour)
		if !serve().After(first) {
			t.Error("the stand-in is that of another time")
		}
	})
}
