package tomldoc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxErrors bounds a report: nobody reads the hundredth error of a file that is
// not TOML at all.
const maxErrors = 20

// SyntaxError is one thing that is not TOML.
type SyntaxError struct {
	Pos     Pos
	Message string
}

// SyntaxErrors are all of a document, in file order.
type SyntaxErrors []SyntaxError

// Error gives one "LINE:COL: message" a line.
func (es SyntaxErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Col, e.Message)
	}
	return strings.Join(lines, "\n")
}

// syntaxErrors lists what the grammar refuses. Behind an error the text is read
// on from the next line that looks like a header: what stands between cannot be
// told apart from the error's consequences.
func (d *Doc) syntaxErrors() (errs SyntaxErrors) {
	for from := d.body; from >= 0 && len(errs) < maxErrors; {
		at, message := d.firstError(from)
		if message == "" {
			break
		}
		if len(errs) == 0 || errs[len(errs)-1].Pos.Offset != at.start {
			errs = append(errs, SyntaxError{d.pos(at), message})
		}
		from = d.nextHeader(from, at.start)
	}
	return errs.sorted()
}

// sorted puts the errors in file order: the parser may place the end of
// something open behind what stands in it.
func (es SyntaxErrors) sorted() SyntaxErrors {
	slices.SortStableFunc(es, func(a, b SyntaxError) int { return a.Pos.Offset - b.Pos.Offset })
	return es
}

// nextHeader is where to read on after the error at offset at: at its own line,
// when a list left open ran into that header, or behind; -1 for nowhere.
func (d *Doc) nextHeader(from, at int) int {
	if line := d.lineStart(at); line > from && d.src[line] == '[' {
		return line
	}
	next := bytes.Index(d.src[at:], []byte("\n["))
	if next < 0 {
		return -1
	}
	return at + next + 1
}

func (d *Doc) firstError(from int) (span, string) {
	var p unstable.Parser
	var size census
	p.Reset(d.src[from:])
	for p.NextExpression() {
		if err := size.add(p.Expression()); err != nil {
			at := from + keyStart(p.Expression())
			return span{at, at}, err.Error()
		}
	}
	var pe *unstable.ParserError
	switch err := p.Error(); {
	case err == nil:
		return span{}, ""
	case errors.As(err, &pe):
		r := p.Range(pe.Highlight)
		at := span{from + int(r.Offset), from + int(r.Offset+r.Length)}
		at.start = d.characterAt(at.start)
		return at, d.wholeCharacter(at.start, pe.Message)
	default:
		return span{from, from}, err.Error()
	}
}

// characterAt is where the character begins that offset at lies in: the parser
// looks for the end of an open string byte by byte.
func (d *Doc) characterAt(at int) int {
	for start := at; start >= max(d.body, at-utf8.UTFMax+1) && at < len(d.src); start-- {
		if _, size := utf8.DecodeRune(d.src[start:]); start+size > at && size > 1 {
			return start
		}
	}
	return at
}

// wholeCharacter mends messages that name the first byte of a character as if
// it were one.
func (d *Doc) wholeCharacter(at int, message string) string {
	if at >= len(d.src) || d.src[at] < utf8.RuneSelf {
		return message
	}
	r, _ := utf8.DecodeRune(d.src[at:])
	return strings.Replace(message, fmt.Sprintf("%#U", rune(d.src[at])), fmt.Sprintf("%#U", r), 1)
}

// meaningErrors lists what only decoding finds: keys and tables defined twice,
// impossible dates, numbers too large. go-toml stops at the first, so what it
// names is blanked out and the rest is tried again.
func (d *Doc) meaningErrors() (errs SyntaxErrors) {
	src := d.src[d.body:]
	for len(errs) < maxErrors {
		_, err := decode(src)
		if err == nil {
			break
		}
		var de *toml.DecodeError
		if !errors.As(err, &de) {
			return append(errs, SyntaxError{d.pos(span{d.body, d.body}), err.Error()})
		}
		line, col := de.Position()
		at := min(d.lines[min(line, len(d.lines))-1]+col-1, len(d.src))
		message := d.namedTwice(at, strings.TrimPrefix(de.Error(), "toml: "))
		errs = append(errs, SyntaxError{d.pos(span{at, at}), message})
		src = blankOut(src, at-d.body)
	}
	return errs.sorted()
}

// namedTwice says in full what stands at an offset, and where it stood first, in
// a message of what is there twice.
func (d *Doc) namedTwice(at int, message string) string {
	var p unstable.Parser
	var table Path
	first := map[string]int{} // offset of each path
	p.Reset(d.src[d.body:])
	for p.NextExpression() {
		e := p.Expression()
		path := keyPath(e)
		switch e.Kind {
		case unstable.KeyValue:
			path = append(slices.Clone(table), path...)
		case unstable.ArrayTable: // its keys may stand in each of its elements
			clear(first)
			fallthrough
		default:
			table = path
		}
		start, name := d.body+keyStart(e), path.String()
		was, twice := first[name]
		switch {
		case start == at && twice:
			last, _ := path[len(path)-1].(string)
			return strings.Replace(message, " "+last+" ", " "+name+" ", 1) + fmt.Sprintf(", in line %d", d.pos(span{was, was}).Line)
		case start == at:
			return message
		case !twice:
			first[name] = start
		}
	}
	return message
}

// keyPath is the key of an expression.
func keyPath(e *unstable.Node) (path Path) {
	for keys := e.Key(); keys.Next(); {
		path = append(path, string(keys.Node().Data))
	}
	return path
}

// keyStart is the offset of an expression's key.
func keyStart(e *unstable.Node) int {
	keys := e.Key()
	keys.Next()
	return int(keys.Node().Raw.Offset)
}

// blankOut returns a copy without the key line, or the section with its header,
// that offset at stands in. Line ends stay, so do all positions.
func blankOut(src []byte, at int) []byte {
	cut := span{0, len(src)}
	header := false
	var p unstable.Parser
	p.Reset(src)
	for p.NextExpression() {
		e := p.Expression()
		start := bytes.LastIndexByte(src[:keyStart(e)], '\n') + 1
		if start > at {
			if !header || e.Kind != unstable.KeyValue {
				cut.end = start
				break
			}
			continue
		}
		cut.start, header = start, e.Kind != unstable.KeyValue
	}
	out := bytes.Clone(src)
	for i := cut.start; i < cut.end; i++ {
		if out[i] != '\n' && out[i] != '\r' {
			out[i] = ' '
		}
	}
	return out
}
