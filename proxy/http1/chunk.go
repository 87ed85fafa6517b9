package http1

import (
	"bytes"
)

// chunkLine reads "1A3;name=value CRLF" (RFC 9112 section 7.1) without its end
// and returns the size of the chunk and the bytes its extensions took.
func chunkLine(line []byte) (size int64, extensions int, err error) {
	n := 0
	for ; n < len(line); n++ {
		d := hexDigit(line[n])
		if d < 0 {
			break
		}
		if n == maxSizeDigits {
			return 0, 0, errChunkSize
		}
		size = size<<4 | int64(d)
	}
	if n == 0 {
		return 0, 0, errChunkSize
	}
	ext := line[n:]
	if len(ext) > 0 && !validExtensions(ext) {
		return 0, 0, errChunkExt
	}
	return size, len(ext), nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// validExtensions reads *( BWS ";" BWS name [ BWS "=" BWS value ] ).
func validExtensions(b []byte) bool {
	for len(b) > 0 {
		b = skipBlanks(b)
		if len(b) == 0 || b[0] != ';' {
			return false
		}
		b = skipBlanks(b[1:])
		n := tokenLen(b)
		if n == 0 {
			return false
		}
		b = b[n:]
		if after := skipBlanks(b); len(after) > 0 && after[0] == '=' {
			if b = extensionValue(skipBlanks(after[1:])); b == nil {
				return false
			}
		}
	}
	return true
}

// extensionValue returns what follows a token or a quoted string, nil when
// there is neither.
func extensionValue(b []byte) []byte {
	if len(b) == 0 || b[0] != '"' {
		if n := tokenLen(b); n > 0 {
			return b[n:]
		}
		return nil
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			if validValue(b[:i]) {
				return b[i+1:]
			}
			return nil
		}
	}
	return nil
}

func skipBlanks(b []byte) []byte { return bytes.TrimLeft(b, " \t") }
