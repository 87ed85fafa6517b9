package tomldoc

import (
	"bytes"
	"errors"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Rest is what Parse refuses, without the sections that hold its errors: the
// document of the others, in their places, and the tables whose sections are
// left out. The document is nil where nothing can be told apart.
func Rest(src []byte) (d *Doc, lost []Path) {
	w := newDoc(src)
	for range maxErrors {
		bad, table, broken := w.firstBroken()
		if !broken {
			if d, _ = Parse(w.src); d == nil {
				return nil, nil
			}
			return d, lost
		}
		if len(table) == 0 {
			return nil, nil
		}
		w.blank(bad)
		lost = append(lost, table)
	}
	return nil, nil
}

// firstBroken is the first section with an error and its table, which is nil
// where it has no name.
func (d *Doc) firstBroken() (section span, table Path, broken bool) {
	headers, failed, at := d.headers()
	end := len(d.src)
	switch line := d.lineStart(at); {
	case failed:
		end = d.sectionEnd(d.body, at)
		if table, ok := d.brokenHeader(line); ok {
			return span{line, end}, table, true
		}
	default:
		_, err := decode(d.src[d.body:])
		if err == nil {
			return span{}, nil, false
		}
		var de *toml.DecodeError
		if !errors.As(err, &de) {
			return span{}, nil, true
		}
		row, col := de.Position()
		at = min(d.lines[min(row, len(d.lines))-1]+col-1, len(d.src))
	}
	section, table = d.sectionAt(headers, at, end)
	return section, table, true
}

func (d *Doc) sectionEnd(from, at int) int {
	if end := d.nextHeader(from, at); end >= 0 {
		return end
	}
	return len(d.src)
}

// header is where a section begins, and its table.
type header struct {
	start int
	table Path
}

// headers lists them, up to the first error of the grammar.
func (d *Doc) headers() (list []header, failed bool, at int) {
	var p unstable.Parser
	p.Reset(d.src[d.body:])
	for p.NextExpression() {
		if e := p.Expression(); e.Kind != unstable.KeyValue {
			list = append(list, header{d.lineStart(d.body + keyStart(e)), keyPath(e)})
		}
	}
	var pe *unstable.ParserError
	if errors.As(p.Error(), &pe) {
		return list, true, d.body + int(p.Range(pe.Highlight).Offset)
	}
	return list, p.Error() != nil, d.body
}

// sectionAt is the section that an offset stands in; it ends at the next header,
// or at end.
func (d *Doc) sectionAt(headers []header, at, end int) (span, Path) {
	var is header
	for _, h := range headers {
		if h.start > at {
			end = min(end, h.start)
			break
		}
		is = h
	}
	return span{is.start, end}, is.table
}

// brokenHeader tells whether a line would be a header and is none, and guesses
// its table: a list left open may run into a header that is whole.
func (d *Doc) brokenHeader(line int) (Path, bool) {
	text := d.text(span{line, d.lineEnd(line)})
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "[")
	if _, err := decode([]byte(text)); !ok || err == nil {
		return nil, false
	}
	inner, _, _ = strings.Cut(strings.TrimLeft(inner, "["), "]")
	var p unstable.Parser
	p.Reset([]byte(strings.TrimSpace(inner) + " = 1"))
	if !p.NextExpression() {
		return nil, true
	}
	return keyPath(p.Expression()), true
}

// blank takes the text of a span out; line ends stay, and so do all places.
func (d *Doc) blank(s span) {
	d.src = bytes.Clone(d.src)
	for i := s.start; i < s.end; i++ {
		if d.src[i] != '\n' && d.src[i] != '\r' {
			d.src[i] = ' '
		}
	}
}
