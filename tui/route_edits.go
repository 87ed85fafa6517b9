package tui

import (
	"strings"

	"forge.home.arpa/portico/config"
)

// addRoute opens a form for a new route.
func (m *model) addRoute() {
	if base := m.facts.revision; base != nil {
		m.push(newForm(base, ""))
	}
}

// addNamed opens the review of a new route at once, or its form when nothing
// is said of it.
func (m *model) addNamed(ws []string) {
	base := m.facts.revision
	switch {
	case base == nil:
		return
	case len(ws) == 0:
		m.show(m.routes)
		m.addRoute()
		return
	case len(ws) == 1:
		m.say(bad, "say a host and an upstream: add photos.home.lan nas:2342")
		return
	}
	m.show(m.routes)
	f := newForm(base, "")
	f.field("host").input.set(ws[0])
	f.field("to").input.set(strings.Join(ws[1:], " "))
	f.deriveName()
	m.push(f)
	f.open(m)
}

// editRoute opens a form for a route.
func (m *model) editRoute(name string) {
	base := m.facts.revision
	if base == nil || base.Config.Route(name) == nil {
		m.say(warn, "no route is called "+dash(name))
		return
	}
	m.show(m.routes)
	m.push(newForm(base, name))
}

// toggleRoute switches the route under the cursor.
func (m *model) toggleRoute() {
	name := m.routes.cur.key
	if r := m.facts.route(name); r != nil {
		m.switchRoute(name, !r.Enabled)
	}
}

// switchRoute reviews switching a route off, or on again.
func (m *model) switchRoute(name string, on bool) {
	what := "switch off route " + name
	if on {
		what = "switch on route " + name
	}
	m.edit(name, what, func(f *config.File) error { return f.Set(on, "route", name, "enabled") })
}

// deleteRoute reviews taking a route out of the file.
func (m *model) deleteRoute(name string) {
	m.edit(name, "delete route "+name, func(f *config.File) error { return f.Delete("route", name) })
}

func (m *model) edit(name, what string, edit func(*config.File) error) {
	base := m.facts.revision
	if base == nil || base.Config.Route(name) == nil {
		m.say(warn, "no route is called "+name)
		return
	}
	m.review(&review{what: what, base: base, edit: edit})
}
