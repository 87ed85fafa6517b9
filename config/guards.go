package config

import (
	"net"
	"time"

	"forge.home.arpa/portico/config/tomldoc"
)

var asAllow = reader[[]Network]{func(d *decoder, n *node) ([]Network, bool) {
	nets, ok := asNetworks.read(d, n)
	if ok && n.Kind() == tomldoc.Array && len(n.Elems()) == 0 {
		d.warn(n, `say "everybody" if that is meant`, " is empty: every address may pass")
	}
	return nets, ok
}, asNetworks.shape}

var rateLimitKeys = keys[RateLimit]{
	"rate":  store(quoted(rateExample, parsed(parseRate).like(ratePattern.String())), func(l *RateLimit) *Rate { return &l.Rate }),
	"burst": store(count(1, most), func(l *RateLimit) *int { return &l.Burst }),
}

func checkRateLimit(_ *decoder, _ *node, l *RateLimit) {
	if l.Burst == 0 {
		l.Burst = max(1, int(l.Rate)) // a second's worth
	}
}

var maintenanceKeys = keys[Maintenance]{
	"on":          store(asFlag, func(m *Maintenance) *bool { return &m.On }),
	"message":     store(asText, func(m *Maintenance) *string { return &m.Message }),
	"allow":       store(asNetworks, func(m *Maintenance) *[]Network { return &m.Allow }),
	"retry_after": store(atLeast(0), func(m *Maintenance) *time.Duration { return &m.RetryAfter }),
}

var wakeKeys = keys[WakeOnLAN]{
	"mac":  store(parsed(parseMAC).like(macLike), func(w *WakeOnLAN) *string { return &w.MAC }),
	"wait": store(atLeast(time.Second), func(w *WakeOnLAN) *time.Duration { return &w.Wait }),
}

// macLike is what net.ParseMAC reads as six bytes.
const macLike = `^([0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){2})$`

func parseMAC(s string) (string, error) {
	mac, err := net.ParseMAC(s)
	if err != nil || len(mac) != 6 {
		return "", flawed("is not a MAC address", `as "00:11:32:aa:bb:cc"`)
	}
	return mac.String(), nil
}
