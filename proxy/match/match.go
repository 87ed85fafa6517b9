// Package match owns the decision which route a request belongs to, and the
// form of the path that decision was made on.
//
// It is pure: a Table is compiled once, never changes, is safe for concurrent
// use, and the same call gives traffic its route and a person the reasons. It
// deliberately does not know config, HTTP messages, guards or what a route
// does.
//
// # What is compared
//
// Two forms of a path matter. The judged path has its unreserved escapes
// decoded once, its slashes merged and its dot segments removed; it is what
// the upstream receives. What routes are compared with is that path with the
// remaining escapes decoded as well: most servers take /Special%3ALogin for
// /Special:Login, so a guard on one must hold for the other. The paths of
// routes, written with escapes or without, are brought to the same form.
// Regular expressions see it too, and their dot takes every byte, a decoded
// line end included.
//
// # Methods
//
// A route for GET answers HEAD too (RFC 9110, 9.3.2), unless another route of
// the same host and path names HEAD itself. OPTIONS is never implied.
package match

import "bytes"

// Verdict says what is to be done with a request.
type Verdict uint8

const (
	Found        Verdict = iota
	AddSlash             // the path is the "/x" of a route for "/x/*": answer 308 to it with a slash
	NoRoute              // 404
	MethodMissed         // 405, with Allow
	BadPath              // 400
)

func (v Verdict) String() string {
	return [...]string{"found", "add slash", "no route", "method missed", "bad path"}[v]
}

// Result is the answer to one request.
type Result struct {
	Verdict Verdict
	Route   int      // index into the routes given to New, with Found and AddSlash; else -1
	Judged  bool     // the upstream must receive Path rather than the spelling received
	Path    []byte   // the judged path, or the one given with BadPath; valid until the next use of scratch
	Prefix  int      // with a route for "/x/*" the length of "/x" in Path; else 0
	Allow   []string // with MethodMissed: what would do, sorted; never modify it
	Bad     string   // with BadPath: why, for the owner, not for the visitor
}

// Match finds the route for a host (lower-case, without port or final dot, as
// NormalHost gives it), a path as received (without query, beginning with a
// slash, or "*" as OPTIONS sends it) and a method. The scratch buffer is the
// caller's, one for each goroutine; it is made to hold up to five times the
// length of an odd path and is kept.
//
// With reasons, it also gives one reason for each route of the table: the
// winner first, then the routes of this host, then the others. They are for
// people, and collecting them allocates.
func (t *Table) Match(host, path, method []byte, scratch *[]byte, reasons *[]Reason) Result {
	q := request{host: host, method: method}
	r, won := t.match(&q, path, scratch)
	if reasons != nil {
		*reasons = t.explain(&q, r, won)
	}
	return r
}

// request is what is being matched; key is the form routes are compared with.
type request struct {
	host, key, method []byte
}

func (t *Table) match(q *request, path []byte, scratch *[]byte) (Result, choice) {
	star := len(path) == 1 && path[0] == '*'
	if !star && (len(path) == 0 || path[0] != '/') {
		return bad(path, "does not begin with a slash"), choice{}
	}
	s := spelling{path: path, key: path}
	if !star {
		s = judge(path, scratch)
	}
	if s.climbs {
		return bad(path, "climbs above the root"), choice{}
	}
	q.key = s.key
	won := t.choose(q)
	if won.strict && s.refusal != "" {
		return bad(path, s.refusal), choice{}
	}
	r := Result{Verdict: NoRoute, Route: -1, Path: s.path, Judged: won.strict && !star}
	if !won.found {
		if won.missed {
			r.Verdict, r.Allow = MethodMissed, t.allow(q)
		}
		return r, won
	}
	c := t.candidates[won.candidate]
	if won.strict && s.parameters && !won.parameters && t.otherwise(q, s, scratch) != c.route {
		return bad(path, "semicolon hides another route"), choice{}
	}
	r.Verdict, r.Route = Found, int(c.route)
	if won.kind == slashless {
		r.Verdict = AddSlash
	}
	r.Judged = (won.strict || c.rewrites) && !star
	r.Prefix = spelledLength(s.path, won.prefix)
	return r, won
}

func bad(path []byte, why string) Result {
	return Result{Verdict: BadPath, Route: -1, Path: path, Bad: why}
}

// otherwise is the route of the same request as servers in Java read it: they
// take ";…" off each segment before they look at the path, so /admin;x/ is
// their /admin/. Where that is another route, no one knows whose guards hold.
func (t *Table) otherwise(q *request, s spelling, scratch *[]byte) int32 {
	q2 := *q
	q2.key = s.bare(scratch)
	if won := t.choose(&q2); won.found {
		return t.candidates[won.candidate].route
	}
	return -1
}

// choice is the candidate that was chosen and what was seen on the way to it.
type choice struct {
	found      bool
	candidate  uint32
	host       uint32 // where it was found
	kind       kind
	prefix     int  // length of the matched prefix in the key
	missed     bool // some path fitted, its methods did not
	strict     bool // a host that was asked has a route by path
	parameters bool // a host that was asked has a route with a semicolon
}

// choose asks the levels of the host, the most specific first, for the first
// candidate that fits.
func (t *Table) choose(q *request) (won choice) {
	t.levels(q.host, func(host uint32) bool {
		won.strict = won.strict || t.nodes[host].byPath
		won.parameters = won.parameters || t.nodes[host].parameters
		return t.each(host, q.key, func(candidate uint32, k kind, prefix int) bool {
			if !t.allows(candidate, q.method) {
				won.missed = true
				return true
			}
			won.found, won.candidate, won.host, won.kind, won.prefix = true, candidate, host, k, prefix
			return false
		})
	})
	return won
}

// levels calls visit with what the table has for a host, the most specific
// first, until visit returns false. A host of many labels costs no more than
// the longest wildcard has labels.
func (t *Table) levels(host []byte, visit func(host uint32) bool) {
	if id := t.child(exactHosts, host); id != 0 && !visit(id) {
		return
	}
	for at := lastLabels(host, t.labels); at >= 0; {
		if at > 0 {
			if id := t.child(wildcards, host[at+1:]); id != 0 && !visit(id) {
				return
			}
		}
		next := bytes.IndexByte(host[at+1:], '.')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	visit(anyHost)
}

// lastLabels is the position of the dot before the last n labels, or of the
// first dot where there are fewer; -1 without any.
func lastLabels(host []byte, n int) int {
	at := len(host)
	for range n {
		before := bytes.LastIndexByte(host[:at], '.')
		if before < 0 {
			break
		}
		at = before
	}
	if at == len(host) {
		return -1
	}
	return at
}

// allow is the union of the methods that would have done.
func (t *Table) allow(q *request) (union []string) {
	t.levels(q.host, func(host uint32) bool {
		return t.each(host, q.key, func(candidate uint32, _ kind, _ int) bool {
			union = merge(union, t.methods[t.candidates[candidate].methods])
			return true
		})
	})
	return union
}
