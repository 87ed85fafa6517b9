package tomldoc

import (
	"errors"

	"github.com/pelletier/go-toml/v2/unstable"
)

// errIndex is a defect of this package: better no editing than a wrong splice.
var errIndex = errors.New("the text and its index do not match: this file cannot be edited here, please report it")

// expr is one expression at the top level of the text.
type expr struct {
	kind unstable.Kind // Comment, Table, ArrayTable or KeyValue
	line span          // whole lines, line end and trailing comment included
	core span          // the header, the key with its value, or the comment
	keys []span        // the parts of the key
	node *Node         // what it defines; nil for a comment
}

func (x expr) isHeader() bool { return x.kind == unstable.Table || x.kind == unstable.ArrayTable }

// index builds exprs and the tree. Parse has decoded the text before, so
// definitions never contradict each other here.
func (d *Doc) index() error {
	d.root = newTable(d, nil, nil)
	section := d.root
	p := unstable.Parser{KeepComments: true}
	p.Reset(d.src[d.body:])
	for p.NextExpression() {
		e := p.Expression()
		x := expr{kind: e.Kind}
		var err error
		switch e.Kind {
		case unstable.Comment:
			x.core = d.raw(e.Raw)
		case unstable.KeyValue:
			x.core = d.raw(e.Raw)
			err = d.indexKey(&x, section, e)
		default:
			err = d.indexHeader(&x, e)
			section = x.node
		}
		if err != nil {
			return err
		}
		// The comment behind an expression is its sibling, not its child.
		end := x.core.end
		if c := e.Next(); c != nil && c.Kind == unstable.Comment {
			end = d.raw(c.Raw).end
		}
		x.line = span{d.lineStart(x.core.start), d.lineEnd(max(x.core.start, end-1))}
		d.exprs = append(d.exprs, x)
	}
	return p.Error()
}

// raw turns the parser's range into bytes of the file.
func (d *Doc) raw(r unstable.Range) span {
	start := d.body + int(r.Offset)
	return span{start, start + int(r.Length)}
}

// key copies a dotted key: the parser's nodes die with the next expression.
func (d *Doc) key(e *unstable.Node) (names []string, parts []span) {
	for it := e.Key(); it.Next(); {
		names = append(names, string(it.Node().Data))
		parts = append(parts, d.raw(it.Node().Raw))
	}
	return names, parts
}

func (d *Doc) indexKey(x *expr, section *Node, e *unstable.Node) error {
	b, err := d.bind(section, e, len(d.exprs))
	if err != nil {
		return err
	}
	if b.node.value.end != x.core.end {
		return errIndex
	}
	x.keys, x.node = b.parts, b.node
	return nil
}

func (d *Doc) indexHeader(x *expr, e *unstable.Node) (err error) {
	var names []string
	names, x.keys = d.key(e)
	list := e.Kind == unstable.ArrayTable
	if x.core, err = d.headerSpan(x.keys, list); err != nil {
		return err
	}
	x.node = d.openHeader(names, x.keys, list)
	return nil
}

// headerSpan finds the brackets, which the parser gives no place for.
func (d *Doc) headerSpan(parts []span, list bool) (span, error) {
	brackets := 1
	if list {
		brackets = 2
	}
	start, end := parts[0].start, parts[len(parts)-1].end
	for start > d.body && isSpace(d.src[start-1]) {
		start--
	}
	s := span{start - brackets, d.skipSpace(end) + brackets}
	if s.start < d.body || s.end > len(d.src) || d.src[s.start] != '[' || d.src[s.end-1] != ']' {
		return span{}, errIndex
	}
	return s, nil
}

// openHeader finds or makes the table that a header names, and notes the header
// in every table it leads through.
func (d *Doc) openHeader(names []string, parts []span, list bool) *Node {
	at := len(d.exprs)
	t := d.root
	for i, name := range names {
		kid := t.kids[name]
		last := i == len(names)-1
		if kid == nil {
			kid = newTable(d, name, t)
			kid.key = parts[i]
			if last && list {
				kid.kind, kid.kids = ArrayTable, nil
			}
			t.add(name, kid)
		}
		kid.headers = append(kid.headers, at)
		if kid.kind == ArrayTable {
			kid = kid.element(last, parts[i])
			kid.headers = append(kid.headers, at)
		}
		t = kid
	}
	t.header, t.key = at, parts[len(parts)-1]
	return t
}

// element is the last table of a [[list]], or a new one behind it.
func (n *Node) element(fresh bool, key span) *Node {
	if fresh {
		elem := newTable(n.doc, len(n.elems), n)
		elem.key = key
		n.elems = append(n.elems, elem)
	}
	return n.elems[len(n.elems)-1]
}

// bind notes one "key = value" in the body of up.
func (d *Doc) bind(up *Node, e *unstable.Node, at int) (*binding, error) {
	b := &binding{expr: at, up: up}
	b.names, b.parts = d.key(e)
	last := len(b.names) - 1
	t := up
	for i, name := range b.names[:last] {
		kid := t.kids[name]
		if kid == nil {
			kid = newTable(d, name, t)
			kid.key, kid.host, kid.prefix = b.parts[i], up, b.names[:i+1]
			t.add(name, kid)
		}
		t = kid
	}
	equals := d.skipSpace(b.parts[last].end)
	if equals >= len(d.src) || d.src[equals] != '=' {
		return nil, errIndex
	}
	n, err := d.indexValue(e.Value(), d.skipSpace(equals+1), b.names[last], t)
	if err != nil {
		return nil, err
	}
	n.key, n.binding, b.node = b.parts[last], b, n
	b.span = span{b.parts[0].start, n.value.end}
	t.add(b.names[last], n)
	up.bindings = append(up.bindings, b)
	return b, nil
}
