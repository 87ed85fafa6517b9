package screen_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
)

// emulator is a terminal that shows what it is sent and counts the bytes. A
// wide character takes two cells and a combining mark none, which vt10x does
// not know: the one is followed by a filler, the other put in the place of the
// character it belongs to.
type emulator struct {
	mu    sync.Mutex
	vt    vt10x.Terminal
	bytes int
}

const filler = '\ue000'

func newEmulator(w, h int) *emulator {
	return &emulator{vt: vt10x.New(vt10x.WithSize(w, h))}
}

func (e *emulator) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bytes += len(b)
	var s strings.Builder
	for _, r := range string(b) {
		switch {
		case r >= ' ' && ansi.StringWidth(string(r)) == 0:
			s.WriteString("\b" + string(r))
		case ansi.StringWidth(string(r)) == 2:
			s.WriteString(string(r) + string(filler))
		default:
			s.WriteRune(r)
		}
	}
	e.vt.Write([]byte(s.String()))
	return len(b), nil
}

func (e *emulator) resize(w, h int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vt.Resize(w, h)
}

func (e *emulator) sent() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bytes
}

// cells is everything that can be seen, styles too, one slice a row.
func (e *emulator) cells() [][]vt10x.Glyph {
	e.mu.Lock()
	defer e.mu.Unlock()
	w, h := e.vt.Size()
	rows := make([][]vt10x.Glyph, h)
	for y := range rows {
		for x := range w {
			rows[y] = append(rows[y], e.vt.Cell(x, y))
		}
	}
	return rows
}

// meant draws a view on a clean terminal, each line by itself.
func meant(view string, w, h int) [][]vt10x.Glyph {
	e := newEmulator(w, h)
	for i, l := range strings.Split(view, "\n") {
		fmt.Fprintf(e, "\x1b[%d;1H\x1b[m%s\x1b[m", i+1, ansi.Truncate(l, w, ""))
	}
	return e.cells()
}

// differ names the first cell that shows other than meant, or "".
func differ(got, want [][]vt10x.Glyph) string {
	for y := range want {
		for x := range want[y] {
			if g, w := got[y][x], want[y][x]; g != w {
				return fmt.Sprintf("row %d, column %d: %+v, want %+v\n got %q\nwant %q", y, x, g, w, text(got[y]), text(want[y]))
			}
		}
	}
	return ""
}

func text(row []vt10x.Glyph) string {
	var b strings.Builder
	for _, g := range row {
		b.WriteRune(g.Char)
	}
	return b.String()
}

func check(t *testing.T, e *emulator, view string, w, h int) {
	t.Helper()
	if d := differ(e.cells(), meant(view, w, h)); d != "" {
		t.Fatalf("%dx%d: %s", w, h, d)
	}
}
