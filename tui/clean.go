package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// textMost is how many bytes of one text are drawn: somebody may put a line of
// 100 KB into the file or the log, and each frame would go through all of it.
const textMost = 8 << 10

// clean makes text fit to draw. Hosts, paths, header values and error texts
// are an attacker's: an escape sequence in them would write to the owner's
// terminal, a bidirectional override would show one host as another, and a
// combining mark would be counted differently by us and by the terminal, which
// breaks the frame. Every such character becomes one sign, so that the text is
// visibly odd rather than silently shorter.
func (l *look) clean(s string) string {
	if len(s) > textMost {
		s = s[:textMost] + ".."
	}
	if printable(s) {
		return s
	}
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if cluster == "" {
			break
		}
		s = s[len(cluster):]
		b.WriteString(l.cleanCluster(cluster))
	}
	return b.String()
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cleanCluster gives what is drawn for one user-perceived character. Those of
// several code points (joined emoji, decomposed accents, flags) have no width
// that all terminals agree on.
func (l *look) cleanCluster(c string) string {
	r, n := utf8.DecodeRuneInString(c)
	switch {
	case n < len(c), r == utf8.RuneError:
		return l.signs.odd
	case r >= ' ' && r <= '~':
		return c
	case plainer[r] != "":
		return plainer[r]
	case r == '\t', unicode.Is(unicode.Zs, r):
		return " "
	case !l.utf8, !unicode.IsGraphic(r), unicode.Is(unicode.M, r), joins(r):
		return l.signs.odd
	}
	if w := ansi.StringWidth(c); w < 1 || w > 2 {
		return l.signs.odd
	}
	return c
}

// plainer spells what stands in messages and is not in all console fonts.
var plainer = map[rune]string{'…': "..", '–': "-", '—': "-", '’': "'", '‘': "'", '“': `"`, '”': `"`}

// joins tells whether r would melt into its neighbour: conjoining Hangul, flag
// letters, skin tones, halfwidth voicing marks, and whatever else melts into a
// plain letter on either side, as the Thai sara am does.
func joins(r rune) bool {
	if before, _ := ansi.FirstGraphemeCluster("a"+string(r), ansi.GraphemeWidth); len(before) > 1 {
		return true
	}
	if after, _ := ansi.FirstGraphemeCluster(string(r)+"a", ansi.GraphemeWidth); len(after) > utf8.RuneLen(r) {
		return true
	}
	switch {
	case r >= 0x1100 && r <= 0x11ff, r >= 0xa960 && r <= 0xa97f, r >= 0xd7b0 && r <= 0xd7ff,
		r >= 0x1f1e6 && r <= 0x1f1ff, r >= 0x1f3fb && r <= 0x1f3ff, r == 0xff9e, r == 0xff9f:
		return true
	}
	return false
}

// width counts the cells of text that clean returned.
func width(s string) int {
	if printable(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// cut shortens cleaned text to n cells and says so with two dots.
func cut(s string, n int) string {
	switch {
	case n <= 0:
		return ""
	case width(s) <= n:
		return s
	case n <= 6: // two dots would take too much of it
		return ansi.Truncate(s, n, "")
	}
	return ansi.Truncate(s, n, "..")
}

// cutMiddle is cut for names whose ends tell them apart, and addresses with
// their port.
func cutMiddle(s string, n int) string {
	if n <= 6 || width(s) <= n {
		return cut(s, n)
	}
	at, used := len(s), 0
	for { // from the end: a name in the file may have 8 KB
		r, size := utf8.DecodeLastRuneInString(s[:at])
		w := width(string(r))
		if used+w > (n-2)/2 {
			break
		}
		at, used = at-size, used+w
	}
	return ansi.Truncate(s, n-2-used, "") + ".." + s[at:]
}
