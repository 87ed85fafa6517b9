package config

import (
	"cmp"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// actions are the keys that say what a route does; one of them acts.
var actions = []string{"to", "redirect", "respond", "files"}

func isAction(name string) bool { return slices.Contains(actions, name) }

func (s settings) acts() bool {
	return slices.ContainsFunc(actions, func(a string) bool { _, ok := s[a]; return ok })
}

// oneAction notes a table that says to do two things.
func (d *decoder) oneAction(n *node, s settings) {
	var said []string
	for _, name := range n.Keys() {
		if _, ok := s[name]; ok && isAction(name) {
			said = append(said, name)
		}
	}
	if len(said) > 1 {
		d.ofKey(n, said[1], "keep one", " has "+strings.Join(said, " and ")+": only one can act")
	}
}

// readRoutes reads every [route.NAME] and gives where each stands.
func (d *decoder) readRoutes(root *node, c *Config) {
	nodes := map[*Route]*node{}
	weight := 0
	d.named(root, "route", func(name string, n *node) {
		if weight > maxRouteWeight {
			return
		}
		r := d.route(name, n)
		if weight += r.weight(); weight > maxRouteWeight {
			d.atKey(n, "", ": hosts times paths times methods of all routes are more than %d", maxRouteWeight)
			return
		}
		nodes[r] = n
		c.Routes = append(c.Routes, r)
	})
	if !d.mayBeLost("preset", "defaults") { // paths may stand there
		d.checkOverlaps(c.Routes, nodes)
		d.checkCerts(c, nodes)
	}
	d.checkFallbacks(c.Routes, nodes)
	slices.SortFunc(c.Routes, func(a, b *Route) int { return cmp.Compare(a.Name, b.Name) })
}

// route reads one route and applies what it inherits.
func (d *decoder) route(name string, n *node) *Route {
	own := d.settings(n, "route")
	all := d.inherit(own)
	r := defaultRoute()
	r.Name, r.Line = name, n.KeyPos().Line
	r.apply(all, isAction)
	if len(r.To) > 0 && r.To[0].Scheme == "fastcgi" {
		r.fastCGI()
	}
	if len(r.To) > 0 && r.To[0].Scheme == "memcached" {
		r.memcached()
	}
	d.dropMisfits(r, all)
	r.apply(all, func(name string) bool { return !isAction(name) })
	if knows(own, n) || len(n.Keys()) == 0 { // else it is [route.www.example]
		d.checkComplete(n, all)
	}
	d.checkRoute(n, r, all)
	return r
}

// apply stores the settings that which picks. They do not depend on each
// other's order: no two write the same field.
func (r *Route) apply(s settings, which func(string) bool) {
	for name, v := range s {
		if !which(name) {
			continue
		}
		r.Origins[name] = v.origin
		if v.store != nil {
			v.store(r)
		}
	}
}

// knows tells whether a table says any key under its right name.
func knows(own settings, n *node) bool {
	return slices.ContainsFunc(n.Keys(), func(key string) bool { _, ok := own[key]; return ok })
}

func (d *decoder) checkComplete(n *node, all settings) {
	if d.mayBeLost("preset", "defaults") {
		return // they may say it
	}
	if _, ok := all["host"]; !ok {
		d.ofKey(n, "host", `host = "*" is any host`, " has no host")
	}
	if !all.acts() {
		d.ofKey(n, "to", "", " has none of "+strings.Join(actions, ", "))
	}
}

// checkRoute judges what only several keys together tell.
func (d *decoder) checkRoute(n *node, r *Route, all settings) {
	if cert := all["cert"]; r.Cert == "local" {
		if i := slices.IndexFunc(r.Hosts, func(h string) bool { return !isHome(h) }); i >= 0 {
			d.bad(cert.node, "local is for "+strings.Join(homeSuffixes, ", ")+" and private addresses",
				"the local authority does not sign %s", quote(r.Hosts[i]))
		}
	}
	if cert := all["cert"]; r.Cert == "acme" && !d.hasACME && !d.mayBeLost("acme") {
		d.bad(cert.node, "", `"acme" needs an [acme] table`)
	}
	if slices.Contains(r.Hosts, "*") && r.HostHeader == "client" && len(r.To) > 0 && family(r.To[0].Scheme) == "http" {
		d.warnRoute(n, all["host"], `host_header = "upstream" sends the upstream's name`,
			`: host "*" with host_header "client" lets a visitor choose the Host that the upstream sees`)
	}
	if r.FastCGI != nil && r.FastCGI.Root != "" && r.FastCGI.Static == "" { // without a root it is no PHP
		d.warnRoute(n, all["to"], "static is this side's copy of the root",
			": without static style sheets and pictures go to PHP too, or need a route of their own")
	}
	d.checkHealth(r, all["health"])
}

// warnRoute warns of a route at the setting that is the reason, if it is the
// route's own.
func (d *decoder) warnRoute(n *node, reason setting, hint, message string) {
	if !d.room(true) {
		return
	}
	pos := n.KeyPos()
	if reason.origin == "route" {
		pos = reason.node.Pos()
	}
	d.about(true, n, pos, hint, message)
}

// checkHealth refuses what only HTTP can ask: the others have a ping of their
// own, or a connect.
func (d *decoder) checkHealth(r *Route, health setting) {
	if r.Health == nil || len(r.To) == 0 || health.node.Kind() != tomldoc.Table && health.node.Kind() != tomldoc.InlineTable {
		return
	}
	scheme := r.To[0].Scheme
	if slices.Contains([]string{"http", "https", "h2c", "builtin"}, scheme) || health.origin != "route" {
		return
	}
	for _, name := range []string{"path", "expect"} {
		if kid := health.node.Get(name); kid != nil {
			d.atKey(kid, "it belongs to http, https and h2c", " does not fit %s", scheme)
		}
	}
}
