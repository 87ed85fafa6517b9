package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

const selfPin = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// upstreams is what stands behind the addresses that a form is tested with.
type upstreams struct {
	asked   []string // URLs, each with the route's name where it was known
	when    []time.Time
	running int
	most    int // climbs at the same time
	ended   int // by their context
}

// probe is a Source's Probe: port 80 speaks HTTP, 443 TLS of its own making, 1
// nothing, 9 says nothing for a minute.
func (u *upstreams) probe(ctx context.Context, c *config.Config, url string) ([]proxy.Probe, error) {
	p := proxy.Probe{URL: url, Steps: []proxy.Step{{Name: "tcp", OK: true, Took: 9 * time.Millisecond}}}
	trusted := false
	asked := url
	for _, r := range c.Routes {
		asked += " for " + r.Name
		trusted = r.TLS.Verify == "pin"
	}
	u.asked, u.when = append(u.asked, asked), append(u.when, time.Now())
	u.running++
	u.most = max(u.most, u.running)
	defer func() { u.running-- }()
	scheme, addr, _ := strings.Cut(url, "://")
	switch _, port, _ := strings.Cut(addr, ":"); port {
	case "80":
		p.OK, p.Status = true, 200
	case "443":
		switch {
		case scheme == "http":
			p.Mends = []proxy.Mend{{Words: "it speaks TLS", Instead: "https://" + addr}}
		case trusted:
			p.OK, p.Status = true, 204
		default:
			p.Cause, p.Detail = record.CauseUntrusted, "self-signed by CN="+addr
			p.Certificate = &proxy.Certificate{Subject: "CN=" + addr, SelfSigned: true, Pin: selfPin}
			p.Mends = []proxy.Mend{{Words: "write it", Trust: map[string]any{"verify": "pin", "pin": selfPin}}}
		}
	case "1":
		p.Cause, p.Detail = record.CauseRefused, "refused 10.0.0.7:1"
	case "9":
		select {
		case <-ctx.Done():
			u.ended++
			return nil, ctx.Err()
		case <-time.After(time.Minute):
		}
	default:
		return nil, errors.New("no such port")
	}
	return []proxy.Probe{p}, nil
}

// editTested is edit over upstreams that can be tested.
func editTested(t *testing.T, o modelOptions) (*editor, *upstreams) {
	t.Helper()
	w, u := home(), &upstreams{}
	s := realStore(t, w, homeFile)
	src := w.source(s)
	src.Probe = u.probe
	if o.Width == 0 {
		o.Width, o.Height = 80, 24
	}
	o.Env.UTF8 = true
	return &editor{sit(t, src, o), s, w}, u
}

// adding types a new route up to its upstream.
func (e *editor) adding(to string) {
	e.press("3", "a")
	e.write("wiki.home.lan")
	e.press("tab", "tab")
	e.write(to)
}

const settled = settleTyping + 100*time.Millisecond

// TestFormTests: what is typed is tested once the typing settles, and what was
// found stands beside it and in the review.
func TestFormTests(t *testing.T) {
	for _, c := range []struct{ to, sees, review string }{
		{"http://nas:80", "test: 200 in 9ms", "ok: parses, no route shadowed, upstream answers"},
		{"nas:80", "test: http, 200 in 9ms", "upstream answers"},
		{"nas:1", "test: nothing listens at nas:1", "but nothing listens at nas:1"},
		{"nas:7", "test: no such port", "but no such port"},
		{"http://nas:443", "test: it speaks TLS: https://nas:443", "but it speaks TLS: https://nas:443"},
		{"nas:443", "test: untrusted certificate of nas:443, self-signed: pin it?", "but untrusted certificate of nas:443"},
		{"http://nas:80 nas:1", "test: nas:1: nothing listens at nas:1", "but nothing listens at nas:1"},
		{"http://nas:80 http://nas2:80", "test: http://nas2:80: 200 in 9ms", "upstreams answer"},
	} {
		t.Run(c.to, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e, u := editTested(t, modelOptions{Width: 120, Height: 30})
				e.adding(c.to)
				if len(u.asked) > 0 {
					t.Errorf("before the typing settled it climbed to %q", u.asked)
				}
				e.wait(settled)
				e.sees(c.sees)
				if !strings.HasSuffix(u.asked[0], " for wiki") {
					t.Errorf("it was asked as %q, not by the route", u.asked[0])
				}
				e.press("enter")
				e.sees(c.review)
				n := len(u.asked)
				e.press("esc")
				e.wait(10 * settled)
				if len(u.asked) != n {
					t.Errorf("it is tested again: %q", u.asked)
				}
			})
		})
	}
}

