package tomldoc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// splice replaces the bytes at span by text.
type splice struct {
	span
	text string
}

func insertAt(at int, text string) splice { return splice{span{at, at}, text} }

func cut(s span) splice { return splice{s, ""} }

// errMismatch says that an edit would do more or less than it was asked to.
var errMismatch = errors.New("edit refused: the edited text would not mean exactly what was asked; change this place in the file by hand")

// edit runs change on a copy of the document. The copy takes the document's
// place only if it decodes to what model makes of the original's values.
func (d *Doc) edit(change func(*Doc) error, model func(root map[string]any) error) error {
	w := *d
	if err := change(&w); err != nil {
		return err
	}
	want, err := decode(d.src[d.body:])
	if err != nil {
		return err
	}
	if err := model(want); err != nil {
		return err
	}
	got, err := decode(w.src[w.body:])
	if err != nil || !Equal(got, want) {
		return errMismatch
	}
	*d = w
	return nil
}

// splice changes the text and indexes it anew. It does not judge the result:
// one edit may take several steps.
func (d *Doc) splice(list ...splice) error {
	slices.SortStableFunc(list, func(a, b splice) int { return a.start - b.start })
	var out bytes.Buffer
	at := 0
	for _, s := range list {
		if s.start < at {
			return errIndex
		}
		out.Write(d.src[at:s.start])
		out.WriteString(s.text)
		at = s.end
	}
	out.Write(d.src[at:])
	next, err := Parse(out.Bytes())
	if err != nil {
		return fmt.Errorf("edit refused: the text would not be TOML any more: %w", err)
	}
	if len(d.lines) > 1 {
		next.eol = d.eol
	}
	if len(d.src) > d.body {
		next.open = d.open // even where this step leaves nothing
	}
	*d = *next
	return nil
}

// newLines inserts whole lines at the start of a line or at the end of the
// file. A last line without a line end stays the kind of last line the file has.
func (d *Doc) newLines(at int, text string) splice {
	if at < len(d.src) || !d.open {
		return insertAt(at, text)
	}
	text = strings.TrimSuffix(text, d.eol)
	if at > d.body {
		text = d.eol + text
	}
	return insertAt(at, text)
}

// cutLines removes whole lines. Of a file that ends without a line end the line
// before becomes such a last one.
func (d *Doc) cutLines(s span) splice {
	if s.end < len(d.src) || !d.open {
		return cut(s)
	}
	for d.isBlankLineBefore(s.start) {
		s.start = d.lineStart(s.start - 1)
	}
	if s.start > d.body {
		s.start--
	}
	if s.start > d.body && d.src[s.start-1] == '\r' {
		s.start--
	}
	return cut(s)
}
