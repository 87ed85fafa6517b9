package tui

import (
	"net/netip"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

func TestLive(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		e := sit(t, w.source(realStore(t, w, homeFile)), modelOptions{Width: 120, Height: 40})
		e.command("live")
		e.sees("0 exchanges", "no WebSocket, no events, no camera")
		for i := range 3 {
			w.status.Live = append(w.status.Live, proxy.Live{
				Since: time.Now().Add(-time.Duration(i+1) * time.Hour), Kind: proxy.LiveWebSocket + proxy.LiveKind(i),
				Client: netip.MustParseAddr("192.168.1.23"), Host: "ha.home.lan\x1b[2J", Path: "/api/websocket?token=s3cr3t",
				Route: "ha", Upstream: "http://10.0.0.4:8123", BytesIn: 1500, BytesOut: 3 << 20,
			})
		}
		w.status.AllLive = 12345
		e.wait(2 * time.Second) // it follows what happens
		e.sees("12k exchanges without an end of their own", "12k older ones are not shown", "websocket", "upgrade", "events",
			"192.168.1.23", "1.5K", "3.0M", "ha.home.lan", "60m", "upstream http://10.0.0.4:8123")
		e.misses("s3cr3t", "\x1b[2J")
		e.press("j", "j")
		e.sees("events since 09:0")
		e.press("esc", "2")
		e.sees("live 12k")
	})
}
