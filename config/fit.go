package config

import (
	"slices"
	"strings"
)

var (
	httpSchemes = []string{"http", "https", "h2c", "grpc", "grpcs", "builtin"}
	cgiSchemes  = []string{"fastcgi", "scgi", "uwsgi"}
	allSchemes  = slices.Concat(httpSchemes, cgiSchemes, []string{"memcached"})
)

// fits says what a key works with: schemes of upstreams, or actions. A key that
// is not here works with everything. The built-in takes what http takes, so
// that an upstream can be replaced by it for a look.
var fits = map[string][]string{
	"status":        {"redirect"},
	"root":          {"fastcgi"},
	"static":        {"fastcgi"},
	"index":         {"fastcgi"},
	"try_files":     {"fastcgi"},
	"memcached_key": {"memcached"},
	"fallback":      {"memcached"},
	"upstream_tls":  {"https", "grpcs"},
	"host_header":   slices.Concat(httpSchemes, cgiSchemes),

	"strip_prefix": append(slices.Clone(allSchemes), "files"),
	"rewrite":      append(slices.Clone(allSchemes), "files"),

	"balance":         allSchemes,
	"health":          allSchemes,
	"max_fails":       allSchemes,
	"fail_timeout":    allSchemes,
	"retry":           allSchemes,
	"timeout":         allSchemes,
	"request_headers": allSchemes,
	"wake_on_lan":     allSchemes,
}

// dropMisfits takes out the keys that do nothing with what the route does. A
// route's own is a problem; an inherited one is there for other routes.
func (d *decoder) dropMisfits(r *Route, all settings) {
	does := r.does()
	if does == nil {
		return // a problem elsewhere
	}
	for name, s := range all {
		users := fits[name]
		if users == nil || slices.ContainsFunc(does, func(a string) bool { return slices.Contains(users, a) }) {
			continue
		}
		if s.origin == "route" {
			d.atKey(s.node, fitHint(users), " does nothing with %s", does[0])
		}
		delete(all, name)
	}
}

// does is the route's action, or the schemes of its upstreams.
func (r *Route) does() (what []string) {
	for _, u := range r.To {
		what = append(what, u.Scheme)
	}
	switch {
	case r.Redirect != nil:
		what = append(what, "redirect")
	case r.Respond != nil:
		what = append(what, "respond")
	case r.Files != nil:
		what = append(what, "files")
	}
	return what
}

func fitHint(users []string) string {
	if len(users) > 3 {
		return "it belongs to a route with to"
	}
	return "it belongs to " + strings.Join(users, " and ")
}
