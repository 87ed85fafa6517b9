package config

import (
	"iter"
	"net/url"
	"strings"
)

// claim is what routes are told apart by: one host and one path. Where they
// differ, the more specific wins and nothing overlaps.
type claim struct{ host, path string }

// holders are the routes that took a claim.
type holders struct {
	every    *Route // for every method
	byMethod map[string]*Route

	first       *Route // the first in byMethod
	firstMethod string
}

// checkOverlaps notes each route that takes requests of a route above it, once
// a pair. It takes time linear in what weight counts.
func (d *decoder) checkOverlaps(routes []*Route, nodes map[*Route]*node) {
	taken := map[claim]*holders{}
	for _, r := range routes {
		if !r.Enabled {
			continue
		}
		noted := map[*Route]bool{}
		for c, path := range r.claims() {
			if taken[c] == nil {
				taken[c] = &holders{}
			}
			other, method := taken[c].take(r)
			if other == nil || noted[other] {
				continue
			}
			noted[other] = true
			d.atKey(nodes[r], "change a host, a path or the methods",
				" (line %d) takes the same requests as route.%s (line %d): host %s, path %s, %s",
				r.Line, other.Name, other.Line, c.host, path, method)
		}
	}
}

// claims pairs the hosts with the paths, which it gives as written too. No path
// at all is the path /*.
func (r *Route) claims() iter.Seq2[claim, string] {
	paths := r.Paths
	if len(paths) == 0 {
		paths = []string{"/*"}
	}
	return func(yield func(claim, string) bool) {
		for _, path := range paths {
			key := pathKey(path)
			for _, host := range r.Hosts {
				if !yield(claim{host, key}, path) {
					return
				}
			}
		}
	}
}

// pathKey is what two spellings of a path have in common: escapes do not matter
// to matching.
func pathKey(path string) string {
	if key, err := url.PathUnescape(path); err == nil && !strings.HasPrefix(path, "~") {
		return key
	}
	return path
}

// maxRouteWeight bounds the work that a small text can ask for by lists that are
// multiplied or inherited.
const maxRouteWeight = 1_000_000

// weight is what a route costs to check and to match.
func (r *Route) weight() int {
	return len(r.Hosts)*max(1, len(r.Paths))*max(1, len(r.Methods)) + len(r.To)
}

// take gives the claim to r, or says which route holds it and for what.
func (h *holders) take(r *Route) (other *Route, method string) {
	if other, method = h.holder(r.Methods); other != nil {
		return other, method
	}
	if len(r.Methods) == 0 {
		h.every = r
		return nil, ""
	}
	if h.first == nil {
		h.first, h.firstMethod, h.byMethod = r, r.Methods[0], map[string]*Route{}
	}
	for _, m := range r.Methods {
		h.byMethod[m] = r
	}
	return nil, ""
}

// holder finds who has one of the methods; none named are all.
func (h *holders) holder(methods []string) (*Route, string) {
	switch {
	case len(methods) == 0 && h.every != nil:
		return h.every, "every method"
	case len(methods) == 0 && h.first != nil:
		return h.first, "method " + h.firstMethod
	case len(methods) > 0 && h.every != nil:
		return h.every, "method " + methods[0]
	}
	for _, m := range methods {
		if other := h.byMethod[m]; other != nil {
			return other, "method " + m
		}
	}
	return nil, ""
}
