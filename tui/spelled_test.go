package tui

import (
	"strings"
	"testing"
)

// inheriting is a home whose routes have much from elsewhere.
const inheriting = `[defaults]
use = "home"
max_body = "2MB"

[preset.home]
allow = ["lan", "home"]

[preset.family]
allow = "10.8.0.0/24"
auth = { users = ["ann:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"] }

[preset.asleep]
enabled = false
strip_prefix = "/z"

[route.git]
host = "git.home.lan"
to = "http://nas:3000"

[route.photos]
use = ["family", "asleep"]
host = "photos.home.lan"
to = "http://nas:2342"
`

func inherit(t *testing.T, o modelOptions) *editor {
	t.Helper()
	w := home()
	s := realStore(t, w, inheriting)
	o.Width, o.Height = 120, 40
	return &editor{sit(t, w.source(s), o), s, w}
}

// TestOrigins: the page Routes tells what a route has from where, and no
// secret with it.
func TestOrigins(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := inherit(t, modelOptions{})
		e.press("3")
		e.sees("from defaults: max_body 2MB", "from preset home: allow lan home")
		e.press("j")
		e.sees("from preset family: allow 10.8.0.0/24, auth {users}", "from preset asleep: enabled no, strip_prefix /z", "from defaults: max_body 2MB")
		e.misses("$2a$", "preset home")
	})
}

// TestPlaceholders: an empty field says what applies, and why.
func TestPlaceholders(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := inherit(t, modelOptions{})
		e.press("3", "e") // git
		e.sees("use      (home, from defaults)", "allow    (lan home, from preset home)")
		e.focus("use")
		e.sees("presets: asleep family home")
		e.write("fam")
		e.press("tab")
		e.sees("use      family", "allow    (10.8.0.0/24, from preset family)")
		if l := e.cursorLine(); !strings.HasPrefix(l, ">use") {
			t.Errorf("the focus is on %q", l)
		}
		e.write(" as")
		e.press("tab", "tab")
		e.sees("strip    (/z, from preset asleep)")
		if l := e.cursorLine(); !strings.HasPrefix(l, ">allow") || !strings.Contains(l, "who may come in?") {
			t.Errorf("the focus is on %q", l)
		}
		e.press("enter", "y")
		if got := e.file(); !strings.Contains(got, `use = ["family", "asleep"]`+"\n\n[route.photos]") {
			t.Errorf("the file is\n%s", got)
		}
	})
}

// TestToggleInherits: a route that a preset switches off is shown so, and can
// be switched on.
func TestToggleInherits(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := inherit(t, modelOptions{})
		e.press("3", "j", "e") // photos
		e.sees("enabled  no")
		e.press("enter")
		e.sees("nothing is changed")
		e.focus("enabled")
		e.press("y", "enter", "y")
		if got := e.file(); !strings.Contains(got, "enabled = true") {
			t.Errorf("the file is\n%s", got)
		}
	})
}

// TestWhoMayComeIn: adding a route asks, and its review says the answer.
func TestWhoMayComeIn(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{})
		e.press("3", "a")
		e.sees("allow    (everybody)")
		e.press("esc")
		e.add("wiki.home.lan", "nas:3333")
		e.sees("everybody may come in")
		e.press("esc")
		e.focus("use")
		e.write("family")
		e.sees("allow    (lan 10.8.0.0/24, from preset family)")
		e.press("enter")
		e.sees("only lan 10.8.0.0/24 may come in, from preset family")
		e.press("esc")
		e.focus("allow")
		e.write("home")
		e.press("enter")
		e.sees("only home may come in")
		e.misses("may come in, from")
	})
}

// TestOpenToEverybody: a route is opened though its preset has a list, in the
// form of a new route and of one that is there, and closed again.
func TestOpenToEverybody(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 120, Height: 40})
		e.press("3", "G", "e") // photos, of the family
		e.sees("allow    (lan 10.8.0.0/24, from preset family)")
		e.focus("allow")
		e.sees("who may come in? everybody lan private")
		e.resize(80, 24)
		e.sees("__  everybody lan private") // rather than a question without an answer
		e.resize(120, 40)
		e.write("ev")
		e.press("tab", "enter")
		e.sees("everybody may come in (until now only lan 10.8.0.0/24 may come in, from preset family)", `+ allow = "everybody"`)
		e.misses("warning")
		e.press("y", "e")
		e.sees("allow    everybody")
		if r := e.store.Current().Config.Route("photos"); len(r.Allow) != 1 || !r.Allow[0].Everybody() {
			t.Errorf("photos is for %v", r.Allow)
		}
		e.focus("allow")
		e.clear()
		e.press("enter")
		e.sees("only lan 10.8.0.0/24 may come in, from preset family (until now everybody may come in)")
		e.press("y")
		e.wantFile()

		e.add("wiki.home.lan", "nas:3333")
		e.press("esc")
		e.focus("use")
		e.write("family")
		e.focus("allow")
		e.write("everybody")
		e.press("enter")
		e.sees("everybody may come in", `+ use   = "family"`, `+ allow = "everybody"`)
		e.press("y")
		e.sees("done: add route wiki")
		e.press("e")
		e.focus("host")
		e.write(" wiki.example.com")
		e.press("enter")
		e.misses("may come in") // this edit does not change it
	})
}

// TestEmptyAllow: an empty list in the file means everybody, and an edit of
// something else leaves it.
func TestEmptyAllow(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, strings.Replace(homeFile, `use  = "family"`, "use  = \"family\"\nallow = []", 1))
		e := &editor{sit(t, w.source(s), modelOptions{Width: 80, Height: 24}), s, w}
		e.press("3", "G", "e")
		e.sees("allow    everybody")
		e.press("enter")
		e.sees("nothing is changed")
		e.focus("allow")
		e.clear()
		e.write("home")
		e.press("enter", "y")
		if got := e.file(); !strings.Contains(got, `allow = ["home"]`) {
			t.Errorf("the file is\n%s", got)
		}
	})
}

// TestNoPreset: the field says so rather than nothing.
func TestNoPreset(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, "[route.git]\nhost = \"git.home.lan\"\nredirect = \"https://example.org{uri}\"\n[defaults]\nto = \"http://nas:1\"\n")
		e := &editor{sit(t, w.source(s), modelOptions{Width: 80, Height: 24}), s, w}
		e.press("3", "e")
		e.misses("from defaults") // one that redirects inherits no upstream
		e.focus("use")
		e.sees("the file has no preset")
	})
}
