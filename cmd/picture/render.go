package main

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/hinshun/vt10x"
)

// Sizes in pixels of a cell at 14 px, and of the frame around all cells. The
// reader's font decides the shape of a letter; textLength holds each run of
// text to its cells whatever that font is.
const (
	fontSize   = 14
	cellWidth  = 8.43 // of most fonts that come first; the rest are held to it
	cellHeight = 16
	baseline   = 13
	padding    = 14
)

// render writes lines of text with SGR escapes as an SVG picture of cols times
// rows cells. What does not fit is cut.
func render(w io.Writer, lines []string, cols, rows int) error {
	t := vt10x.New(vt10x.WithSize(cols, rows))
	const noWrap = "\x1b[?7l"
	fmt.Fprint(t, noWrap)
	for i, line := range lines[:min(len(lines), rows)] {
		fmt.Fprintf(t, "\x1b[%dH\x1b[0m%s", i+1, line)
	}
	return draw(w, t)
}

// draw writes what a terminal shows as SVG.
func draw(w io.Writer, t vt10x.View) error {
	cols, rows := t.Size()
	var b strings.Builder
	width, height := 2*padding+float64(cols)*cellWidth, 2*padding+rows*cellHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d">`+"\n", width, height, width, height)
	// The border shows where the page behind is as dark as the picture.
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%.0f" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, background, border)
	fmt.Fprintf(&b, `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="%d" fill="%s" xml:space="preserve" style="white-space:pre">`+"\n", fontSize, foreground)
	for y := range rows {
		for _, s := range spans(t, y, cols) {
			s.draw(&b)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// span is neighbouring cells of one style.
type span struct {
	x, y int
	text []rune
	style
}

type style struct {
	fg, bg          vt10x.Color
	bold, underline bool
}

func spans(t vt10x.View, y, cols int) []span {
	var out []span
	for x := range cols {
		g := t.Cell(x, y)
		s := styleOf(g)
		if len(out) == 0 || out[len(out)-1].style != s {
			out = append(out, span{x: x, y: y, style: s})
		}
		last := &out[len(out)-1]
		last.text = append(last.text, printable(g.Char))
	}
	return out
}

// styleOf reads a cell. The terminal has already swapped the colours of a
// reversed one; its mode bits are those of vt10x, which does not export them.
func styleOf(g vt10x.Glyph) style {
	const underline, bold = 1 << 1, 1 << 2
	return style{fg: g.FG, bg: g.BG, bold: g.Mode&bold != 0, underline: g.Mode&underline != 0}
}

// printable replaces what XML does not allow.
func printable(c rune) rune {
	if c < ' ' || c == 0x7f || c == 0xfffe || c == 0xffff {
		return ' '
	}
	return c
}

func (s span) draw(b *strings.Builder) {
	x, y := left(s.x), padding+s.y*cellHeight
	if fill := hex(s.bg); fill != background {
		fmt.Fprintf(b, `<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"/>`+"\n", x, y, length(s.text), cellHeight, fill)
	}
	text := s.text
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	x = left(s.x + len(s.text) - len(text))
	text = []rune(strings.TrimRight(string(text), " "))
	if len(text) == 0 {
		return
	}
	fmt.Fprintf(b, `<text x="%.2f" y="%d" textLength="%.2f" lengthAdjust="spacingAndGlyphs"%s>%s</text>`+"\n",
		x, y+baseline, length(text), s.attributes(), html.EscapeString(string(text)))
}

func left(x int) float64          { return padding + float64(x)*cellWidth }
func length(cells []rune) float64 { return float64(len(cells)) * cellWidth }

func (s span) attributes() string {
	var out string
	if fill := hex(s.fg); fill != foreground {
		out += ` fill="` + fill + `"`
	}
	if s.bold {
		out += ` font-weight="bold"`
	}
	if s.underline {
		out += ` text-decoration="underline"`
	}
	return out
}
