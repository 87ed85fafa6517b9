package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"forge.home.arpa/portico/config/tomldoc"
)

type node = tomldoc.Node

// decoder walks the tree of a text and collects what is wrong with it. The
// names that values refer to are gathered first, so that a reference may stand
// above what it names.
type decoder struct {
	report
	folder string // that relative paths lead from, "" for the working directory

	networks map[string]Network
	certs    map[string]*node
	routes   map[string]*node
	presets  map[string]settings
	defaults settings
	hasACME  bool

	misnamed map[*node][]string // of tables, keys that stand under a wrong name
	lost     []tomldoc.Path     // tables that stand there and could not be read
}

// reader turns a value of the text into a V.
type reader[V any] struct {
	// read gives false after it noted a problem that leaves nothing to use.
	read func(*decoder, *node) (V, bool)
	// shape is what Schema says of such values. It may be wider than read, which
	// knows more, but never narrower.
	shape func() schema
}

// like narrows the shape to strings that match an expression.
func (r reader[V]) like(expression string) reader[V] {
	return reader[V]{r.read, func() schema { return schema{Type: "string", Pattern: expression} }}
}

// key is what a table may hold under a name.
type key[T any] struct {
	// read gives the function that stores the value in a T; nil when there is
	// nothing to store. Reading apart from storing lets a preset be read once and
	// stored in many routes.
	read  func(*decoder, *node) func(*T)
	shape func() schema
}

// keys are all that a table may hold.
type keys[T any] map[string]key[T]

// store makes a key of a reader and the field its value belongs in.
func store[T, V any](r reader[V], field func(*T) *V) key[T] {
	return key[T]{func(d *decoder, n *node) func(*T) {
		v, ok := r.read(d, n)
		if !ok {
			return nil
		}
		return func(t *T) { *field(t) = v }
	}, r.shape}
}

// fill reads the table n into t.
func fill[T any](d *decoder, n *node, ks keys[T], t *T) {
	for _, name := range n.Keys() {
		key, known := ks[name]
		if !known {
			d.unknown(n, name, slices.Collect(maps.Keys(ks)))
			continue
		}
		if set := key.read(d, n.Get(name)); set != nil {
			set(t)
		}
	}
}

// asTable reads a table over its defaults; check, if any, judges the whole.
func asTable[V any](ks keys[V], defaults V, check func(*decoder, *node, *V)) reader[V] {
	return reader[V]{func(d *decoder, n *node) (V, bool) {
		v := defaults
		if !d.isTable(n) {
			return v, false
		}
		fill(d, n, ks, &v)
		if check != nil {
			check(d, n, &v)
		}
		return v, true
	}, func() schema { return tableOf(ks) }}
}

// needing is for a table that cannot do without some of its keys.
func (r reader[V]) needing(names ...string) reader[V] {
	return reader[V]{func(d *decoder, n *node) (V, bool) {
		v, ok := r.read(d, n)
		if ok {
			d.need(n, names...)
		}
		return v, ok
	}, func() schema { return r.shape().requiring(names) }}
}

// pointer is for what may be absent.
func pointer[V any](r reader[V]) reader[*V] {
	return reader[*V]{func(d *decoder, n *node) (*V, bool) {
		v, ok := r.read(d, n)
		return &v, ok
	}, r.shape}
}

func (d *decoder) isTable(n *node) bool {
	if n.Kind() == tomldoc.Table || n.Kind() == tomldoc.InlineTable {
		return true
	}
	d.mustBe(n, "a table")
	return false
}

// tableAt finds a table of the root; nil when it is absent or is none.
func (d *decoder) tableAt(root *node, name string) *node {
	n := root.Get(name)
	if n == nil || !d.isTable(n) {
		return nil
	}
	return n
}

// maxName bounds the names of tables, which messages and screens repeat.
const maxName = 64

// named gives the tables of a family, as [route.NAME], in file order.
func (d *decoder) named(root *node, family string, each func(name string, n *node)) {
	n := root.Get(family)
	if n == nil {
		return
	}
	if n.Kind() != tomldoc.Table && n.Kind() != tomldoc.InlineTable {
		d.at(n, "each has a name: ["+family+".NAME]", " must be a table, not %s", n.Kind())
		return
	}
	for _, name := range n.Keys() {
		if kid := n.Get(name); d.isName(n, kid, name) && d.isNamedTable(kid, family) {
			each(name, kid)
		}
	}
}

func (d *decoder) isNamedTable(n *node, family string) bool {
	if n.Kind() == tomldoc.Table || n.Kind() == tomldoc.InlineTable {
		return true
	}
	d.at(n, "keys stand below a name: ["+family+".NAME]", " must be a table, not %s", n.Kind())
	return false
}

// isName keeps out of logs and screens what would break their lines.
func (d *decoder) isName(up, n *node, name string) bool {
	if name != "" && len(name) <= maxName && printable(name) {
		return true
	}
	if d.room(false) {
		d.place(false, n.KeyPos(), up.Path().String(), "", up.Path().String()+": "+quote(name)+
			" is not a name: 1 to "+strconv.Itoa(maxName)+" bytes that can be printed")
	}
	return false
}

// need notes the keys that a table cannot do without. A table of nothing but
// tables is [cert.www.example], whose problem is its name.
func (d *decoder) need(n *node, names ...string) {
	isTable := func(key string) bool { return n.Get(key).Kind() == tomldoc.Table }
	if kids := n.Keys(); len(kids) > 0 && !slices.ContainsFunc(kids, func(key string) bool { return !isTable(key) }) {
		return
	}
	for _, name := range names {
		if !d.said(n, name) {
			d.atKey(n, "", " has no %s", name)
		}
	}
}

// bad notes a value that cannot be used: "PATH: …" at the value.
func (d *decoder) bad(n *node, hint, format string, args ...any) {
	d.at(n, hint, ": "+format, args...)
}

// mustBe notes a value of the wrong kind.
func (d *decoder) mustBe(n *node, want string) { d.at(n, "", " must be %s, not %s", want, n.Kind()) }

// at notes an error at the value of n; the message goes on behind its path.
func (d *decoder) at(n *node, hint, format string, args ...any) {
	if d.room(false) {
		d.about(false, n, n.Pos(), hint, fmt.Sprintf(format, args...))
	}
}

// atKey notes an error at the key of n.
func (d *decoder) atKey(n *node, hint, format string, args ...any) {
	if d.room(false) {
		d.about(false, n, n.KeyPos(), hint, fmt.Sprintf(format, args...))
	}
}

// ofKey notes an error of the table n that is about one of its keys, be it there
// or not.
func (d *decoder) ofKey(n *node, key, hint, message string) {
	if !d.room(false) {
		return
	}
	pos := n.KeyPos()
	if kid := n.Get(key); kid != nil {
		pos = kid.KeyPos()
	}
	path := n.Path()
	d.place(false, pos, append(slices.Clone(path), key).String(), hint, path.String()+message)
}

// warn notes a warning at the value of n.
func (d *decoder) warn(n *node, hint, format string, args ...any) {
	if d.room(true) {
		d.about(true, n, n.Pos(), hint, fmt.Sprintf(format, args...))
	}
}

func (d *decoder) about(warning bool, n *node, pos tomldoc.Pos, hint, message string) {
	path := n.Path().String()
	d.place(warning, pos, path, hint, path+message)
}

func (d *decoder) place(warning bool, pos tomldoc.Pos, path, hint, message string) {
	d.add(Problem{Line: pos.Line, Col: pos.Col, Path: path, Message: message, Hint: hint, Warning: warning})
}
