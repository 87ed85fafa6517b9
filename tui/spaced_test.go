package tui

import (
	"strings"
	"testing"
	"time"
)

// spaced is a home whose names and paths hold blanks and commas.
const spaced = `[preset."my own"]
allow = "lan"

[route."my photos"]
host = "ab.test"
path = "/a,b/*"
to   = "http://127.0.0.1:21901"

[route.re]
host = "re.test"
path = ["~^/a,b/(c d)$", '/sp%20ace']
to   = ["http://a:1", { url = "http://a:2", weight = 2 }]
`

func editBlanks(t *testing.T) *editor {
	t.Helper()
	w := home()
	s := realStore(t, w, spaced)
	e := &editor{sit(t, w.source(s), modelOptions{Width: 100, Height: 40}), s, w}
	return e
}

func (e *editor) wantEdited(old, new string) {
	e.t.Helper()
	if want := strings.Replace(spaced, old, new, 1); e.file() != want || old != "" && want == spaced {
		e.t.Errorf("the file is\n%s\nwant\n%s", e.file(), want)
	}
}

// TestNameWithBlank: a route keeps its name through its form, and gets another
// whole.
func TestNameWithBlank(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := editBlanks(t)
		e.press("3", "g", "e")
		e.sees("edit route my photos", "name     my photos_")
		e.press("enter")
		e.sees("nothing is changed")
		e.focus("name")
		e.write(" x")
		e.press("enter")
		e.sees("rename route my photos to my photos x?", `+ [route."my photos x"]`)
		e.press("y")
		e.wantEdited(`[route."my photos"]`, `[route."my photos x"]`)
	})
}

// TestCommandWithBlank: a name with a blank stands in quotes, and completion
// writes them.
func TestCommandWithBlank(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := editBlanks(t)
		e.press(":")
		e.write("edit m")
		e.sees(`"my photos"`)
		e.press("tab", "enter")
		e.sees("edit route my photos")
		e.press("esc", ":")
		e.write(`edit "my photos"`)
		e.press("enter")
		e.sees("edit route my photos")
		e.focus("use")
		e.write("m")
		e.press("tab", "enter")
		e.sees(`+ use  = "my own"`)
		e.press("esc", "esc", "y", "3", "g", "enter")
		e.sees(`filter: "route:my photos"`)
		row := row(0)
		row.Route = "my photos"
		e.world.log.Put(&row, nil, nil)
		e.wait(time.Second)
		e.sees("/api/v1/photos")
	})
}

// TestItemsStay: what was not touched in a field keeps its bytes, with its
// commas and spaced.
func TestItemsStay(t *testing.T) {
	for _, c := range []struct{ name, route, field, typed, old, new string }{
		{"a comma", `"my photos"`, "path", " /c/*", `"/a,b/*"`, `["/a,b/*", "/c/*"]`},
		{"an expression", "re", "path", " /new", `'/sp%20ace']`, `'/sp%20ace', "/new"]`},
		{"a weight", "re", "to", " http://b:1", `weight = 2 }]`, `weight = 2 }, "http://b:1"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := editBlanks(t)
				e.press(":")
				e.write("edit " + c.route)
				e.press("enter")
				e.focus(c.field)
				e.write(c.typed)
				e.press("enter", "y")
				e.sees("done: change")
				e.wantEdited(c.old, c.new)
			})
		})
	}
}

// TestStripIsOneValue: a blank in it is no list.
func TestStripIsOneValue(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := editBlanks(t)
		e.press("3", "g", "e")
		e.focus("strip")
		e.write("/a,b c")
		e.wait(settleTyping + time.Second)
		e.misses("not a list")
	})
}
