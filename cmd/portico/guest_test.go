package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"

	"forge.home.arpa/portico/tui/screen"
)

// guest is somebody before the console for the first time: reads the screen,
// presses a key, reads again. What is pressed is counted.
type guest struct {
	*ptyTerm
	vt      vt10x.Terminal
	read    int // bytes of the screen the emulator has seen
	control int // keys that are not text
	letters int // keys that are
}

// keyNames are the bytes that a terminal sends for a key with a name.
var keyNames = map[string]string{"enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z",
	"up": "\x1b[A", "down": "\x1b[B", "left": "\x1b[D", "right": "\x1b[C", "space": " "}

// visit opens portico's console on a terminal for a guest.
func visit(t *testing.T, h *home, args ...string) *guest {
	t.Helper()
	g := &guest{ptyTerm: newTerm(t), vt: vt10x.New(vt10x.WithSize(80, 24))}
	g.start(h, args...)
	return g
}

// text is what stands on the screen.
func (g *guest) text() string {
	sent := []byte(g.screen.String())[g.read:]
	sent = sent[:len(sent)-screen.PartOfRune(sent)] // vt10x would lose the part
	_, _ = g.vt.Write(sent)
	g.read += len(sent)
	return g.vt.String()
}

// sees waits until all of it stands on the screen.
func (g *guest) sees(all ...string) {
	g.t.Helper()
	for _, s := range all {
		defer func() {
			if g.t.Failed() {
				g.t.Logf("the screen:\n%s", g.text())
			}
		}()
		eventually(g.t, "the screen shows "+s, func() bool { return strings.Contains(g.text(), s) })
	}
}

// press presses keys by their names.
func (g *guest) press(keys ...string) {
	g.t.Helper()
	for _, k := range keys {
		g.control++
		bytes, named := keyNames[k]
		if !named {
			bytes = k
		}
		g.keys(bytes)
	}
}

// types types text.
func (g *guest) types(s string) {
	g.t.Helper()
	g.letters += len(s)
	g.keys(s)
}

// counted is how many keys were pressed since it was asked last.
func (g *guest) counted() string {
	defer func() { g.control, g.letters = 0, 0 }()
	return fmt.Sprintf("control keys %d, letters %d", g.control, g.letters)
}
