package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	utf8, ascii := newLook(environment{UTF8: true}), newLook(environment{})
	for _, c := range []struct{ name, in, utf8, ascii string }{
		{"plain", "GET /a?b=c", "GET /a?b=c", "GET /a?b=c"},
		{"empty", "", "", ""},
		{"colour", "\x1b[31mred", "•[31mred", "?[31mred"},
		{"title", "\x1b]0;x\x07y", "•]0;x•y", "?]0;x?y"},
		{"C1 control", "a\u009b31m", "a•31m", "a?31m"},
		{"line feed", "a\nb\r\nc", "a•b•c", "a?b?c"},
		{"tab", "a\tb", "a b", "a b"},
		{"delete", "a\x7fb", "a•b", "a?b"},
		{"right to left override", "a\u202egpj.exe", "a•gpj.exe", "a?gpj.exe"},
		{"isolate", "\u2066x\u2069", "•x•", "?x?"},
		{"zero width", "pay\u200bpal", "pay•pal", "pay?pal"},
		{"byte order mark", "\ufeffx", "•x", "?x"},
		{"invalid UTF-8", "a\xffb\xc3", "a•b•", "a?b?"},
		{"combining accent", "cafe\u0301", "caf•", "caf?"},
		{"accent", "café", "café", "caf?"},
		{"wide", "写真", "写真", "??"},
		{"joined emoji", "👨\u200d👩", "•", "?"},
		{"flag", "🇨🇭", "•", "?"},
		{"lone flag letter", "🇨", "•", "?"},
		{"Hangul parts", "\u1100\u1161", "•", "?"},
		{"no-break space", "a\u00a0b", "a b", "a b"},
		{"line separator", "a\u2028b", "a•b", "a?b"},
		{"private use", "\ue0b0", "•", "?"},
		{"ellipsis", "cut…", "cut..", "cut.."},
		{"tag", "a\U000e0041", "•", "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := utf8.clean(c.in); got != c.utf8 {
				t.Errorf("UTF-8: got %q, want %q", got, c.utf8)
			}
			if got := ascii.clean(c.in); got != c.ascii {
				t.Errorf("ASCII: got %q, want %q", got, c.ascii)
			}
		})
	}
}

// FuzzClean: nothing gets through that moves the cursor, and the pieces of a
// cleaned text are as wide as the whole.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\x1b[2Jb", "写\u0301真", "\u0e33\u0e33", "ﾊﾞ", "\r\n\t", "👩🏽\u200d🚀", "\u1100\uac00", "\xf0\x9f", "000\x17\u0e33", "\u0d4ea"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, env := range []environment{{UTF8: true}, {}} {
			l := newLook(env)
			c := l.clean(s)
			checkLine(t, c, &l)
			sum := 0
			for _, r := range c {
				sum += width(string(r))
			}
			if sum != width(c) || width(c) != ansi.StringWidth(c) {
				t.Fatalf("%q is %d cells, its characters %d", c, width(c), sum)
			}
			for n := range 9 {
				if got := width(cut(c, n)); got > n {
					t.Fatalf("cut(%q, %d) is %d cells", c, n, got)
				}
			}
		}
	})
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"photos.home.lan", 20, "photos.home.lan"},
		{"photos.home.lan", 10, "photos.h.."},
		{"PROPFIND", 4, "PROP"},
		{"写真写真写真", 9, "写真写.."},
		{"写真", 3, "写"},
		{"abc", 0, ""},
		{"abc", -1, ""},
	} {
		if got := cut(c.in, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	l := newLook(environment{UTF8: true})
	for _, c := range []struct {
		in        string
		w, indent int
		want      string
	}{
		{"one two three", 8, 2, "one two|  three"},
		{"abcdefghij", 4, 0, "abcd|efgh|ij"},
		{"写真写真", 5, 0, "写真|写真"},
		{"", 5, 0, ""},
		{"a b", 1, 9, "a|b"},
	} {
		var got []string
		for _, line := range say(c.in).wrap(&l, c.w, c.indent) {
			s := ""
			for _, sp := range line {
				s += sp.s
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q in %d: got %q, want %q", c.in, c.w, s, c.want)
		}
	}
}
