package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNewRouteIsFollowed: a person adds a route, is told what it still needs,
// gives it that, and reads in the history how its certificate came.
func TestNewRouteIsFollowed(t *testing.T) {
	h := newHome(t)
	n := newInternet(t, h)
	n.lead("www.example.com", n.address)
	git := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "git") }))
	t.Cleanup(git.Close)
	h.write("portico.toml", n.text(answersWith(t, "good"), "www.example.com"))
	g := visit(t, h)
	g.sees("[1 Now]", "www")
	g.press(":")
	g.types("add git.example.com " + git.URL)
	g.press("enter")
	g.sees("[route.git]", "ok: ")
	g.press("y")
	g.sees("done: add route git")
	g.press("1")
	g.sees("new: git", "upstream ok", "record: git.example.com has no address in the DNS", "git.example.com A "+n.address, "certificate not yet")
	n.lead("git.example.com", n.address)
	within(t, 6*soon, "all that the route needs is there", // closed gates are looked at now and then
		func() bool { return !strings.Contains(g.text(), "new: git") })
	g.press("5", "g", "enter")
	g.sees("the certificate of git.example.com", "state    ok, acme", "Pebble", "issued, tls-alpn-01 or http-01 at 127.0.0.1")
}
