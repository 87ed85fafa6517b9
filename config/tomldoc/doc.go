// Package tomldoc owns the text of a TOML document and the tree of what stands
// where in it. It reads every spelling TOML has and edits by splicing bytes, so
// that what an edit does not mean stays as its author wrote it: there is no
// printer.
//
// It deliberately does not know what a key means; package config does.
//
// A Doc is not safe for concurrent use. Its nodes describe the text at the time
// they were taken: after an edit ask Root again.
package tomldoc

import "bytes"

// bom is the byte order mark some editors write. go-toml refuses it, so it is
// hidden from the parser and kept in the file.
var bom = []byte("\xef\xbb\xbf")

// Doc is a document and its index.
type Doc struct {
	src   []byte
	body  int    // where the text begins: behind the BOM
	eol   string // of the first line; what new lines end with
	open  bool   // the last line has no line end
	lines []int  // offset of each line's first byte, the BOM not counted

	exprs []expr // headers, key lines and own-line comments, in file order
	root  *Node
}

// Parse reads a document. The error is SyntaxErrors, with everything in src
// that is not TOML, definitions that contradict each other included.
func Parse(src []byte) (*Doc, error) {
	d := newDoc(src)
	if errs := d.syntaxErrors(); len(errs) > 0 {
		return nil, errs
	}
	if errs := d.meaningErrors(); len(errs) > 0 {
		return nil, errs
	}
	if err := d.index(); err != nil {
		return nil, SyntaxErrors{{Pos: d.pos(span{d.body, d.body}), Message: err.Error()}}
	}
	return d, nil
}

func newDoc(src []byte) *Doc {
	d := &Doc{src: bytes.Clone(src), eol: "\n"}
	if bytes.HasPrefix(src, bom) {
		d.body = len(bom)
	}
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		d.eol = "\r\n"
	}
	d.open = len(src) > d.body && src[len(src)-1] != '\n'
	d.lines = append(d.lines, d.body)
	for i, c := range d.src {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	return d
}

// Bytes returns a copy of the text as it stands.
func (d *Doc) Bytes() []byte { return bytes.Clone(d.src) }

// Root is the table of the whole document.
func (d *Doc) Root() *Node { return d.root }
