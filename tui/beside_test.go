package tui

import (
	"strings"
	"testing"
	"time"
)

// beside is the problem that stands under the field of that label, "" for none.
func (e *editor) beside(label string) string {
	lines := strings.Split(e.text(), "\n")
	for i, l := range lines[:len(lines)-1] {
		if l != "" && strings.HasPrefix(l[1:], label+" ") && strings.HasPrefix(strings.TrimSpace(lines[i+1]), "! ") {
			return strings.TrimSpace(lines[i+1])
		}
	}
	return ""
}

func (e *editor) wantBeside(label, part string) {
	e.t.Helper()
	if got := e.beside(label); got == "" && part != "" || !strings.Contains(got, part) || part == "" && got != "" {
		e.t.Errorf("beside %s stands %q, want %q:\n%s", label, got, part, e.text())
	}
}

// TestProblemBesideItsField: what is missing is not blamed on the field that is
// being typed, and hides nothing of it.
func TestProblemBesideItsField(t *testing.T) {
	const settled = settleTyping + time.Second
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 40})
		e.press("3", "a")
		e.write("new.test")
		e.wait(settled)
		e.wantBeside("host", "")
		e.press("tab", "tab", "tab")
		e.wait(settled)
		e.wantBeside("host", "")
		e.wantBeside("to", "has none of to, redirect")
		e.focus("host")
		e.clear()
		e.write("http://bad host")
		e.wait(settled)
		e.wantBeside("host", "has a scheme in it")

		e.clear()
		e.write("é本語.テÜス")
		e.sees("name     é本語_")
		e.clear()
		e.write("*")
		e.wait(settled)
		e.wantBeside("name", "the route needs a name")
		e.wantBeside("host", "")
	})
}

// TestTwoActions: a route that redirects is told so beside the upstream.
func TestTwoActions(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		s := realStore(t, w, "[route.git]\nhost = \"git.home.lan\"\nredirect = \"https://example.org{uri}\"\n")
		e := &editor{sit(t, w.source(s), modelOptions{Width: 100, Height: 40}), s, w}
		e.press("3", "e")
		e.focus("to")
		e.write("nas:1")
		e.wait(settleTyping + time.Second)
		e.wantBeside("to", "has redirect and to")
		e.wantBeside("host", "")
	})
}

// TestOverlapBesideHost: two routes for the same requests are told apart by
// their hosts, most of the time.
func TestOverlapBesideHost(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := edit(t, modelOptions{Width: 100, Height: 40})
		e.press("3", "g", "e") // cloud
		e.focus("host")
		e.clear()
		e.write("git.home.lan")
		e.wait(settleTyping + time.Second)
		e.wantBeside("host", "takes the same requests")
	})
}
