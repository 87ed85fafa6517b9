package screen

import (
	"strconv"
	"strings"
)

const (
	home       = "\x1b[H"
	eraseLine  = "\x1b[K" // to the right
	eraseBelow = "\x1b[J"
	plain      = "\x1b[m"
)

// frame is one write of Bubble Tea v1's renderer on the alternate screen:
//
//	ESC[H  line \r\n line \r\n … line  [ESC[J]  ESC[n;H
//
// A line that is as before is left out, and so is its \r. A line shorter than
// the window ends in ESC[K.
type frame struct {
	lines []line
	full  bool // the first of its kind: nothing on the screen counts
	below bool // whatever stands below the last line goes
}

type line struct {
	text string // with its ESC[K
	same bool   // left out
}

// parseFrame reports false for anything else that the renderer writes: modes,
// titles, a clear screen.
func parseFrame(s string) (frame, bool) {
	body, ok := strings.CutPrefix(s, home)
	end := strings.LastIndex(body, "\x1b[")
	if !ok || end < 0 {
		return frame{}, false
	}
	body, tail := body[:end], body[end:]
	var f frame
	body, f.below = strings.CutSuffix(body, eraseBelow)
	// The first frame after a repaint begins with \r; so does one whose first
	// line is empty in a window of unknown width, but there \n follows.
	if strings.HasPrefix(body, "\r") && !strings.HasPrefix(body, "\r\n") {
		body, f.full = body[1:], true
	}
	parts := strings.Split(body, "\n")
	if tail != tailOf(len(parts)) {
		return frame{}, false
	}
	for i, p := range parts {
		text, written := strings.CutSuffix(p, "\r")
		if i == len(parts)-1 {
			written = text != ""
		}
		f.lines = append(f.lines, line{text: text, same: !written})
	}
	return f, true
}

// tailOf is how a frame of n lines ends.
func tailOf(n int) string {
	if n == 1 {
		return home
	}
	return "\x1b[" + strconv.Itoa(n) + ";H"
}

// rows returns what the screen shall show, given what it shows. It reports
// false when the frame leaves a row as it is that is not known.
func (f frame) rows(old []string) ([]string, bool) {
	next := make([]string, len(f.lines))
	for i, l := range f.lines {
		if !l.same {
			next[i] = l.text
			continue
		}
		if f.full || i >= len(old) {
			return next, false
		}
		next[i] = old[i]
	}
	return next, true
}
