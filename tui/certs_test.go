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
	leads  map[string]Leading
}

func (d *doors) Leads(_ context.Context, host string) Leading { return d.leads[host] }

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
				Why: "the authority refused: DNS problem: NXDOMAIN looking up A for git.home.example; next try 2026-01-02 12:50",
				Attempts: []proxy.CertificateAttempt{
					{At: now.Add(-190 * time.Minute), Tried: "tls-alpn-01 or http-01 at acme-v02.api.letsencrypt.org", Result: "failed",
						Words: "203.0.113.7: Fetching http://git.home.example/.well-known/acme-challenge/x9: Timeout during connect (likely firewall problem)"},
					{At: now.Add(-10 * time.Minute), Tried: "tls-alpn-01 or http-01 at acme-v02.api.letsencrypt.org", Result: "failed",
						Words: "DNS problem: NXDOMAIN looking up A for git.home.example"},
				}},
			{Host: "nas.home.arpa", Kind: "local", Issuer: "portico local authority", From: now.Add(-day), Until: now.Add(89 * day)},
			{Host: "old.example.com", Kind: "file", Issuer: "R3", From: now.Add(-85 * day), Until: now.Add(5 * day)},
		},
		names: ddns.Status{Accounts: []ddns.AccountStatus{{Name: "home", Provider: "namecheap", V4: here, Looked: now.Add(-time.Minute),
			Next: now.Add(4 * time.Minute), Names: []ddns.NameStatus{
				{FQDN: "home.example", V4: here, At: now.Add(-3 * day), OK: now.Add(-3 * day), Words: "published"},
				{FQDN: "git.home.example", Class: ddns.Stop, At: now.Add(-time.Hour), OK: now.Add(-26 * time.Hour), Words: "Passwords do not match",
					Attempts: []ddns.Attempt{
						{At: now.Add(-26 * time.Hour), Provider: "namecheap", V4: here, Words: "published"},
						{At: now.Add(-time.Hour), Provider: "namecheap", V4: here, Class: ddns.Stop, Words: "Passwords do not match"},
					}},
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

// TestTryNow: n asks before a stranger is asked, and only where asking can help.
func TestTryNow(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		src := w.source(realStore(t, w, plainFile))
		d := homeDoors(time.Now())
		src.Locks = d
		p := sit(t, src, modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: 80, Height: 24})
		p.press("5")
		p.press("j")
		p.press("n")
		if !strings.Contains(p.look(), "ask for the certificate of git.home.example now?") {
			t.Fatalf("no question:\n%s", p.look())
		}
		p.press("enter") // no
		if len(d.asked) != 0 {
			t.Errorf("asked %q", d.asked)
		}
		p.press("n")
		p.press("y")
		p.press("G")
		p.press("enter") // also from its history
		p.press("n")
		d.answer = errors.New("the provider is away")
		p.press("y")
		if got := strings.Join(d.asked, ", "); got != "cert git.home.example, names home" || !strings.Contains(p.look(), "the provider is away") {
			t.Errorf("asked %q:\n%s", got, p.look())
		}
		p.press("esc")
		p.press("g")
		p.press("down")
		p.press("down")
		p.press("n")
		if !strings.Contains(p.look(), "it is local") {
			t.Errorf("a local certificate:\n%s", p.look())
		}
	})
}

// TestTryByName: the command asks for all that a name has.
func TestTryByName(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		src := w.source(realStore(t, w, plainFile))
		d := homeDoors(time.Now())
		src.Locks = d
		p := sit(t, src, modelOptions{Width: 120, Height: 24})
		p.press(":")
		p.write("try g")
		p.press("tab", "enter")
		p.sees("ask for the certificate of git.home.example and publish the names of [ddns.home] now?")
		p.press("y")
		if got := strings.Join(d.asked, ", "); got != "cert git.home.example, names home" {
			t.Errorf("asked %q", got)
		}
		p.press(":")
		p.write("try nobody.example")
		p.press("enter")
		p.sees("is about nobody.example")
		p.press("L", ":")
		p.write("try git.home.example")
		p.press("enter")
		p.sees("editing is locked")
	})
}

// TestLockPast: Enter tells what was tried, the newest first, and goes on
// telling.
func TestLockPast(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		src := w.source(realStore(t, w, plainFile))
		d := homeDoors(time.Now())
		src.Locks = d
		p := sit(t, src, modelOptions{Width: 80, Height: 24})
		p.press("5", "j", "enter")
		p.sees("the certificate of git.home.example", "next try 12:58, in 50m", "11:58 failed, tls-alpn-01 or http-01 at acme-v02", "08:58 failed")
		if text := p.text(); strings.Index(text, "NXDOMAIN") > strings.Index(text, "Timeout") {
			t.Errorf("the oldest first:\n%s", text)
		}
		git := &d.certs[1]
		git.Pending, git.Issuer, git.Why, git.Next = false, "E7", "", time.Time{}
		git.From, git.Until = time.Now(), time.Now().Add(90*24*time.Hour)
		git.Attempts = append(git.Attempts, proxy.CertificateAttempt{At: time.Now(), Tried: "http-01 at ca.example", Result: "issued", Words: "from E7"})
		p.wait(2 * time.Second)
		p.sees("12:08 issued, http-01 at ca.example", "89d left")
		d.certs = d.certs[:1]
		p.wait(2 * time.Second)
		p.sees("no longer kept")
		p.press("n") // harms nobody
		p.press("esc", "G", "enter")
		p.sees("the name git.home.example", "provider namecheap, [ddns.home]", "Passwords do not match since 11:08", "11:08 STOPPED, namecheap was told 203.0.113.7")
	})
}

// TestShutOut: a home that nobody reaches is not well, whatever its provider of
// names says; one that is reached over IPv6, or perhaps through a second router,
// is.
func TestShutOut(t *testing.T) {
	carrier := "the router's own address 100.64.3.4 belongs to the provider's network (CGNAT): nobody reaches this home over IPv4"
	for name, c := range map[string]struct {
		carrier string
		v6      netip.Addr
		shut    bool
	}{
		"CGNAT":           {carrier: carrier, shut: true},
		"DS-Lite":         {carrier: carrier, v6: netip.MustParseAddr("2001:db8::7")},
		"a second router": {carrier: "the router's own address 192.168.1.2 is private: " + ddns.SecondRouter},
		"well":            {},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				w := home()
				w.allWell()
				src := w.source(realStore(t, w, plainFile))
				d := wellDoors(time.Now())
				d.names.Accounts[0].Carrier, d.names.Accounts[0].V6 = c.carrier, c.v6
				src.Locks = d
				p := sit(t, src, modelOptions{Width: 120, Height: 24})
				p.press("1")
				if !c.shut {
					p.sees("all well")
					return
				}
				p.misses("all well")
				p.sees("strangers do not come in over IPv4", "100.64.3.4")
			})
		})
	}
}
