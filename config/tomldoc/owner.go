package tomldoc

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Whose a comment is: lines that touch a header or key from above belong to it,
// banners set off by a blank line to nobody, and the file's first comment to the
// file.

// ownedFrom is where expression i begins with the comments that belong to it.
func (d *Doc) ownedFrom(i int) int {
	start := d.exprs[i].line.start
	k := i - 1
	for ; k >= 0; k-- {
		x := d.exprs[k]
		directive := bytes.HasPrefix(d.src[x.core.start:], []byte("#:")) // editors' #:schema
		if x.kind != unstable.Comment || x.line.end != start || directive {
			break
		}
		start = x.line.start
	}
	if start == d.body && k < 0 {
		return d.exprs[i].line.start
	}
	return start
}

// keyLines are the lines of a key. The comment above goes with it only when no
// other key follows at once: it may speak of the whole group.
func (d *Doc) keyLines(i int) span {
	s := d.exprs[i].line
	if i+1 < len(d.exprs) && d.exprs[i+1].kind == unstable.KeyValue && d.exprs[i+1].line.start == s.end {
		return s
	}
	return span{d.ownedFrom(i), s.end}
}

// section is a header with its comments and its body, without what belongs to
// the next header or to nobody.
func (d *Doc) section(header int) span {
	end := d.exprs[header].line.end
	for i := header + 1; i < len(d.exprs); i++ {
		x := d.exprs[i]
		if x.isHeader() {
			end = min(end, d.ownedFrom(i))
			break
		}
		if x.kind == unstable.KeyValue || x.line.start == end {
			end = x.line.end
		}
	}
	return span{d.ownedFrom(header), end}
}

// withBlanks adds the blank lines that would stand double when s is removed:
// those behind it, or at the end of the file those before it.
func (d *Doc) withBlanks(s span) span {
	end := s.end
	for end < len(d.src) && d.isBlank(span{end, d.lineEnd(end)}) {
		end = d.lineEnd(end)
	}
	if end == len(d.src) {
		for s.start > d.body && d.isBlankLineBefore(s.start) {
			s.start = d.lineStart(s.start - 1)
		}
		return span{s.start, end}
	}
	if s.start == d.body || d.isBlankLineBefore(s.start) {
		s.end = end
	}
	return s
}

// isBlankLineBefore tells of the line above the one that begins at offset at.
func (d *Doc) isBlankLineBefore(at int) bool {
	return at > d.body && d.isBlank(span{d.lineStart(at - 1), at})
}
