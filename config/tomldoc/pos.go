package tomldoc

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Pos is a place in the text. Offset and Len are bytes of the file, its BOM
// included; Line and Col count from 1, Col in characters and without the BOM.
type Pos struct{ Offset, Len, Line, Col int }

// span is the bytes from start up to end.
type span struct{ start, end int }

func (d *Doc) pos(s span) Pos {
	line := sort.SearchInts(d.lines, s.start+1)
	col := utf8.RuneCount(d.src[d.lines[line-1]:s.start]) + 1
	return Pos{Offset: s.start, Len: s.end - s.start, Line: line, Col: col}
}

// lineStart is the offset of the first byte of the line that off stands in.
func (d *Doc) lineStart(off int) int {
	return d.lines[max(sort.SearchInts(d.lines, off+1), 1)-1]
}

// lineEnd is the offset behind the line end of the line that off stands in.
func (d *Doc) lineEnd(off int) int {
	if i := sort.SearchInts(d.lines, off+1); i < len(d.lines) {
		return d.lines[i]
	}
	return len(d.src)
}

func (d *Doc) isBlank(s span) bool { return len(bytes.TrimSpace(d.src[s.start:s.end])) == 0 }

func (d *Doc) text(s span) string { return string(d.src[s.start:s.end]) }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// skipSpace returns the first offset from i on that holds no blank.
func (d *Doc) skipSpace(i int) int {
	for i < len(d.src) && isSpace(d.src[i]) {
		i++
	}
	return i
}

// skipGap returns the first offset from i on that holds no blank, line end,
// comma or comment: what stands between the items of a list.
func (d *Doc) skipGap(i int) int {
	for i < len(d.src) {
		switch d.src[i] {
		case ' ', '\t', '\r', '\n', ',':
			i++
		case '#':
			i = d.lineEnd(i)
		default:
			return i
		}
	}
	return i
}
