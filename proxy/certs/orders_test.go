package certs_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// TestOrdersOfTheCrashed: an order whose process ends before it knows what came
// of it is counted all the same, and so is one whose name was taken out of the
// file meanwhile.
func TestOrdersOfTheCrashed(t *testing.T) {
	const name = "www.home.test"
	for title, end := range map[string]func(t *testing.T, h *home, p *pebble) *home{
		"another process": func(t *testing.T, h *home, p *pebble) *home {
			h.stop()
			next := newHome(t, h.State, listen(t), listen(t), h.world)
			next.follow(t, acmePlan(p, name))
			return next
		},
		"removed and added again": func(t *testing.T, h *home, p *pebble) *home {
			h.follow(t, acmePlan(p))
			h.follow(t, acmePlan(p, name))
			return h
		},
	} {
		t.Run(title, func(t *testing.T) {
			p := newPebble(t, nowhere(t), nowhere(t), false)
			l := before(t, p)
			hanging := make(chan struct{}, 100)
			l.hold(t, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "authZ") }, hanging)
			w := here()
			w.noTXT = true
			h := newHome(t, t.TempDir(), listen(t), listen(t), w)
			h.follow(t, acmePlan(p, name))
			for range 2 {
				<-hanging
				h = end(t, h, p)
			}
			h.wait(t, name, func(s certs.Status) bool { return strings.Contains(s.Why, "held back") })
			if n := l.ordered(name); n != 2 {
				t.Errorf("%d orders", n)
			}
		})
	}
}

// TestTryNowOrdersAnew: a person who wants another certificate gets one, though
// the present one is good.
func TestTryNowOrdersAnew(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	l := before(t, p)
	h := newHome(t, t.TempDir(), httpL, tlsL, here())
	h.follow(t, acmePlan(p, "www.home.test"))
	h.wait(t, "www.home.test", issued)
	first, err := h.handshake(t, "www.home.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.TryNow("www.home.test"); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "www.home.test", func(certs.Status) bool {
		c, err := h.handshake(t, "www.home.test")
		return err == nil && c.SerialNumber.Cmp(first.SerialNumber) != 0
	})
	if n := l.ordered("www.home.test"); n != 2 {
		t.Errorf("%d orders", n)
	}
}

// TestNotKept: a certificate that the disk does not take is served, and said.
func TestNotKept(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	state := t.TempDir()
	h := newHome(t, state, httpL, tlsL, here())
	h.follow(t, acmePlan(p, "a.home.test"))
	h.wait(t, "a.home.test", issued)
	dirs, err := filepath.Glob(filepath.Join(state, "acme", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	if err := os.MkdirAll(filepath.Join(dirs[0], "b.home.test", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.follow(t, acmePlan(p, "a.home.test", "b.home.test"))
	h.wait(t, "b.home.test", issued)
	if said := h.log.String(); !strings.Contains(said, "cannot be kept over a restart") {
		t.Errorf("nothing was said:\n%s", said)
	}
}

// TestClockFromTheFuture: a failure that a wrong clock has dated does not hold
// a name up for years.
func TestClockFromTheFuture(t *testing.T) {
	state := t.TempDir()
	dead := newPebble(t, nowhere(t), nowhere(t), false)
	dead.Close()
	h := newHome(t, state, listen(t), listen(t), here())
	h.follow(t, acmePlan(dead, "www.home.test"))
	h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() })
	h.stop()
	file := filepath.Join(state, "certs.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	year := time.Now().Format("2006-")
	later := time.Now().AddDate(9, 0, 0).Format("2006-")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), `"`+year, `"`+later)), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newHome(t, state, listen(t), listen(t), here())
	again.follow(t, acmePlan(dead, "www.home.test"))
	again.wait(t, "www.home.test", func(s certs.Status) bool {
		return !s.Next.IsZero() && s.Next.Before(time.Now().AddDate(1, 0, 0)) // it was tried
	})
}

// TestOrderNotRemembered: where the disk takes nothing, a process that is
// started again and again orders nothing, unless a person wants it.
func TestOrderNotRemembered(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	l := before(t, p)
	state := t.TempDir()
	if err := os.MkdirAll(filepath.Join(state, "certs.json", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := here()
	w.noTXT = true
	for range 3 {
		h := newHome(t, state, listen(t), listen(t), w)
		h.follow(t, acmePlan(p, "www.home.test"))
		h.wait(t, "www.home.test", func(s certs.Status) bool { return strings.Contains(s.Why, "cannot be remembered") && !s.Next.IsZero() })
		h.stop()
	}
	if n := l.ordered("www.home.test"); n != 0 {
		t.Errorf("%d orders", n)
	}
	h := newHome(t, state, httpL, tlsL, w)
	h.follow(t, acmePlan(p, "www.home.test"))
	h.wait(t, "www.home.test", refused)
	if err := h.TryNow("www.home.test"); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "www.home.test", issued)
}
