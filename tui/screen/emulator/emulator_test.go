package emulator_test

import (
	"testing"
	"unicode/utf8"

	"forge.home.arpa/portico/tui/screen/emulator"
)

// TestWhole: wherever a link cuts it, no character is lost, and what is none is
// not waited for.
func TestWhole(t *testing.T) {
	const text = "a─é漢😀z\xff\x80"
	for cut := range len(text) + 1 {
		whole, rest := emulator.Whole([]byte(text[:cut]))
		if string(whole)+string(rest) != text[:cut] {
			t.Errorf("%q and %q of %q", whole, rest, text[:cut])
		}
		if len(rest) > 0 && utf8.FullRune(rest) || cut <= len("a─é漢😀z") && !utf8.Valid(whole) {
			t.Errorf("%q is left of %q", rest, text[:cut])
		}
	}
	if _, rest := emulator.Whole([]byte(text)); len(rest) > 0 {
		t.Errorf("it waits for the rest of %q", rest)
	}
}
