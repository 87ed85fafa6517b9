// Package emulator is a terminal for tests: it shows what it is sent, so that
// what was meant can be compared with what a person sees, cell by cell.
//
// It owns what vt10x does not know, the width of characters. Only tests import
// it.
package emulator

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
)

// Terminal is a terminal that shows what it is sent and counts the bytes. A
// wide character takes two cells and a combining mark none, which vt10x does
// not know: the one is followed by a filler, the other put in the place of the
// character it belongs to.
type Terminal struct {
	Copy io.Writer // gets what comes too; nil for nobody

	mu    sync.Mutex
	vt    vt10x.Terminal
	bytes int
}

const filler = '\ue000'

// New makes one of so many cells.
func New(w, h int) *Terminal {
	return &Terminal{vt: vt10x.New(vt10x.WithSize(w, h))}
}

// Write shows b. It never fails.
func (e *Terminal) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bytes += len(b)
	if e.Copy != nil {
		_, _ = e.Copy.Write(b)
	}
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

// Resize changes the window and tells nobody.
func (e *Terminal) Resize(w, h int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vt.Resize(w, h)
}

// Sent is the number of bytes that came.
func (e *Terminal) Sent() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bytes
}

// Cells is everything that can be seen, styles too, one slice a row.
func (e *Terminal) Cells() [][]vt10x.Glyph {
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

// Meant draws a view on a clean terminal, each line by itself.
func Meant(view string, w, h int) [][]vt10x.Glyph {
	e := New(w, h)
	for i, l := range strings.Split(view, "\n") {
		fmt.Fprintf(e, "\x1b[%d;1H\x1b[m%s\x1b[m", i+1, ansi.Truncate(l, w, ""))
	}
	return e.Cells()
}

// Differ names the first cell that shows other than meant, or "".
func Differ(got, want [][]vt10x.Glyph) string {
	for y := range want {
		for x := range want[y] {
			if g, w := got[y][x], want[y][x]; g != w {
				return fmt.Sprintf("row %d, column %d: %+v, want %+v\n got %q\nwant %q", y, x, g, w, Text(got[y]), Text(want[y]))
			}
		}
	}
	return ""
}

// Text is the characters of a row.
func Text(row []vt10x.Glyph) string {
	var b strings.Builder
	for _, g := range row {
		b.WriteRune(g.Char)
	}
	return b.String()
}
