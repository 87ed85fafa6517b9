package config

import "strings"

// What this build knows and checks, but cannot do yet. A line goes when what
// it names is built; nothing else has to change.

// unservedOf lists what makes a route answer 501.
var unservedOf = []struct {
	name string
	used func(*Route) bool
}{
}

// unservedBeside lists the tables and keys beside the routes that do nothing.
var unservedBeside = []struct {
	path []string
	used func(*Config) bool
}{
	{[]string{"server", "admin"}, func(c *Config) bool { return c.Server.Admin != "" }},
	{[]string{"log", "access"}, func(c *Config) bool { return c.Log.Access != "" }},
	{[]string{"alert"}, func(c *Config) bool { return c.Alert != nil }},
}

// warnUnserved fills in and warns of what each route cannot do, and warns of
// the tables.
func (d *decoder) warnUnserved(root *node, c *Config, nodes map[*Route]*node) {
	for _, u := range unservedBeside {
		if u.used(c) && d.room(true) {
			n := root
			for _, key := range u.path {
				n = n.Get(key)
			}
			d.place(true, n.KeyPos(), n.Path().String(), "", "this build cannot serve "+n.Path().String()+" yet")
		}
	}
	for _, r := range c.Routes {
		for _, u := range unservedOf {
			if u.used(r) {
				r.Unserved = append(r.Unserved, u.name)
			}
		}
		if len(r.Unserved) > 0 && r.Enabled {
			d.warnRoute(nodes[r], setting{}, "",
				": this build cannot serve "+strings.Join(r.Unserved, ", ")+" yet: the route answers 501")
		}
	}
}
