package match

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// builder gathers what a table will hold.
type builder struct {
	routes []Route
	nodes  []draft
	ids    map[edge]uint32
	hosts  map[uint32]string
	labels int
}

type edge struct {
	parent uint32
	text   string
}

// draft is a node that still grows.
type draft struct {
	node
	text        string
	exact       []entry
	slash       []entry
	below       []entry
	expressions []entry
}

// entry is a candidate as routes write it.
type entry struct {
	route    int32
	name     string
	path     string   // as written
	key      string   // as compared; of an expression its text
	methods  []string // sorted; nil: all
	rewrites bool
	re       *regexp.Regexp
}

func newBuilder(routes int) *builder {
	nodes := make([]draft, anyHost+1, int(anyHost)+1+routes)
	nodes[anyHost].leaf = true
	return &builder{
		nodes: nodes,
		ids:   make(map[edge]uint32, routes),
		hosts: map[uint32]string{anyHost: "*"},
	}
}

func (b *builder) add(i int32, r Route) error {
	e := entry{route: i, name: r.Name, rewrites: r.Rewrites}
	e.methods = slices.Compact(slices.Sorted(slices.Values(r.Methods)))
	paths := r.Paths
	if len(paths) == 0 {
		paths = []string{all}
	}
	for j, host := range r.Hosts {
		id, err := b.host(host)
		if err != nil {
			return err
		}
		r.Hosts[j] = b.hosts[id]
		b.nodes[id].byPath = b.nodes[id].byPath || r.Guarded
		for _, path := range paths {
			if err := b.path(id, path, e); err != nil {
				return fmt.Errorf("path %q: %w", path, err)
			}
		}
	}
	b.routes = append(b.routes, r)
	return nil
}

// host returns the node of a host as a route writes it.
func (b *builder) host(host string) (uint32, error) {
	if host == "*" {
		return anyHost, nil
	}
	name, isWild := strings.CutPrefix(host, "*.")
	normal, ok := NormalHost(nil, []byte(name))
	if !ok || len(normal) == 0 {
		return 0, fmt.Errorf("host %q is neither a name nor an address", host)
	}
	if !isWild {
		id := b.child(exactHosts, string(normal))
		b.hosts[id] = string(normal)
		return id, nil
	}
	id := b.child(wildcards, string(normal))
	b.hosts[id] = "*." + string(normal)
	b.labels = max(b.labels, 1+strings.Count(string(normal), "."))
	return id, nil
}

// path puts an entry under a host and a path.
func (b *builder) path(host uint32, path string, e entry) (err error) {
	e.path = path
	b.nodes[host].parameters = b.nodes[host].parameters || strings.Contains(path, ";")
	if text, ok := strings.CutPrefix(path, "~"); ok {
		// The dot takes line ends too, or an escaped one would hide a path.
		e.key = text
		e.re, err = regexp.Compile("(?s:" + text + ")")
		h := &b.nodes[host]
		h.expressions, h.byPath, h.hasExpression = append(h.expressions, e), true, true
		return err
	}
	literal, isBelow := strings.CutSuffix(path, "/*")
	if e.key, err = literalKey(literal, isBelow); err != nil {
		return err
	}
	trimmed, isSlash := strings.CutSuffix(e.key, "/")
	n := &b.nodes[b.grow(host, trimmed)]
	switch {
	case isBelow:
		n.below = append(n.below, e)
	case isSlash:
		n.slash = append(n.slash, e)
	default:
		n.exact = append(n.exact, e)
	}
	h := &b.nodes[host]
	h.byPath = h.byPath || trimmed != "" || !isBelow
	return nil
}

// literalKey brings a path of a route to the form it is compared in.
func literalKey(literal string, isBelow bool) (string, error) {
	if isBelow {
		literal += "/"
	}
	switch {
	case !strings.HasPrefix(literal, "/"):
		return "", errors.New(`it begins neither with a slash nor with "~"`)
	case !isBelow && strings.HasSuffix(literal, "*"):
		return "", errors.New(`it ends with a star: write "/x/*" for everything below /x/`)
	}
	var scratch []byte
	s := judge([]byte(literal), &scratch)
	if s.climbs {
		return "", errors.New("it climbs above the root")
	}
	if s.refusal != "" {
		return "", fmt.Errorf("such a request is refused: %s", s.refusal)
	}
	return string(s.key), nil
}

// grow returns the node of a path without final slash.
func (b *builder) grow(id uint32, path string) uint32 {
	for len(path) > 0 {
		segment, _, _ := strings.Cut(path[1:], "/")
		id = b.child(id, segment)
		path = path[1+len(segment):]
	}
	return id
}

func (b *builder) child(parent uint32, text string) uint32 {
	id, ok := b.ids[edge{parent, text}]
	if !ok {
		id = uint32(len(b.nodes))
		b.ids[edge{parent, text}] = id
		b.nodes = append(b.nodes, draft{node: node{parent: parent, leaf: true}, text: text})
		b.nodes[parent].leaf = false
	}
	return id
}
