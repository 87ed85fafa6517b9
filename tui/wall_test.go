package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
)

// allWell mends what is wrong at home.
func (w *world) allWell() {
	for i := range w.status.Routes {
		if r := &w.status.Routes[i]; r.Health == proxy.StateDown {
			r.Health, r.Reason = proxy.StateOK, ""
		}
	}
	for i := range w.status.Upstreams {
		w.status.Upstreams[i].State = proxy.StateOK
	}
}

// crowded adds routes with short and with long names.
func (w *world) crowded() {
	for i := range 24 {
		name := fmt.Sprint("r", i)
		if i%5 == 0 {
			name = fmt.Sprint("the-grandchildren-of-photos-and-films-", i)
		}
		w.status.Routes = append(w.status.Routes, route(name, name+".home.lan", "http://nas:80", proxy.StateOK, 1, 5, 0))
	}
}

// hang opens a console on the wall.
func hang(t *testing.T, w *world, o modelOptions) *person {
	t.Helper()
	routes := w.status.Routes
	store := realStore(t, w, plainFile)
	w.status.Routes = routes
	o.Page, o.Env = "wall", environment{UTF8: true}
	src := w.source(store)
	src.Locks = wellDoors(time.Now())
	if o.Width == 0 {
		o.Width, o.Height = 80, 24
	}
	return sit(t, src, o)
}

func (p *person) onNow() bool { return strings.Contains(p.text(), "[1 Now]") }

func TestWallSaysHowItStands(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		p := hang(t, w, modelOptions{})
		p.sees("git", "✗ DOWN ", "nas:3000 DOWN", "cloud", "203.0.113.7", "*.home.example 21d")
		if got := p.m.word(); got != "1 DOWN" {
			t.Errorf("the word is %q", got)
		}
		w.allWell()
		p.wait(2 * time.Second)
		if got := p.m.word(); got != "ALL WELL" {
			t.Errorf("the word is %q", got)
		}
		p.misses("DOWN")

		w.status.Routes[0].Rates.Errors = 1 // all of its visitors get errors
		p.wait(2 * time.Second)
		p.sees("FAILS")
		if got := p.m.word(); got != "1 DOWN" {
			t.Errorf("the word is %q", got)
		}
		w.status.Routes[0].Rates.Errors = 0
		w.status.Warnings = []proxy.Warning{{Since: time.Now(), Short: "visitors hidden", What: "something long"}}
		p.wait(2 * time.Second)
		p.sees("visitors hidden")
		if got := p.m.word(); got != "LOOK" {
			t.Errorf("the word is %q", got)
		}
	})
}

func (m *model) word() string {
	word, _ := m.facts.inAWord(m.o.Now())
	return word
}

// TestWallTellsNothingOfVisitors: a guest reads it too.
func TestWallTellsNothingOfVisitors(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p := hang(t, home(), modelOptions{Width: 160, Height: 45})
		p.misses("/api", "192.168.1.23", "203.0.113.9", "2001:db8", ".php")
	})
}

func TestAnyKeyLeavesTheWall(t *testing.T) {
	for _, key := range []string{"x", "q", "enter", "esc", " ", "?", ":", "2", "ctrl+c", "up", "D"} {
		atNoon(t, func(t *testing.T) {
			p := hang(t, home(), modelOptions{})
			if p.onNow() {
				t.Fatal("it opened on page Now")
			}
			p.press(key)
			if !p.onNow() || len(p.got) > 0 || p.m.prompt != nil || p.m.ask != nil {
				t.Errorf("%s: %s", key, p.text())
			}
		})
	}
}

// TestWallComesBack: nobody stands before it any more. Whoever opened the
// console on another page is left there, and what is being written stays.
func TestWallComesBack(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p := hang(t, home(), modelOptions{})
		p.press("3", "3") // the first only leaves the wall
		p.wait(4 * time.Minute)
		p.sees("[3 Routes]")
		p.wait(61 * time.Second)
		p.misses("Routes]")
		p.press("3", "a", "n", "a", "s")
		p.wait(6 * time.Minute)
		p.sees("new route")
	})
	atNoon(t, func(t *testing.T) {
		p := hang(t, home(), modelOptions{})
		p.m.o.Page = "now"
		p.press("x")
		p.wait(6 * time.Minute)
		if !p.onNow() {
			t.Error(p.text())
		}
	})
}

