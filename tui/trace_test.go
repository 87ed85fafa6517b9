package tui

import "testing"

// TestTraceOfARoute: t on a route asks what the route is made for.
func TestTraceOfARoute(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 28})
		e.press("3", "g", "j", "t")
		e.sees("trace GET http://git.home.lan/", "upstream    http://nas:3000", "url         http://git.home.lan/", "host git.home.lan, all paths", "refuse")
		if got := e.world.asked[len(e.world.asked)-1]; got.From.String() != "127.0.0.1" || got.Method != "GET" {
			t.Errorf("asked %+v", got)
		}
	})
}
