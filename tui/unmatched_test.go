package tui

import (
	"net/netip"
	"testing"

	"forge.home.arpa/portico/proxy/record"
)

// TestUnmatchedHosts: grouped by host, one key a route, another a ban.
func TestUnmatchedHosts(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		for _, from := range []string{"198.51.100.7", "192.168.1.40"} {
			var r record.Row
			r.Host.Set([]byte("wiki.home.lan"))
			r.Method.Set([]byte("GET"))
			r.Path.Set([]byte("/start?token=1"))
			r.Client, r.Status = netip.MustParseAddr(from), 404
			e.world.log.Put(&r, nil, nil)
		}
		e.press(":")
		e.write("unmatched")
		e.press("enter", "G")
		e.sees("2 hosts asked for", "wiki.home.lan", "192.168.1.40 +1", "GET /start?***", "from 192.168.1.40 and 1 more", "a route", "b ban")
		e.press("a")
		e.sees("new route", "wiki.home.lan", "wiki_")
		e.press("esc") // nothing was typed
		e.misses("new route", "throw away")
		e.press("a")
		e.write("nas:1")
		e.press("esc")
		e.sees("throw away what you typed?")
		e.press("y", "b")
		e.sees("bans are not in force: :set ban.on")
		e.world.status.Bans.On = true
		e.wait(2 * factsTick)
		e.press("b")
		e.sees("192.168.1.40 is an address of a home network: shut it out all the same?")
		e.press("enter", "g", "b")
		e.sees("shut 2001:db8::17 out?")
		if len(e.world.banned) > 0 {
			t.Error("somebody is banned before y")
		}
		e.press("y")
		e.sees("2001:db8::17 is shut out until 13:08")
	})
}

// TestUnmatchedWithout: a list that is empty says so.
func TestUnmatchedWithout(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		w.log = record.New(10, 10, 10)
		p := sit(t, w.source(realStore(t, w, plainFile)), modelOptions{Width: 60, Height: 20})
		p.command("unmatched")
		p.sees("every request found a route lately")
		p.press("a", "b", "enter")
		p.sees("every request found a route lately")
	})
}
