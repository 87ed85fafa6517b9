package match

import (
	"bytes"
	"hash/maphash"
)

// kind is how a path fitted.
type kind uint8

const (
	exactly   kind = iota // "/x"
	pattern               // "~regexp"
	slashless             // the "/x" of "/x/*"
	below                 // "/x/*", or all paths
)

// visitor is given a candidate by its index, how it fitted, and the length of
// the prefix that did; it returns whether it wants the next.
type visitor func(candidate uint32, k kind, prefix int) bool

// each calls visit with every candidate of a host whose path fits, the most
// specific first, and reports whether visit always wanted the next. "*", which
// is no path, fits the routes for all paths only.
func (t *Table) each(host uint32, key []byte, visit visitor) bool {
	id, at := t.descend(host, key)
	n := &t.nodes[id]
	k := below
	switch rest := key[at:]; {
	case len(rest) == 0:
		k = slashless
		if !visitRow(n.exact, n.slash, exactly, 0, visit) {
			return false
		}
	case len(rest) == 1 && rest[0] == '/':
		if !visitRow(n.slash, n.below, exactly, 0, visit) {
			return false
		}
	}
	if t.nodes[host].hasExpression && key[0] == '/' {
		for _, e := range t.expressions[host] {
			if e.re.Match(key) && !visit(e.candidate, pattern, 0) {
				return false
			}
		}
	}
	for {
		if !visitRow(n.below, n.end, k, at, visit) {
			return false
		}
		if id == host {
			return true
		}
		at -= len("/") + int(n.size)
		id, k = n.parent, below
		n = &t.nodes[id]
	}
}

func visitRow(first, end uint32, k kind, prefix int, visit visitor) bool {
	for ; first < end; first++ {
		if !visit(first, k, prefix) {
			return false
		}
	}
	return true
}

// descend follows the path as far as the tree goes, and returns the last node
// with the length of its path, which has no final slash. A path costs one step
// for each segment at most, and no more than the deepest route of the host.
func (t *Table) descend(host uint32, key []byte) (id uint32, at int) {
	id = host
	for at < len(key) && !t.nodes[id].leaf {
		segment := key[at+1:]
		if i := bytes.IndexByte(segment, '/'); i >= 0 {
			segment = segment[:i]
		}
		child := t.child(id, segment)
		if child == 0 {
			break
		}
		id, at = child, at+len("/")+len(segment)
	}
	return id, at
}

// child looks an edge of the tree up; zero is none.
func (t *Table) child(parent uint32, text []byte) uint32 {
	hash, mask := t.hash(parent, text), uint32(len(t.slots)-1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.node == 0 {
			return 0
		}
		if s.hash != hash {
			continue
		}
		n := &t.nodes[s.node]
		if n.parent == parent && string(t.text[n.text:n.text+n.size]) == string(text) {
			return s.node
		}
	}
}

// hash is keyed by a secret of the table, so that no request can be made to
// meet the same slots as many others.
func (t *Table) hash(parent uint32, text []byte) uint32 {
	const odd = 0x9e3779b97f4a7c15 // spreads its input over the high bits
	return uint32((maphash.Bytes(t.seed, text) + uint64(parent)*odd) * odd >> 32)
}

func (t *Table) allows(candidate uint32, method []byte) bool {
	list := t.candidates[candidate].methods
	if list == 0 {
		return true
	}
	for _, m := range t.methods[list] {
		if m == string(method) {
			return true
		}
	}
	return false
}
