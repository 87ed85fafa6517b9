package tui

import (
	"fmt"
	"strings"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// lockItems tell in the header of the nearest certificate and of the names. One
// of them in trouble stays longer than the finer figures.
func (f *facts) lockItems(now time.Time) (items []headerItem) {
	if c := f.nearest(now); c != nil {
		items = append(items, lockItem(7, "cert ", certWord(c, now)))
	}
	if len(f.names.Accounts) > 0 {
		items = append(items, lockItem(8, "DNS ", f.namesState()))
	}
	return items
}

// certWord is how long the certificate lasts, or what is wrong with it.
func certWord(c *proxy.CertificateStatus, now time.Time) span {
	word := certState(c, now)
	switch c.State(now) {
	case proxy.CertificateOK:
		word.s = daysLeft(c.Until.Sub(now))
	case proxy.CertificateEnding:
		word.s = daysLeft(c.Until.Sub(now)) + "!"
	}
	return word
}

func lockItem(rank int, about string, word span) headerItem {
	if word.tone != plain {
		rank -= 3 // before the times
	}
	return headerItem{rank, text{{plain, about}, word}}
}

// nearest is the certificate that is worst off, or else the first to end. Those
// of the home's own authority are left out: they are made anew for whoever asks.
func (f *facts) nearest(now time.Time) (first *proxy.CertificateStatus) {
	for i := range f.certs {
		c := &f.certs[i]
		if c.Kind != "local" && (first == nil || nearer(c, first, now)) {
			first = c
		}
	}
	return first
}

func nearer(a, b *proxy.CertificateStatus, now time.Time) bool {
	if x, y := certState(a, now).tone, certState(b, now).tone; x != y {
		return x > y
	}
	if a.Pending != b.Pending {
		return a.Pending
	}
	return a.Until.Before(b.Until)
}

// namesState is the worst that is known of the names that dynamic DNS keeps.
func (f *facts) namesState() span {
	worst := span{plain, "ok"}
	if f.names.Problem() != "" {
		worst = span{warn, "address?"}
	}
	for _, a := range f.names.Accounts {
		for i := range a.Names {
			if s := nameState(&a.Names[i]); s.tone > worst.tone || worst.s == "ok" {
				worst = s
			}
		}
	}
	return worst
}

// shutOut is why nobody reaches a home over the only way in that its names tell
// of; "" where somebody does. A router before the home's own may lead here.
func (f *facts) shutOut() string {
	if f.revision != nil && f.revision.Config.ACME != nil && f.revision.Config.ACME.Front {
		return ""
	}
	for _, a := range f.names.Accounts {
		if a.Carrier != "" && !a.V6.IsValid() && !strings.HasSuffix(a.Carrier, ddns.SecondRouter) {
			return a.Carrier
		}
	}
	return ""
}

// daysLeft is how long something lasts: never more than it does, in hours when
// they count.
func daysLeft(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return fmt.Sprintf("%dh", int(d/time.Hour))
	}
	return fmt.Sprintf("%dd", int(d/day))
}
