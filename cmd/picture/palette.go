package main

import (
	"fmt"

	"github.com/hinshun/vt10x"
)

// Colours that keep a contrast of at least 4.5 to 1 with the background (black
// and dark grey aside).
const (
	background = "#14171c"
	foreground = "#d5dae1"
	border     = "#3a414b"
)

var palette = [16]string{
	"#14171c", "#f0716b", "#7fc67a", "#dfb95c", "#78a9f5", "#cd92e0", "#63c3cc", "#d5dae1",
	"#737d8c", "#ff938c", "#9fe09a", "#f5d57f", "#9cc3ff", "#e2b1f0", "#8adfe6", "#ffffff",
}

// hex is the colour as SVG wants it: the sixteen from the palette, the cube
// and the greys of xterm as xterm has them.
func hex(c vt10x.Color) string {
	switch {
	case c == vt10x.DefaultFG:
		return foreground
	case c == vt10x.DefaultBG:
		return background
	case c < 16:
		return palette[c]
	case c < 232:
		c -= 16
		return fmt.Sprintf("#%02x%02x%02x", cube(c/36), cube(c/6%6), cube(c%6))
	case c < 256:
		grey := 8 + 10*(c-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
	return fmt.Sprintf("#%06x", uint32(c)&0xffffff)
}

func cube(step vt10x.Color) vt10x.Color {
	if step == 0 {
		return 0
	}
	return 55 + 40*step
}
