package config

import (
	"slices"
	"strings"
)

// Visitors says in words who may come in by the route, as far as allow decides,
// and where that is said.
func (r *Route) Visitors() string {
	from := ""
	if origin := r.Origins["allow"]; origin != "" && origin != "route" {
		from = ", from " + origin
	}
	if len(r.Allow) == 0 || slices.ContainsFunc(r.Allow, Network.Everybody) {
		return "everybody may come in" + from
	}
	names := make([]string, len(r.Allow))
	for i, n := range r.Allow {
		names[i] = n.Name
	}
	return "only " + strings.Join(names, " ") + " may come in" + from
}
