package tui

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// TestBans: who is shut out is listed with the evidence, and let in by Enter and
// another key.
func TestBans(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		now := time.Now()
		w.status.Bans = proxy.BanStatus{On: true, Count: 2, Newest: []proxy.Ban{
			{Client: netip.MustParsePrefix("198.51.100.4/32"), Since: now.Add(-time.Minute), Until: now.Add(59 * time.Minute), Count: 21,
				Evidence: []proxy.Offence{{At: now.Add(-time.Minute), What: "unmatched_host \x1b[31mwp.example"}}},
			{Client: netip.MustParsePrefix("2001:db8::/64"), Since: now, Until: now.Add(time.Hour), Count: 20},
		}}
		p := sit(t, w.source(realStore(t, w, plainFile)), modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: 80, Height: 24})
		for _, k := range []string{":", "b", "a", "n", "s", "enter", "enter"} {
			p.press(k)
		}
		if look := p.look(); !strings.Contains(look, "let 198.51.100.4 in again?") || !strings.Contains(look, "2 clients shut out") || strings.Contains(look, "\x1b[31mwp") {
			t.Fatalf("%s", look)
		}
		p.press("enter") // no
		p.press("j")
		p.press("enter")
		p.press("y")
		if len(w.lifted) != 1 || w.lifted[0] != netip.MustParseAddr("2001:db8::") {
			t.Errorf("lifted %v", w.lifted)
		}
	})
}