// TestFormLearnsTheScheme: one that was left out is the one that answers, also
// when the review is open before that is known.
func TestFormLearnsTheScheme(t *testing.T) {
	for _, wait := range []time.Duration{0, settled} {
		atNoon(t, func(t *testing.T) {
			e, _ := editTested(t, modelOptions{})
			e.adding("nas:443")
			e.wait(wait)
			e.press("enter")
			e.wait(settled)
			e.sees(`+ to   = "https://nas:443"`)
			e.press("y")
			e.sees("done: add route wiki")
			if got := e.file(); got != homeFile+strings.Replace(added, "http://nas:3333", "https://nas:443", 1) {
				t.Errorf("the file is\n%s", got)
			}
		})
	}
}

// TestFormOffersTheScheme: one that was typed is only offered, tab takes it.
func TestFormOffersTheScheme(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e, _ := editTested(t, modelOptions{Width: 80, Height: 30})
		e.adding("http://nas:443")
		e.wait(settled)
		e.sees("[use https://nas:443]", `+ to   = "http://nas:443"`)
		e.press("tab")
		e.wait(settled)
		e.sees("https://nas:443", "[pin it]", `+ to   = "https://nas:443"`)
		if l := e.cursorLine(); !strings.HasPrefix(l, ">to") {
			t.Errorf("the focus went to %q", l)
		}
	})
}

// TestFormPins: the button in the order of tab takes the offer; a phone has no
// ctrl. Other text in the field takes it back.
func TestFormPins(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e, _ := editTested(t, modelOptions{})
		e.adding("nas:443")
		e.wait(settled)
		e.press("tab")
		e.sees(">         [pin it]")
		e.misses("upstream_tls")
		e.press("enter")
		e.wait(settled)
		e.sees("test: https, 204 in 9ms", "+ upstream_tls = { ", "upstream answers")
		e.press("enter", "y")
		e.sees("done: add route wiki")
		want := homeFile + "\n[route.wiki]\nhost         = \"wiki.home.lan\"\nto           = \"https://nas:443\"\n" +
			"upstream_tls = { pin = \"" + selfPin + "\", verify = \"pin\" }\n"
		if got := e.file(); got != want {
			t.Errorf("the file is\n%s", got)
		}
		e.press("e")
		e.focus("to")
		e.clear()
		e.write("nas:80")
		e.wait(settled)
		e.misses("[pin it]")
	})
}

// TestPinIsOfWhatWasTyped: another address is not trusted by the first one's
// certificate.
func TestPinIsOfWhatWasTyped(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e, _ := editTested(t, modelOptions{})
		e.adding("nas:443")
		e.wait(settled)
		e.press("tab", "enter")
		e.clear()
		e.write("nas:80")
		e.wait(settled)
		e.misses("upstream_tls", "pin")
		e.sees("test: http, 200")
	})
}

// TestFormTestsNothingUntyped: what only stands in the file is not climbed to
// by itself; ctrl+t and the button do.
func TestFormTestsNothingUntyped(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e, u := editTested(t, modelOptions{})
		e.press("3", "e")
		e.wait(5 * settled)
		e.focus("path")
		e.write("/x")
		e.wait(5 * settled)
		e.press("enter")
		e.wait(5 * settled)
		e.press("esc")
		if len(u.asked) > 0 {
			t.Fatalf("it climbed to %q", u.asked)
		}
		e.press("ctrl+t")
		if len(u.asked) != 2 || !strings.HasSuffix(u.asked[0], " for cloud") {
			t.Errorf("ctrl+t climbed to %q", u.asked)
		}
		e.focus("to")
		e.press("tab")
		e.wait(settled)
		e.press("enter")
		if len(u.asked) != 4 {
			t.Errorf("the button climbed to %q", u.asked[2:])
		}
	})
}

