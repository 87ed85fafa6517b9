package match

import (
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
)

// Route is what the matcher needs to know of a route.
type Route struct {
	Name     string
	Hosts    []string // lower-case A-labels: "a.example", "*.example.com", "*"; none: never matched
	Paths    []string // "/x", "/x/*", "~regexp"; empty: all
	Methods  []string // upper case; empty: all
	Guarded  bool     // a guard of it looks at the path, which must then have one reading
	Rewrites bool     // it strips a prefix or rewrites, so it works on the judged path
}

// all is the path of a route that names none.
const all = "/*"

// Table finds routes. It never changes.
//
// It is one tree: hosts are the children of two nodes, one for exact names and
// one for wildcards, and the segments of paths are the children of hosts. All
// of it lies in a few arrays without pointers, with one hash index for all
// edges, because what a lookup among ten thousand routes costs is cache
// misses: maps of maps took five to nine times as long as with ten routes.
type Table struct {
	seed       maphash.Seed
	slots      []slot // the index; a power of two
	nodes      []node
	text       []byte // of all nodes
	candidates []candidate
	methods    [][]string // the lists that candidates name; the first is for all
	labels     int        // of the longest wildcard

	// What few lookups need.
	expressions map[uint32][]expression // by host, the longest first
	routes      []Route
	hosts       map[uint32]string // as written: "*.example.com"
	paths       []string          // as written, by candidate
}

// The first nodes. None is anyone's child, so zero also says: no such child.
const (
	exactHosts uint32 = iota
	wildcards
	anyHost
)

type slot struct{ hash, node uint32 } // node zero: free

// node is a host or a segment of a path. Its candidates lie in one row.
type node struct {
	parent        uint32 // zero for hosts
	text, size    uint32
	exact         uint32 // first candidate for "/x", at the node x
	slash         uint32 // first for "/x/"
	below         uint32 // first for "/x/*"; at a host, for all paths
	end           uint32
	leaf          bool // it has no children
	byPath        bool // of a host: some route is not for all paths, or guarded
	hasExpression bool // of a host
	parameters    bool // of a host: some path has a semicolon, so they are meant
}

// candidate is a route under one host and one path.
type candidate struct {
	route    int32
	methods  uint32 // index into the lists of the table
	rewrites bool
}

type expression struct {
	re        *regexp.Regexp
	candidate uint32
}

// New compiles a table. An error names the route and what of it cannot be
// used: a host, a path, a regular expression.
func New(routes []Route) (*Table, error) {
	b := newBuilder(len(routes))
	for i, r := range routes {
		r.Hosts, r.Paths, r.Methods = slices.Clone(r.Hosts), slices.Clone(r.Paths), slices.Clone(r.Methods)
		if err := b.add(int32(i), r); err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Name, err)
		}
	}
	return b.table(), nil
}
