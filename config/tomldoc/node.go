package tomldoc

import "slices"

// Kind tells what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Table       Kind = iota // the root, [x], or what a dotted key implies
	InlineTable             // { … }
	ArrayTable              // [[x]], all of them
	Array                   // [ … ]
	String
	Integer
	Float
	Bool
	DateTime // also a date or a time alone
)

// String gives the words messages use.
func (k Kind) String() string {
	switch k {
	case Table, InlineTable:
		return "a table"
	case ArrayTable, Array:
		return "a list"
	case String:
		return "a string"
	case Integer:
		return "a whole number"
	case Float:
		return "a number"
	case Bool:
		return "true or false"
	}
	return "a date"
}

// Node is a table, a list or a value, and where it is spelled.
type Node struct {
	doc    *Doc
	kind   Kind
	step   any // the last step of the path
	parent *Node

	kids  map[string]*Node // of tables
	order []string         // keys of kids, in file order
	elems []*Node          // of lists

	key   span   // first place the key is written; of a header table its header
	value span   // of Array, InlineTable and scalars
	text  string // of scalars, decoded

	// How a table is spelled.
	header   int      // index in doc.exprs of its own header, -1 without one
	headers  []int    // all headers at or below it
	host     *Node    // of a table that dotted keys imply: whose body holds them
	prefix   []string // and the keys from there
	bindings []*binding

	binding *binding // how a value is bound to its key; nil for elements
}

// binding is one "key = value" in the body of a header or an inline table.
type binding struct {
	expr  int // index in doc.exprs, -1 inside an inline table
	span  span
	parts []span // of the dotted key
	names []string
	node  *Node
	up    *Node // the table whose body holds it
}

func newTable(d *Doc, step any, parent *Node) *Node {
	return &Node{doc: d, step: step, parent: parent, kids: map[string]*Node{}, header: -1}
}

func (n *Node) add(name string, kid *Node) {
	n.kids[name] = kid
	n.order = append(n.order, name)
}

// Kind tells what the node is.
func (n *Node) Kind() Kind { return n.kind }

// Path leads from the root to the node; empty for the root.
func (n *Node) Path() Path {
	var p Path
	for ; n.parent != nil; n = n.parent {
		p = append(p, n.step)
	}
	slices.Reverse(p)
	return p
}

// Keys lists a table's keys in file order.
func (n *Node) Keys() []string { return slices.Clone(n.order) }

// Get finds a table's key; nil when it is absent or n is no table.
func (n *Node) Get(key string) *Node { return n.kids[key] }

// Elems lists the elements of a list.
func (n *Node) Elems() []*Node { return slices.Clone(n.elems) }

// Text is a scalar's value: a string without quotes and escapes, everything
// else as written.
func (n *Node) Text() string { return n.text }

// KeyPos is where the key is written; of a [header] table the last part of its
// header. Elements of a list have none and give Pos.
func (n *Node) KeyPos() Pos { return n.doc.pos(n.key) }

// Pos is where the value is written; of a table that has none, KeyPos.
func (n *Node) Pos() Pos {
	if n.kind == Table || n.kind == ArrayTable {
		return n.KeyPos()
	}
	return n.doc.pos(n.value)
}

// Value decodes the node as go-toml does: string, int64, float64, bool,
// time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime, []any or
// map[string]any.
func (n *Node) Value() any {
	switch n.kind {
	case Table, InlineTable:
		m := make(map[string]any, len(n.kids))
		for key, kid := range n.kids {
			m[key] = kid.Value()
		}
		return m
	case ArrayTable, Array:
		list := make([]any, len(n.elems))
		for i, elem := range n.elems {
			list[i] = elem.Value()
		}
		return list
	case String:
		return n.text
	}
	m, _ := decode([]byte("v = " + n.doc.text(n.value))) // Parse has decoded it once
	return m["v"]
}

// find follows the path; nil when it leads nowhere.
func (d *Doc) find(p Path) *Node {
	n := d.root
	for _, step := range p {
		switch step := step.(type) {
		case string:
			n = n.kids[step]
		case int:
			if step < 0 || step >= len(n.elems) {
				return nil
			}
			n = n.elems[step]
		default:
			return nil
		}
		if n == nil {
			return nil
		}
	}
	return n
}
