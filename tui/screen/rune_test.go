package screen_test

import (
	"testing"
	"unicode/utf8"

	"forge.home.arpa/portico/tui/screen"
)

// TestPartOfRune: wherever a link cuts it, no character is lost, and what is none
// is not waited for.
func TestPartOfRune(t *testing.T) {
	const text = "a─é漢😀z"
	for cut := range len(text) + 1 {
		b := []byte(text[:cut])
		whole := b[:len(b)-screen.PartOfRune(b)]
		if !utf8.Valid(whole) || utf8.Valid(b) && len(whole) < len(b) {
			t.Errorf("%q is left of %q", whole, b)
		}
	}
	for _, none := range []string{"", "z\xff", "z\x80", "\x80\x80\x80\x80"} {
		if n := screen.PartOfRune([]byte(none)); n != 0 {
			t.Errorf("it waits for the rest of %q", none[len(none)-n:])
		}
	}
}
