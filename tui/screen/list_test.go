package screen_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// list is a screen as the console draws them: a head that counts, a list that
// scrolls, a foot. Its steps are chosen by a source of chance.
type list struct {
	rng      *rand.Rand
	w, h     int
	next     int // number of the newest row
	rows     []string
	cursor   int
	short    int  // lines left out at the bottom
	backward bool // newest first
}

var paths = []string{
	"/api/states", "/static/js/app.93fa1.js", "/日本語/写真.jpg", "/",
	"/photos/e\u0301te\u0301", "/🎉/party", "/ä/ö/ü", strings.Repeat("long/", 40),
}

// row is one line of the list: styled, with wide characters, sometimes wider
// than the window, sometimes with a style left open.
func (l *list) row() string {
	l.next++
	st := []string{"200", "\x1b[33m404\x1b[m", "\x1b[1;31m502\x1b[0m", "\x1b[7m101\x1b[27m"}[l.rng.IntN(4)]
	end := []string{"", "", " \x1b[44mopen", " \x1b[38;5;200mpink\x1b[39m"}[l.rng.IntN(4)]
	blanks := strings.Repeat(" ", []int{0, 1, 11, 12, 13, 60}[l.rng.IntN(6)])
	gap := []string{"", blanks, blanks + "\u0301", "\x1b[44m" + blanks + "\x1b[m", blanks + "\x1b[m" + blanks, blanks + "\x1b[7m\u0301"}[l.rng.IntN(6)]
	return fmt.Sprintf("12:%02d:%02d %s%s %s%s", l.next/60%60, l.next%60, st, gap, paths[l.rng.IntN(len(paths))], end)
}

func (l *list) step() {
	switch n := l.rng.IntN(12); {
	case n < 6: // rows arrive
		for range 1 + l.rng.IntN(4) {
			l.rows = append(l.rows, l.row())
		}
	case n == 6: // a burst
		for range 3 * l.h {
			l.rows = append(l.rows, l.row())
		}
	case n == 7 && len(l.rows) > 0: // paged back
		l.rows = l.rows[:l.rng.IntN(len(l.rows))]
	case n == 8: // the cursor moves
		l.cursor = l.rng.IntN(l.h + 1)
	case n == 9: // a row in the middle changes
		if len(l.rows) > 0 {
			l.rows[max(0, len(l.rows)-1-l.rng.IntN(l.h+1))] = l.row()
		}
	case n == 10:
		l.short = l.rng.IntN(max(1, l.h))
	case n == 11:
		l.backward = !l.backward
	}
	if len(l.rows) > 1000 {
		l.rows = l.rows[500:]
	}
}

// View has as many lines as the window, less the short ones.
func (l *list) View() string {
	lines := []string{fmt.Sprintf("portico %d/s \x1b[32mok\x1b[m", l.next), strings.Repeat("─", l.w)}
	for i := range max(0, l.h-3) {
		at := len(l.rows) - 1 - i
		if !l.backward {
			at = len(l.rows) - (l.h - 3) + i
		}
		text := ""
		if at >= 0 && at < len(l.rows) {
			text = l.rows[at]
		}
		if i == l.cursor {
			text = ">" + ansi.Strip(text)
		}
		lines = append(lines, text)
	}
	lines = append(lines, "\x1b[7mq quit\x1b[m"+strings.Repeat(" ", max(0, l.w-6)))
	return strings.Join(lines[:max(1, min(len(lines), l.h)-l.short)], "\n")
}
