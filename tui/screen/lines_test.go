package screen_test

import (
	"bytes"
	"strings"
	"testing"

	_ "forge.home.arpa/portico/tui/quietterm"
	"forge.home.arpa/portico/tui/screen"
	"forge.home.arpa/portico/tui/screen/emulator"
)

// TestShiftLines changes one view into another; the second must show as if the
// first had never been.
func TestShiftLines(t *testing.T) {
	for _, c := range []struct{ name, from, to string }{
		{"a mark joins the last equal cell", "cafe", "cafe\u0301"},
		{"a mark leaves the last equal cell", "cafe\u0301", "cafes"},
		{"a mark behind a style", "cafe x", "cafe\x1b[31m\u0301s\x1b[m"},
		{"a wide character goes", "ab日c", "abcd"},
		{"a wide character comes", "abcd", "ab日c"},
		{"figures in the middle", "rate 12/s \x1b[31mdown\x1b[m", "rate 34/s \x1b[31mdown\x1b[m"},
		{"the first cell", ">git \x1b[31mdown\x1b[m", " git \x1b[31mdown\x1b[m"},
		{"the figures before a style", "up 1\x1b[31m!\x1b[m", "up 2\x1b[31m!\x1b[m"},
		{"a mark behind the middle", "a1\u0301 z", "a2\u0301 z"},
		{"a mark behind the middle and a style", "a1\x1b[31m\u0301 z\x1b[m", "a2\x1b[31m\u0301 z\x1b[m"},
		{"the colour of the middle", "a \x1b[31mb\x1b[m c", "a \x1b[32mb\x1b[m c"},
		{"a gap over text", "abcdefghijklmnopqrst", "a              \x1b[31m z\x1b[m"},
		{"a gap that ends in a mark", "abcdefghijklmnopqrst", "a             \u0301z"},
		{"a gap with a colour", "abcdefghijklmnopqrst", "a\x1b[41m              \x1b[mz"},
		{"a gap over wide characters", "日本語日本語日本語日", "a             z"},
		{"the cursor's sign goes with the list", "head\n one a long row\n two a long row\n>three a long row\nfoot", "head\n two a long row\n three a long row\n>four a long row\nfoot"},
		{"two lists scroll", "1\n2\n3\na\nb\nc", "2\n3\n4\nz\na\nb"},
		{"text becomes styled", "status 200 ok", "status \x1b[32m200\x1b[m ok"},
		{"the style changes, the text stays", "\x1b[31mdown\x1b[m", "\x1b[32mdown\x1b[m"},
		{"a background left open ends with the text", "\x1b[41mred", "\x1b[41mre"},
		{"fewer lines, the last one blank", "a\nb\nc\nd", "a\nb\n"},
		{"fewer lines, the last one as before", "a\nb\nc\nd", "a\nb"},
		{"more lines", "a", "a\nb\nc"},
		{"one line", "a\nb\nc", "z"},
		{"a line wider than the window", "short", strings.Repeat("wide", 20)},
		{"up by one", "head\n1\n2\n3\n4\nfoot", "head\n2\n3\n4\n5\nfoot"},
		{"down by two", "head\n3\n4\n5\n6\nfoot", "head\n1\n2\n3\n4\nfoot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const w, h = 20, 6
			e := emulator.New(w, h)
			r := &renderer{out: screen.NewShift(e), w: w, h: h}
			r.draw(c.from)
			r.draw(c.to)
			check(t, e, c.to, w, h)
		})
	}
}

// TestShiftPasses holds that what is no frame goes through untouched.
func TestShiftPasses(t *testing.T) {
	for _, w := range []string{
		"\x1b[?25l", "\x1b[?1049h", "\x1b[2J", "\x1b[H", "\x1b]52;c;aGk=\a", "\r", "\x1b[2K", "",
		"\x1b[Htext without a tail", "\x1b[Ha\x1b[K\x1b[2;H", "\x1b[H\na\x1b[K\x1b[2;H",
	} {
		var out bytes.Buffer
		if n, err := screen.NewShift(&out).Write([]byte(w)); n != len(w) || err != nil {
			t.Errorf("Write(%q) = %d, %v", w, n, err)
		}
		if out.String() != w {
			t.Errorf("Write(%q) sent %q", w, out.String())
		}
	}
}

// TestShiftClearsBehind holds that the console's screen is empty when the
// terminal goes back to the shell's.
func TestShiftClearsBehind(t *testing.T) {
	var out bytes.Buffer
	if n, err := screen.NewShift(&out).Write([]byte("\x1b[?1049l")); n != 8 || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	if want := "\x1b[H\x1b[J\x1b[?1049l"; out.String() != want {
		t.Errorf("sent %q, want %q", out.String(), want)
	}
}
