package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Reason is one route of the table and why it was chosen or not. What Why
// quotes of the request is short and printable ASCII, however it was spelled.
type Reason struct {
	Route   int
	Matched bool
	Why     string
}

// account is what explain knows of one request.
type account struct {
	table   *Table
	request *request
	result  Result
	won     choice
	levels  []string // hosts of the table that fit
	fits    []fit    // by route
}

// fit is the most specific way in which a route fitted host and path.
type fit struct {
	fitted    bool
	candidate uint32
	host      uint32
	kind      kind
}

// explain walks the same candidates as choose, to the end, and says of each
// route what happened to it.
func (t *Table) explain(q *request, r Result, won choice) []Reason {
	a := account{table: t, request: q, result: r, won: won, fits: make([]fit, len(t.routes))}
	t.levels(q.host, func(host uint32) bool {
		a.levels = append(a.levels, t.hosts[host])
		return r.Verdict == BadPath || t.each(host, q.key, func(candidate uint32, k kind, _ int) bool {
			if f := &a.fits[t.candidates[candidate].route]; !f.fitted {
				*f = fit{true, candidate, host, k}
			}
			return true
		})
	})
	reasons := make([]Reason, 0, len(t.routes))
	for i := range t.routes {
		reasons = append(reasons, Reason{Route: i, Matched: i == r.Route, Why: a.why(i)})
	}
	slices.SortStableFunc(reasons, func(x, y Reason) int { return cmp.Compare(a.rank(x), a.rank(y)) })
	return reasons
}

func (a *account) rank(r Reason) int {
	switch {
	case r.Matched:
		return 0
	case a.hostFits(r.Route):
		return 1
	}
	return 2
}

func (a *account) hostFits(route int) bool {
	return slices.ContainsFunc(a.table.routes[route].Hosts, func(host string) bool {
		return slices.Contains(a.levels, host)
	})
}

func (a *account) why(i int) string {
	route, f := a.table.routes[i], a.fits[i]
	switch {
	case len(route.Hosts) == 0:
		return "it has no host"
	case !a.hostFits(i):
		return fmt.Sprintf("host %s is not %s", shown(a.request.host), list(route.Hosts, " or "))
	case a.result.Verdict == BadPath:
		return "path refused: " + a.result.Bad
	case !f.fitted:
		return fmt.Sprintf("path %s is not %s", shown(a.result.Path), list(described(route.Paths), " nor "))
	case !a.table.allows(f.candidate, a.request.method):
		return fmt.Sprintf("method %s is not %s", shown(a.request.method), list(route.Methods, " or "))
	case i == a.result.Route:
		return fmt.Sprintf("host %s, %s", a.table.hosts[f.host], a.manner(f))
	}
	return fmt.Sprintf("route %s %s", a.table.routes[a.result.Route].Name, a.precedes(f))
}

// manner says how the path of the winner fitted.
func (a *account) manner(f fit) string {
	path := a.table.paths[f.candidate]
	switch {
	case f.kind == exactly:
		return "exact path " + path
	case f.kind == slashless:
		return fmt.Sprintf("path %s lacks the slash of %s", shown(a.result.Path), path)
	case path == all:
		return "all paths"
	}
	return "path " + describe(path)
}

// precedes says why the winner comes before another that fits as well.
func (a *account) precedes(f fit) string {
	won, path := a.won, a.table.paths[f.candidate]
	wonPath := a.table.paths[won.candidate]
	switch {
	case f.host != won.host:
		return "is more specific: host " + a.table.hosts[won.host]
	case path == wonPath && a.table.candidates[f.candidate].methods == 0:
		return "is more specific: it names its methods"
	case path == wonPath, f.kind == pattern && len(path) == len(wonPath):
		return "comes first by name"
	case won.kind == exactly:
		return "is more specific: exact path " + wonPath
	case won.kind == pattern && f.kind == pattern:
		return "is more specific: longer regexp " + wonPath
	case won.kind == pattern:
		return "is more specific: regexp " + wonPath
	}
	return "is more specific: longer prefix " + wonPath
}

func described(paths []string) []string {
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = describe(p)
	}
	return words
}

// describe completes "the path is …".
func describe(path string) string {
	if strings.HasPrefix(path, "~") {
		return "matched by " + path
	}
	if prefix, ok := strings.CutSuffix(path, "*"); ok {
		return "below " + prefix
	}
	return path
}

// list joins what a person can read of many words.
func list(words []string, last string) string {
	const most = 4
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d others", len(words)-most))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + last + words[end]
}

// shown makes text from the network fit for a screen and a log line.
func shown(text []byte) string {
	const most = 120
	var b strings.Builder
	for _, c := range text[:min(len(text), most)] {
		if c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if len(text) > most {
		b.WriteString("...")
	}
	if len(text) == 0 {
		return "(empty)"
	}
	return b.String()
}
