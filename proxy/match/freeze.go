package match

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
)

// freezer lays a draft out as a table.
type freezer struct {
	*Table
	lists map[string]uint32 // where the methods of candidates are, by their text
}

func (b *builder) table() *Table {
	f := freezer{
		Table: &Table{
			seed:        maphash.MakeSeed(),
			slots:       make([]slot, 1<<bits.Len(uint(2*len(b.nodes)))), // half of them free at least
			nodes:       make([]node, 0, len(b.nodes)),
			methods:     [][]string{nil},
			labels:      b.labels,
			expressions: make(map[uint32][]expression),
			routes:      b.routes,
			hosts:       b.hosts,
		},
		lists: map[string]uint32{"": 0},
	}
	for id := range b.nodes {
		f.addNode(uint32(id), &b.nodes[id])
	}
	return f.Table
}

func (f *freezer) addNode(id uint32, d *draft) {
	settle(d.exact, byMethods)
	settle(d.slash, byMethods)
	settle(d.below, byMethods)
	settle(d.expressions, byLength)
	n := d.node
	n.text, n.size = uint32(len(f.text)), uint32(len(d.text))
	f.text = append(f.text, d.text...)
	n.exact = f.addEntries(d.exact)
	n.slash = f.addEntries(d.slash)
	n.below = f.addEntries(d.below)
	n.end = f.addEntries(d.expressions)
	f.nodes = append(f.nodes, n)
	for i, e := range d.expressions {
		f.expressions[id] = append(f.expressions[id], expression{e.re, n.end + uint32(i)})
	}
	if id > anyHost {
		f.index(id, f.hash(n.parent, []byte(d.text)))
	}
}

// addEntries returns the place of the first.
func (f *freezer) addEntries(entries []entry) uint32 {
	first := uint32(len(f.candidates))
	for _, e := range entries {
		list := strings.Join(e.methods, " ")
		if _, ok := f.lists[list]; !ok {
			f.lists[list] = uint32(len(f.methods))
			f.methods = append(f.methods, e.methods)
		}
		f.candidates = append(f.candidates, candidate{e.route, f.lists[list], e.rewrites})
		f.paths = append(f.paths, e.path)
	}
	return first
}

func (f *freezer) index(id, hash uint32) {
	mask := uint32(len(f.slots) - 1)
	i := hash & mask
	for f.slots[i].node != 0 {
		i = (i + 1) & mask
	}
	f.slots[i] = slot{hash, id}
}

// settle adds what methods imply and puts entries in their order.
func settle(entries []entry, order func(a, b entry) int) {
	named := make(map[string]bool)
	for _, e := range entries {
		named[e.key] = named[e.key] || slices.Contains(e.methods, "HEAD")
	}
	for i := range entries {
		if e := &entries[i]; !named[e.key] && slices.Contains(e.methods, "GET") {
			e.methods = merge(e.methods, []string{"HEAD"})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(order(a, b), strings.Compare(a.name, b.name), cmp.Compare(a.route, b.route))
	})
}

// byMethods is the order of entries of one path. The checks of a configuration
// see to it that no two share a method; were it otherwise, one that names its
// methods comes before one for all.
func byMethods(a, b entry) int {
	if (a.methods == nil) == (b.methods == nil) {
		return 0
	}
	return cmp.Compare(len(b.methods), len(a.methods))
}

func byLength(a, b entry) int { return cmp.Compare(len(b.key), len(a.key)) }

// merge is the sorted union of two sorted sets. It allocates only where the
// second adds something to the first, which it never changes.
func merge(a, b []string) []string {
	if a == nil {
		return b
	}
	for _, m := range b {
		if i, found := slices.BinarySearch(a, m); !found {
			a = slices.Insert(slices.Clip(a), i, m)
		}
	}
	return a
}
