package tui

import (
	"strings"
	"testing"
)

const plainSecrets = `
[ddns.home]
provider = "duckdns"
domain = "x.duckdns.org"
token = "s3cr3t1"

[acme]
eab = { kid = "me", key = 's3cr3t2' }

[route.zoo]
host = "zoo.home.lan"
to = "http://nas:8888"
auth = { users = ["ann:$2a$10$s3cr3tscr3tscr3tscr3tscr3tscr3tscr3tscr3tscr3tscr3tsc"] }
`

// Wherever lines of the file are shown, what is secret in them is not.
func TestPlainSecretsAreNotShown(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, homeFile+plainSecrets)
		e := &editor{sit(t, w.source(s), modelOptions{Width: 120, Height: 60}), s, w}
		shown := func(where ...string) {
			t.Helper()
			e.sees(append(where, "(hidden)")...)
			e.misses("s3cr3t")
		}
		e.press("3", "G", "e") // zoo
		e.write("x")
		e.wait(settleTyping)
		shown("edit route zoo", "- host")
		e.press("enter")
		shown("change host of route zoo?")
		e.press("y", "u")
		shown("undo change host of route zoo?")
		e.press("y", "D")
		shown("delete route zoo?", `- auth = { users = ["(hidden)"] }`)
		e.press("esc", "6", "enter")
		shown("version 3: undo change host of route zoo")
		e.press("esc", "G", "enter")
		shown("version 1: found at start", `+ token = "(hidden)"`, `key = '(hidden)'`)
		e.press("esc", "g")
		e.elsewhere("s3cr3t1", "s3cr3tnew")
		if err := s.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.wait(2 * factsTick)
		e.press("enter")
		shown("version 4: changed ddns.home.token", `- token = "(hidden)"`, `+ token = "(hidden)"`)
		if strings.Count(e.file(), "s3cr3t") != 3 {
			t.Errorf("what is hidden was written:\n%s", e.file())
		}
	})
}
