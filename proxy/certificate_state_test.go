package proxy_test

import (
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// A certificate is near its end by its own life: one of six days is not from
// its first hour on.
func TestCertificateState(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		about      string
		life, left time.Duration
		want       proxy.CertificateState
	}{
		{"fresh", 90 * day, 80 * day, proxy.CertificateOK},
		{"being renewed", 90 * day, 20 * day, proxy.CertificateOK},
		{"not renewed", 90 * day, 13 * day, proxy.CertificateEnding},
		{"over", 90 * day, -time.Second, proxy.CertificateExpired},
		{"six days, fresh", 6 * day, 5 * day, proxy.CertificateOK},
		{"six days, being renewed", 6 * day, 25 * time.Hour, proxy.CertificateOK},
		{"six days, not renewed", 6 * day, 23 * time.Hour, proxy.CertificateEnding},
		{"years", 3650 * day, 15 * day, proxy.CertificateOK},
		{"years, not renewed", 3650 * day, 13 * day, proxy.CertificateEnding},
	} {
		s := proxy.CertificateStatus{Until: now.Add(c.left), From: now.Add(c.left - c.life)}
		if got := s.State(now); got != c.want {
			t.Errorf("%s: %s, want %s", c.about, got, c.want)
		}
	}
	if got := (proxy.CertificateStatus{Pending: true}).State(now); got != proxy.CertificatePending {
		t.Errorf("none yet: %s", got)
	}
	if got := (proxy.CertificateStatus{Kind: "local"}).State(now); got != proxy.CertificateOK {
		t.Errorf("made for whoever asks: %s", got)
	}
}
