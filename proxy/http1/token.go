package http1

import (
	"bytes"
	"encoding/binary"
)

// Classes of bytes (RFC 9110 section 5.6.2, RFC 3986 section 3.3). A target may
// hold bytes from 0x80 on: browsers do not send them, older clients do. '#'
// never belongs in a target (RFC 9112 section 3.2).
var isToken, isTarget = classes()

func classes() (token, target [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		token[c] = true
	}
	for c := 0x21; c < 0x100; c++ {
		target[c] = c != 0x7f && c != '#'
	}
	return token, target
}

// tokenLen is how many bytes at the start of b are of a token.
func tokenLen(b []byte) int {
	for i, c := range b {
		if !isToken[c] {
			return i
		}
	}
	return len(b)
}

const (
	each1 = 0x0101010101010101
	each8 = 0x8080808080808080
)

// validValue tells whether b has no control byte but HTAB (RFC 9110 section
// 5.5). It looks at eight bytes at once and only then at single ones: a byte
// below 0x20 borrows when 0x20 is taken from it, DEL becomes zero under xor.
func validValue(b []byte) bool {
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*each1
		if ((x-0x20*each1)&^x|(del-each1)&^del)&each8 != 0 && !validBytes(b[:8]) {
			return false
		}
		b = b[8:]
	}
	return validBytes(b)
}

func validBytes(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

var crlf = []byte("\r\n")

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trim takes blanks off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// nextItem cuts the first item off a comma-separated list.
func nextItem(list []byte) (item, rest []byte) {
	if i := bytes.IndexByte(list, ','); i >= 0 {
		return trim(list[:i]), list[i+1:]
	}
	return trim(list), nil
}

// decimal reads a length: digits alone, no sign (RFC 9112 section 6.3).
func decimal(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
