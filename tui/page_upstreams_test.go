package tui

import (
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// TestUpstreamStory: what an upstream's foot says of its state, its certificate
// and its past.
func TestUpstreamStory(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{Width: 140, Height: 40})
		u := &w.status.Upstreams[0]
		*u = upstream("https://nas:5001", "nas")
		now := time.Now()
		pin := "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
		u.Share, u.Checked, u.Verify = 0.4, now.Add(-3*time.Second), "system"
		u.Reason, u.LastFail = "check: /healthz answers 503", now.Add(-time.Minute)
		u.Certificate = &proxy.Certificate{Subject: "CN=synology", Issuer: "CN=synology", SelfSigned: true,
			NotAfter: now.Add(240 * time.Hour), Pin: pin, Refused: "self-signed by CN=synology"}
		u.Changes = []proxy.UpstreamChange{{At: now.Add(-2 * time.Minute), Down: true, Reason: "check: /healthz answers 503"},
			{At: now.Add(-time.Minute), Reason: "passed 2 checks"}}
		p.press("4", "g")
		p.wait(2 * time.Second)
		p.sees("back 40%", "back with 40% of its share", ", checked ", ": check: /healthz answers 503",
			"certificate of CN=synology, not trusted: self-signed by CN=synology, until 2000-01-11", "pin "+pin,
			" up, passed 2 checks")
		u.Certificate.Refused, u.Verify = "", "pin"
		p.wait(2 * time.Second)
		p.sees("certificate of CN=synology, self-signed, pinned, until", "pin "+pin)
		u.Certificate.Refused, u.Verify, u.Certificate.NotAfter, u.Share = "", "off", now.Add(-time.Hour), 1
		p.wait(2 * time.Second)
		p.sees("not verified, expired")
		p.misses("back ")
	})
}
