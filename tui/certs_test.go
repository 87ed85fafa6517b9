package tui

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// doors are the names and certificates of a made-up home.
type doors struct {
	certs  []proxy.CertificateStatus
	names  ddns.Status
	asked  []string
	answer error
}

func (d *doors) Certificates() []proxy.CertificateStatus { return d.certs }
func (d *doors) Names() ddns.Status                      { return d.names }

func (d *doors) TryCertificate(host string) error {
	d.asked = append(d.asked, "cert "+host)
	return d.answer
}

func (d *doors) Publish(_ context.Context, table string) error {
	d.asked = append(d.asked, "names "+table)
	return d.answer
}

// homeDoors has one of each state.
func homeDoors(now time.Time) *doors {
	here := netip.MustParseAddr("203.0.113.7")
	day := 24 * time.Hour
	return &doors{
		certs: []proxy.CertificateStatus{
			{Host: "*.home.example", Kind: "acme", Issuer: "E7", From: now.Add(-40 * day), Until: now.Add(50 * day)},
			{Host: "git.home.example", Kind: "acme", Pending: true, Next: now.Add(50 * time.Minute),
				Why: "the authority refused: DNS problem: NXDOMAIN looking up A for git.home.example; next try 2026-01-02 12:50"},
			{Host: "nas.home.arpa", Kind: "local", Issuer: "portico local authority", From: now.Add(-day), Until: now.Add(89 * day)},
			{Host: "old.example.com", Kind: "file", Issuer: "R3", From: now.Add(-85 * day), Until: now.Add(5 * day)},
		},
		names: ddns.Status{Accounts: []ddns.AccountStatus{{Name: "home", Provider: "namecheap", V4: here, Looked: now.Add(-time.Minute),
			Next: now.Add(4 * time.Minute), Names: []ddns.NameStatus{
				{FQDN: "home.example", V4: here, At: now.Add(-3 * day), OK: now.Add(-3 * day), Words: "published"},
				{FQDN: "git.home.example", Class: ddns.Stop, At: now.Add(-time.Hour), Words: "Passwords do not match"},
			}}}},
	}
}

// wellDoors is a home with which all is well.
func wellDoors(now time.Time) *doors {
	d := homeDoors(now)
	d.certs = d.certs[:1]
	d.certs[0].Until = now.Add(21*24*time.Hour + 5*time.Hour)
	d.names.Accounts[0].Names = d.names.Accounts[0].Names[:1]
	return d
}

// TestCertsPage: Enter asks before a stranger is asked, and only where asking
// can help.
func TestCertsPage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		src := w.source(realStore(t, w, plainFile))
		d := homeDoors(time.Now())
		src.Locks = d
		p := sit(t, src, modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: 80, Height: 24})
		p.press("5")
		p.press("j")
		p.press("enter")
		if !strings.Contains(p.look(), "ask the authority for the certificate of git.home.example now?") {
			t.Fatalf("no question:\n%s", p.look())
		}
		p.press("enter") // no
		if len(d.asked) != 0 {
			t.Errorf("asked %q", d.asked)
		}
		p.press("enter")
		p.press("y")
		p.press("G")
		p.press("enter")
		d.answer = errors.New("the provider is away")
		p.press("y")
		if got := strings.Join(d.asked, ", "); got != "cert git.home.example, names home" || !strings.Contains(p.look(), "the provider is away") {
			t.Errorf("asked %q:\n%s", got, p.look())
		}
		p.press("g")
		p.press("down")
		p.press("down")
		p.press("enter")
		if !strings.Contains(p.look(), "it is local") {
			t.Errorf("a local certificate:\n%s", p.look())
		}
	})
}
