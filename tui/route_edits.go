package tui

import (
	"errors"
	"strconv"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/record"
)

// editBase is what an edit begins from; nil, with the reason said, where there is
// nothing to edit.
func (m *model) editBase() *config.Revision {
	var ps config.Problems
	switch err := m.facts.noBase; {
	case errors.As(err, &ps):
		m.say(bad, m.facts.fileName()+" is no TOML: mend it with an editor, a save applies by itself: "+lineOf(ps[0]))
	case err != nil:
		m.sayError(err)
	}
	return m.facts.base
}

// baseWith is editBase where that has the route, as the file spells it.
func (m *model) baseWith(route string) *config.Revision {
	base := m.editBase()
	if base == nil {
		return nil
	}
	if _, there := spell(base.Text).Route[route]; !there {
		m.say(warn, "no route is called "+dash(route))
		return nil
	}
	return base
}

// addRoute opens a form for a new route; before a request that found none, for
// its host.
func (m *model) addRoute() {
	row := m.pointed()
	base := m.editBase()
	if base == nil {
		return
	}
	if row != nil && row.Route == "" && row.Host.String() != "" {
		m.push(newFormFor(base, row.Host.String()))
		return
	}
	m.push(newForm(base, ""))
}

// pointed is the request that the person looks at; nil for none.
func (m *model) pointed() *record.Row {
	switch m.scope() {
	case onRequests:
		return m.requests.stream.selected()
	case inDetail:
		return &m.requests.pane.Row
	}
	return nil
}

// addNamed opens the review of a new route at once, or its form when nothing
// is said of it.
func (m *model) addNamed(ws []string) {
	switch {
	case len(ws) == 0:
		m.addRoute()
		return
	case len(ws) == 1:
		m.say(bad, "say a host and an upstream: add photos.home.lan nas:2342")
		return
	}
	base := m.editBase()
	if base == nil {
		return
	}
	m.show(m.routes)
	f := newForm(base, "")
	f.field("host").input.set(quoted(ws[0]))
	f.field("to").input.set(joined(ws[1:]))
	f.deriveName()
	f.tests.touched = true
	m.push(f)
	f.open(m)
}

// editRoute opens a form for a route.
func (m *model) editRoute(name string) {
	base := m.baseWith(name)
	if base == nil {
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
	base := m.baseWith(name)
	if base == nil {
		return
	}
	m.review(&review{what: what, base: base, edit: edit})
}

// setKey reviews giving any key of the file another value, or taking it away
// where none is said: "set server.https :443".
func (m *model) setKey(ws []string) {
	if len(ws) == 0 {
		m.say(bad, "say a key and its value: set server.https :443")
		return
	}
	base := m.editBase()
	if base == nil {
		return
	}
	path := strings.Split(ws[0], ".")
	if family := path[0]; family == "route" && (len(path) < 3 || spell(base.Text).Route[path[1]] == nil) {
		m.say(warn, "say a key of a route that is there: set route.NAME.plain_http serve")
		return
	}
	m.review(&review{what: "change " + ws[0], base: base, edit: func(f *config.File) error {
		if len(ws) == 1 {
			return f.Delete(path...)
		}
		return f.Set(valueOf(ws[1:]), path...)
	}})
}

// valueOf is what words say: a truth value or a number where it is one, a list
// where they are several.
func valueOf(ws []string) any {
	if len(ws) > 1 {
		list := make([]any, len(ws))
		for i, w := range ws {
			list[i] = w
		}
		return list
	}
	if n, err := strconv.ParseInt(ws[0], 10, 64); err == nil {
		return n
	}
	if b, err := strconv.ParseBool(ws[0]); err == nil && len(ws[0]) > 1 {
		return b
	}
	return ws[0]
}