// TestOneClimbAtATime: a newer test ends the one before, and none begins sooner
// than settleTyping after another, however fast the keys come.
func TestOneClimbAtATime(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e, u := editTested(t, modelOptions{})
		e.adding("nas:9")
		e.wait(settled)
		e.sees("test: ..")
		for range 5 {
			e.press("backspace", "9", "ctrl+t", "ctrl+t")
		}
		if len(u.asked) != 1 {
			t.Errorf("the same is asked again: %q", u.asked)
		}
		e.press("backspace")
		e.write("1")
		e.wait(settled)
		e.sees("nothing listens at nas:1")
		for range 50 {
			e.press("ctrl+t")
			e.wait(20 * time.Millisecond)
		}
		e.press("esc", "y", "a")
		e.press("tab", "tab")
		e.write("nas:9")
		e.wait(settled)
		e.press("esc", "y")
		e.adding("nas:80")
		e.wait(2 * settled)
		e.sees("http, 200 in 9ms")
		if u.most != 1 || u.ended != 2 {
			t.Errorf("%d climbs at once, %d were ended", u.most, u.ended)
		}
		for i := range u.when[1:] {
			if d := u.when[i+1].Sub(u.when[i]); d < settleTyping {
				t.Errorf("%s and %s within %s", u.asked[i], u.asked[i+1], d)
			}
		}
	})
}

// TestKeysToAddARoute: five keys beside the text, in small windows too, and the
// frames that they lead through.
func TestKeysToAddARoute(t *testing.T) {
	var frames []string
	for _, size := range [][2]int{{80, 24}, {40, 12}} {
		atNoon(t, func(t *testing.T) {
			e, _ := editTested(t, modelOptions{Width: size[0], Height: size[1]})
			keys := 0
			control := func(ks ...string) { keys += len(ks); e.press(ks...) }
			control("a")
			e.write("wiki.home.lan")
			control("tab", "tab")
			e.write("nas:443")
			e.wait(settled)
			e.sees("test: ", "self-signed")
			form := e.look()
			control("enter")
			e.wait(settled)
			for what, frame := range []string{form, e.look()} {
				checkSigns(t, frame)
				frames = append(frames, fmt.Sprintf("%dx%d %d\n%s%s", size[0], size[1], what, frame, frameEnd))
			}
			control("y")
			e.sees("done: add route wiki")
			if keys > 5 {
				t.Errorf("%d keys beside the text", keys)
			}
		})
	}
	golden(t, "probed", frames)
}

// TestWordsOfATest: each way a climb ends is told in words.
func TestWordsOfATest(t *testing.T) {
	steps := []proxy.Step{{Took: 5 * time.Millisecond}, {Took: 4 * time.Millisecond}}
	for want, one := range map[string]tested{
		"answers in 9ms":                     {typed: "fastcgi://nas:9000", probe: proxy.Probe{URL: "fastcgi://nas:9000", OK: true, Steps: steps}},
		"401 in 9ms; it asks for a password": {typed: "http://nas", probe: proxy.Probe{URL: "http://nas", OK: true, Status: 401, Steps: steps, Mends: []proxy.Mend{{Words: "it asks for a password"}}}},
		"no address for nas; spelled right?": {typed: "http://nas", probe: proxy.Probe{Detail: "no address for nas", Mends: []proxy.Mend{{Words: "spelled right?"}}}},
		"this build cannot speak it":         {probe: proxy.Probe{Detail: "this build cannot speak it"}},
		"it speaks h2c://nas:80":             {typed: "http://nas:80", probe: proxy.Probe{URL: "http://nas:80", Mends: []proxy.Mend{{Instead: "h2c://nas:80"}}}},
		"it speaks http+unix:///run/a.sock":  {probe: proxy.Probe{URL: "https+unix:///run/a.sock", Mends: []proxy.Mend{{Instead: "http+unix:///run/a.sock"}}}},
		"untrusted certificate of nas, made for b: trust its name?": {typed: "https://nas", probe: proxy.Probe{URL: "https://nas", Mends: []proxy.Mend{{Trust: map[string]any{"server_name": "b"}}},
			Certificate: &proxy.Certificate{Refused: "made for b"}}},
	} {
		var all strings.Builder
		for _, s := range one.words() {
			all.WriteString(s.s)
		}
		if all.String() != want {
			t.Errorf("%q, want %q", all.String(), want)
		}
	}
}
