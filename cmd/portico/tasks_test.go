package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestTasks does what a person wants of the console in the first week, as one
// who reads the screen would: -v tells how many keys each task takes.
func TestTasks(t *testing.T) {
	s := newShelf(t)
	for _, task := range []struct {
		what string
		do   func(*shelf)
	}{
		{"find why git is 502, and since when", (*shelf).whyGit},
		{"see why a request went where it went", (*shelf).whyThere},
		{"see who was refused, and by what", (*shelf).whoWasRefused},
		{"find what is slow", (*shelf).whatIsSlow},
		{"add a photo server", (*shelf).addPhotos},
		{"undo the last edit", (*shelf).undoLast},
		{"switch a route off", (*shelf).switchOff},
		{"see what that changed in the file", (*shelf).whatChanged},
		{"send a request again", (*shelf).again},
		{"serve a host that strangers ask for in vain", (*shelf).serveWiki},
		{"trust the certificate that a server made itself", (*shelf).trustNAS},
		{"see until when a certificate is good", (*shelf).untilWhen},
	} {
		done := t.Run(task.what, func(t *testing.T) {
			s.t = t
			s.sees("[1 Now]")
			s.counted()
			task.do(s)
			t.Log(s.counted())
		})
		if !done {
			return // nobody knows what is on the screen
		}
		s.t = t
		s.press("esc", "esc", "esc", "1")
	}
}

// shelf is a home with a server that is down, one that is slow and one that is
// not for everybody.
type shelf struct {
	*guest
	url    string
	photos string // a server that is not served yet
}

func newShelf(t *testing.T) *shelf {
	port := freePort(t)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/report" {
			time.Sleep(600 * time.Millisecond)
		}
		fmt.Fprint(w, "here")
	}))
	t.Cleanup(slow.Close)
	nas := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "nas") }))
	nas.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not trust it hangs up
	nas.StartTLS()
	t.Cleanup(nas.Close)
	h := newHome(t)
	h.write("portico.toml", fmt.Sprintf(`# the shelf
[server]
http = "127.0.0.1:%d"
https = "127.0.0.1:%d"

[route.git]
host = "git.home.arpa"
to = "http://127.0.0.1:%d" # the old laptop
max_fails = 1

[route.cloud]
host = "cloud.home.arpa"
to = %q

[route.cctv]
host = "cctv.home.arpa"
to = %q
allow = ["192.0.2.0/24"]

[route.nas]
host = "nas.home.arpa"
to = %q
`, port, freePort(t), freePort(t), slow.URL, slow.URL, nas.URL))
	s := &shelf{photos: strings.TrimPrefix(slow.URL, "http://"), url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	s.guest = visit(t, h)
	s.sees("[1 Now]", "git")
	s.visitors(t, "git.home.arpa/", "cctv.home.arpa/live", "cloud.home.arpa/", "cloud.home.arpa/report", "cloud.home.arpa/photo/1", "wiki.home.arpa/")
	return s
}

// visitors ask for what there is.
func (s *shelf) visitors(t *testing.T, pages ...string) {
	for _, at := range pages {
		host, path, _ := strings.Cut(at, "/")
		r, err := http.NewRequest("GET", s.url+"/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
}

func (s *shelf) whyGit() {
	s.sees("is DOWN", "git answers 502: refused")
	s.press("enter")
	s.sees("[4 Upstreams]", "DOWN", "last failure", "refused 127.0.0.1:")
}

func (s *shelf) whyThere() {
	s.selectBeforeLast()
	s.press("enter")
	s.sees("GET cloud.home.arpa/photo/1", "why this route", "cctv", "cloud")
}

// selectBeforeLast puts the cursor on the last request but one.
func (s *shelf) selectBeforeLast() {
	s.press("2", "G")
	s.sees("FOLLOW")
	s.press("k")
	s.sees("PINNED")
}

func (s *shelf) whoWasRefused() {
	s.press("2", "/")
	s.types("403")
	s.press("enter")
	s.sees("/live")
	s.press("enter")
	s.sees("refused", "by allow", "for 127.0.0.1")
}

func (s *shelf) whatIsSlow() {
	s.press("/")
	s.types(">500ms")
	s.press("enter")
	s.sees("/report", "filter: >500ms")
}

func (s *shelf) addPhotos() {
	s.press("a")
	s.sees("new route")
	s.types("photos.home.arpa")
	s.press("tab", "tab")
	s.types(s.photos)
	s.press("enter")
	s.sees("[route.photos]", "ok: ")
	s.press("y")
	s.sees("done: add route photos")
}

func (s *shelf) undoLast() {
	s.press("u")
	s.sees("undo add route photos", "- [route.photos]")
	s.press("y")
	s.sees("done: undo add route photos")
}

func (s *shelf) switchOff() {
	s.press("3", "g", "x")
	s.sees("route cctv", "enabled = false")
	s.press("y")
	s.sees("done: ", "off")
}

func (s *shelf) whatChanged() {
	s.press("6", "enter")
	s.sees("+ enabled = false")
}

func (s *shelf) again() {
	s.selectBeforeLast()
	s.press("r")
	s.sees("sent again: 200 OK")
}

func (s *shelf) serveWiki() {
	s.press(":")
	s.types("unm")
	s.press("enter")
	s.sees("wiki.home.arpa")
	s.press("a")
	s.sees("new route", "wiki.home.arpa", ">to")
	s.types(s.photos)
	s.press("enter")
	s.sees("[route.wiki]", "upstream answers")
	s.press("y")
	s.sees("done: add route wiki")
}

func (s *shelf) trustNAS() {
	s.visitors(s.t, "nas.home.arpa/")
	s.sees("nas fails", "self-signed")
	s.press("2", "G", "m")
	s.sees("trust the certificate of", "self-signed", "+ upstream_tls")
	s.press("y")
	s.sees("done: trust the certificate")
}

func (s *shelf) untilWhen() {
	s.press("5")
	s.sees("cloud.home.arpa", "local", "until 20")
}
