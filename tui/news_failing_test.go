package tui

import (
	"fmt"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// allFail is a home in which so many routes answer nothing but failures, among
// others that do well and stand before them.
func allFail(t *testing.T, n int) (*world, Source) {
	w := home()
	store := realStore(t, w, plainFile)
	w.log = record.New(100, 100, 10)
	w.status.Upstreams = nil
	w.status.Routes = []proxy.RouteStatus{route("album", "album.home.lan", "http://nas:1", proxy.StateOK, 1, 3, 0)}
	for i := range n {
		w.status.Routes = append(w.status.Routes, route(fmt.Sprintf("r%02d", i), "x.home.lan", "http://nas:2", proxy.StateOK, 1, 3, 1))
	}
	return w, w.source(store)
}

// TestFailingRouteSaysWhy: since when, what visitors see, and the true cause
// of the last failure.
func TestFailingRouteSaysWhy(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w, src := allFail(t, 2)
		at := time.Now().Truncate(time.Minute)
		for i := range 60 {
			m := record.Minute{Start: at.Add(time.Duration(i-59) * time.Minute), Requests: 1}
			if i > 50 {
				m.Errors = 1
			}
			if i == 55 {
				m.Requests, m.Errors = 0, 0
			}
			w.status.Routes[1].Minutes = append(w.status.Routes[1].Minutes, m)
		}
		for _, r := range []record.Row{
			{Route: "r00", Status: 503, Detail: "something older"},
			{Route: "r00", Status: 502, Detail: "refused 192.168.1.20:2342"},
			{Route: "r00", Status: 404},
			{Route: "r01", Status: 500, Upstream: "http://nas:2"},
		} {
			w.log.Put(&r, nil, nil)
		}
		p := sit(t, src, modelOptions{Width: 80, Height: 24})
		p.sees("! route r00 fails since 12:00 (8m)", "visitors see 502: refused 192.168.1.20:2342")
		p.sees("! route r01 fails", "visitors see 500: nas:2 answers so itself")
		p.misses("something older", "album fails")
		p.press("3")
		p.sees("fails")
	})
}

// TestManyFailingRoutes: they are one piece of news, and stand first in the
// list, which has its room.
func TestManyFailingRoutes(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		_, src := allFail(t, 20)
		p := sit(t, src, modelOptions{Width: 80, Height: 24})
		p.sees("! 20 routes fail", "visitors see 5xx of r00, r01, r02, r03, r04, r05 and 14 more", "\n r00 ", "\n r05 ")
		p.misses("route r00 fails", " album ")
		p.press("enter")
		p.sees("filter: 5xx")
	})
}
