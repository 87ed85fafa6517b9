package config

import "maps"

// setting is a key of a route as one table of the text says it.
type setting struct {
	node   *node
	store  func(*Route) // nil after a problem
	origin string       // "route", "preset NAME" or "defaults"
}

// settings are the keys of one table, or of a route with all it inherits.
type settings map[string]setting

// readPresets reads [preset.NAME] and [defaults]. All names of presets are
// known before any value is read, so that defaults may use them.
func (d *decoder) readPresets(root *node) {
	d.presets = map[string]settings{}
	for name := range children(root, "preset") {
		d.presets[name] = nil
	}
	d.named(root, "preset", func(name string, n *node) {
		if use := n.Get("use"); use != nil {
			d.atKey(use, "a route may use several", " cannot stand in a preset")
		}
		d.presets[name] = d.settings(n, "preset "+name)
	})
	if n := d.tableAt(root, "defaults"); n != nil {
		d.defaults = d.settings(n, "defaults")
	}
}

// settings reads a table with the keys of a route.
func (d *decoder) settings(n *node, origin string) settings {
	s := settings{}
	for _, name := range n.Keys() {
		key, known := routeKeys[name]
		if !known {
			d.unknown(n, name, keysOf(routeKeys))
			continue
		}
		kid := n.Get(name)
		s[name] = setting{kid, key.read(d, kid), origin}
	}
	for _, name := range d.misnamed[n] {
		if _, there := s[name]; !there && (name == "host" || isAction(name)) {
			s[name] = setting{node: n, origin: origin} // no route has to miss it
		}
	}
	d.oneAction(n, s)
	return s
}

// inherit puts what a route uses under its own keys. A key is taken whole, from
// the first that has it: the route, its presets in the order they are named,
// the defaults. The four actions count as one key: a route that redirects
// inherits no upstreams.
func (d *decoder) inherit(own settings) settings {
	use, said := own["use"]
	if !said {
		use = d.defaults["use"]
	}
	var r Route
	if use.store != nil {
		use.store(&r)
	}
	all := maps.Clone(own)
	for _, name := range r.Use {
		all.under(d.presets[name])
	}
	all.under(d.defaults)
	return all
}

// under adds the keys of lower that are not taken.
func (s settings) under(lower settings) {
	acts := s.acts()
	for name, v := range lower {
		if _, taken := s[name]; !taken && !(acts && isAction(name)) {
			s[name] = v
		}
	}
}
