package config

import (
	"slices"
	"strings"
)

// checkFallbacks notes circles of fallbacks, and fallbacks that are switched
// off.
func (d *decoder) checkFallbacks(routes []*Route, nodes map[*Route]*node) {
	byName := map[string]*Route{}
	for _, r := range routes {
		byName[r.Name] = r
	}
	checked := map[*Route]bool{}
	for _, r := range routes {
		var chain []*Route
		for next := r; next != nil; next = byName[next.fallback()] {
			if i := slices.Index(chain, next); i >= 0 {
				d.circle(chain[i:], nodes)
				break
			}
			if checked[next] {
				break
			}
			checked[next] = true
			chain = append(chain, next)
		}
		if to := byName[r.fallback()]; to != nil && !to.Enabled {
			d.warnRoute(nodes[r], setting{}, "", ": its fallback route."+to.Name+" is not enabled")
		}
	}
}

func (r *Route) fallback() string {
	if r.Memcached == nil {
		return ""
	}
	return r.Memcached.Fallback
}

func (d *decoder) circle(chain []*Route, nodes map[*Route]*node) {
	const shown = 8
	names := make([]string, 0, shown+1)
	for _, r := range chain[:min(len(chain), shown)] {
		names = append(names, r.Name)
	}
	if len(chain) > shown {
		names = append(names, "…")
	}
	names = append(names, chain[0].Name)
	at := nodes[chain[0]]
	if own := at.Get("fallback"); own != nil {
		at = own
	}
	d.bad(at, "", "the fallbacks go in a circle: %s", strings.Join(names, " → "))
}
