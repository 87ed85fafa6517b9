package screen

import "unicode/utf8"

// PartOfRune counts the bytes at the end of b that begin a character and do not
// end it: a link may cut it in two.
func PartOfRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}