// TestWallRests: while nothing happens each frame is as the one before, but for
// its walk, a cell a minute.
func TestWallRests(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p := hang(t, home(), modelOptions{})
		changes, before := 0, p.look()
		seen := map[string]bool{before: true}
		const minutes = walkColumns * walkLines
		for range minutes*60 + 5 {
			w := p.m.src.Proxy.(*world)
			w.request(1) // traffic is no change
			w.status.Total.PerSecond++
			p.wait(time.Second)
			if now := p.look(); now != before {
				changes++
				before = now
				seen[now] = true
			}
		}
		if changes != minutes || len(seen) != minutes {
			t.Errorf("%d changes and %d places in %d minutes", changes, len(seen), minutes)
		}
	})
}

// TestWallStrolls goes a cell at a time.
func TestWallStrolls(t *testing.T) {
	at := time.Unix(0, 0)
	c, l := strolled(at)
	for range 20 {
		at = at.Add(time.Minute)
		c2, l2 := strolled(at)
		if d := (c2-c)*(c2-c) + (l2-l)*(l2-l); d != 1 || c2 < 0 || c2 >= walkColumns || l2 < 0 || l2 >= walkLines {
			t.Fatalf("from %d,%d to %d,%d", c, l, c2, l2)
		}
		c, l = c2, l2
	}
}

func TestWallIsDarkByNight(t *testing.T) {
	atNoon(t, func(t *testing.T) { // it is 12:08
		p := hang(t, home(), modelOptions{Blank: Hours{12*time.Hour + 10*time.Minute, 12*time.Hour + 30*time.Minute}})
		p.sees("git")
		p.wait(2*time.Minute + 2*time.Second)
		if s := strings.TrimSpace(p.text()); s != "" {
			t.Errorf("in its dark hours it shows %q", s)
		}
		p.press("x")
		if !p.onNow() {
			t.Error("a key does not wake it")
		}
		p.wait(20 * time.Minute)
		p.sees("git", "203.0.113.7")
	})
}

func TestParseHours(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		hours  string
		in     []string
		out    []string
		refuse bool
	}{
		{hours: "", out: []string{"00:00", "12:00"}},
		{hours: "23:00-07:00", in: []string{"23:00", "00:00", "06:59"}, out: []string{"07:00", "12:00", "22:59"}},
		{hours: "1:30-2:00", in: []string{"01:30", "01:59"}, out: []string{"01:29", "02:00"}},
		{hours: "7-8", refuse: true},
		{hours: "07:00", refuse: true},
		{hours: "07:00-07:00", refuse: true},
		{hours: "23:00-24:30", refuse: true},
		{hours: "23:00-07:00-08:00", refuse: true},
	} {
		h, err := ParseHours(c.hours)
		if (err != nil) != c.refuse {
			t.Errorf("%q: %v", c.hours, err)
		}
		for want, times := range map[bool][]string{true: c.in, false: c.out} {
			for _, at := range times {
				clock, err := time.Parse("15:04", at)
				if err != nil {
					t.Fatal(err)
				}
				if got := h.contain(day.Add(clock.Sub(clock.Truncate(24 * time.Hour)))); got != want {
					t.Errorf("%s in %q: %t", at, c.hours, got)
				}
			}
		}
	}
}

// TestBigWords holds that every word the wall may say has its letters, and that
// it keeps within what it was given.
func TestBigWords(t *testing.T) {
	for _, word := range []string{"ALL WELL", "LOOK", "DOWN", "0123456789"} {
		for _, c := range word {
			rows, ok := letters[c]
			for _, r := range rows {
				ok = ok && len(r) == len(rows[0]) && strings.Trim(r, "# ") == ""
			}
			if !ok {
				t.Errorf("%q has no proper letter", c)
			}
		}
		for w := range 200 {
			for h := range 40 {
				b, fits := enlarge(word, w, h)
				if fits && (b.width() > w || b.height() > h) {
					t.Fatalf("%s is %dx%d in %dx%d", word, b.width(), b.height(), w, h)
				}
			}
		}
	}
}

// TestWallSendsNothing while requests come, ten a second: nobody tends it, and
// it may hang behind a slow link.
func TestWallSendsNothing(t *testing.T) {
	if rate := bytesASecond(t, 80, 24, ":", "w", "a", "enter"); rate != 0 {
		t.Errorf("%d bytes a second", rate)
	}
}
