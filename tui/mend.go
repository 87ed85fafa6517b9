package tui

import (
	"context"
	"slices"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// settleMoving is how long a request is looked at before its upstream is asked:
// a person who moves on through the list asks nobody anything.
const settleMoving = 300 * time.Millisecond

// seekMends finds out what would mend the request.
func (d *detail) seekMends(m *model) {
	id := d.Row.ID
	m.later(settleMoving, func(m *model) {
		if d.Row.ID != id {
			return
		}
		record := d.Detail
		m.await(func(ctx context.Context) then {
			found := m.src.Proxy.Mends(ctx, record)
			return func(*model) {
				if d.Row.ID == id {
					d.mends = found
				}
			}
		})
	})
}

// addMends says what to do about the request.
func (d *detail) addMends(p *paper) {
	if len(d.mends) > 0 {
		p.heading("what to do")
		p.addMends(d.mends)
	}
}

func (p *paper) addMends(all []proxy.Mend) {
	told := false
	for i := range all {
		t := say(all[i].Words)
		if all[i].Acts() && !told {
			t, told = append(t, say("  ", calm, "m", " does it, after a question")...), true
		}
		p.add(t, 2)
		for _, line := range all[i].There {
			p.add(say("    ", calm, line), 6)
		}
		if !all[i].Acts() {
			p.addFacts(all[i].Facts)
		}
	}
}

func (p *paper) addFacts(facts []string) {
	for _, f := range facts {
		p.add(say("  "+f), 4)
	}
}

// mend leads to what would mend what the person looks at, as it is now.
func (m *model) mend() {
	src := m.src.Proxy
	switch m.scope() {
	case onRequests, inDetail:
		if d := m.looksAt(); d == nil {
			m.say(plain, "no request is selected")
		} else {
			record := d.Detail // the pane may be on another one by then
			m.seek(func(ctx context.Context) []proxy.Mend { return src.Mends(ctx, record) }, (*model).read)
		}
	case onRoutes:
		m.mendTarget(m.routes.cur.key, (*model).read)
	case onUpstreams:
		m.mendTarget(m.ups.cur.key, (*model).read)
	case onNow:
		m.now.open(m)
	}
}

// looksAt is the request that the person looks at, whole; nil for none. One in
// the list is not opened for it: that would ask its upstream beside whoever
// wants to know.
func (m *model) looksAt() *detail {
	d := m.requests.pane
	if m.scope() != onRequests {
		return d
	}
	row := m.requests.stream.selected()
	switch {
	case row == nil:
		return nil
	case d.shows(row):
		return d
	}
	return &detail{Detail: m.requests.stream.whole(row)}
}

// mendTarget leads to what would mend a route or an upstream; otherwise has what
// can only be read.
func (m *model) mendTarget(target string, otherwise func(*model, []proxy.Mend)) {
	if src := m.src.Proxy; target != "" {
		m.seek(func(ctx context.Context) []proxy.Mend { return src.MendsOf(ctx, target) }, otherwise)
	}
}

// seek looks for mends and offers them, unless the person went on meanwhile:
// nothing opens under somebody's fingers.
func (m *model) seek(look func(context.Context) []proxy.Mend, otherwise func(*model, []proxy.Mend)) {
	m.say(plain, "looking ...")
	at, top := m.lastKey, m.top()
	m.await(func(ctx context.Context) then {
		found := look(ctx)
		return func(m *model) {
			if m.lastKey.Equal(at) && m.top() == top && m.prompt == nil && m.ask == nil {
				m.offer(found, otherwise)
			}
		}
	})
}

// offer opens the review of the first that acts, or has the others read.
func (m *model) offer(all []proxy.Mend, otherwise func(*model, []proxy.Mend)) {
	m.notice = nil
	var acts []proxy.Mend
	for i := range all {
		if all[i].Acts() {
			acts = append(acts, all[i])
		}
	}
	switch {
	case len(acts) > 0 && m.locked:
		m.say(warn, acts[0].Words+"; editing is locked: L unlocks it")
	case len(acts) > 0:
		m.accept(acts)
	default:
		otherwise(m, all)
	}
}

// read shows what to do where nothing here can be edited.
func (m *model) read(all []proxy.Mend) {
	switch {
	case len(all) == 0:
		m.say(plain, "nothing is known that would mend it")
	case m.scope() == inDetail:
		m.say(plain, "nothing in "+m.facts.fileName()+" would mend it: what to do stands above")
	default:
		m.push(&sheet{title: "what to do", body: func(_ *model, p *paper) { p.addMends(all) }})
	}
}

// hint says the first of it in the footer.
func (m *model) hint(all []proxy.Mend) {
	if len(all) > 0 {
		m.say(warn, all[0].Words)
	}
}

// accept asks whether the first shall be done; the others wait behind m.
func (m *model) accept(all []proxy.Mend) {
	switch first := &all[0]; {
	case first.Lift.IsValid():
		m.askLift(clientPrefix(first.Lift))
	case first.Host != "":
		m.addRouteFor(first.Host)
	default:
		if base := m.editBase(); base != nil {
			m.review(&review{what: first.What, base: base, edit: first.Edit, mends: all})
		}
	}
}

// another offers the next of several mends in place of the one under review.
func (r *review) another(m *model) {
	if len(r.mends) > 1 && !r.applying {
		m.pop()
		m.accept(append(r.mends[1:len(r.mends):len(r.mends)], r.mends[0]))
	}
}

// hasAnother tells whether there is another mend than the one under review.
func (m *model) hasAnother() bool {
	r, ok := m.top().(*review)
	return ok && len(r.mends) > 1
}

// addWhy says why a mend is offered, and what to compare before y.
func (r *review) addWhy(p *paper) {
	if len(r.mends) > 0 {
		p.add(say(r.mends[0].Words), 2)
		p.addFacts(r.mends[0].Facts)
	}
}

// canMend tells whether the request that is looked at has a mend that acts.
func (m *model) canMend() bool {
	d, row := m.requests.pane, m.pointed()
	return row != nil && row.ID == d.Row.ID && slices.ContainsFunc(d.mends, func(one proxy.Mend) bool { return one.Acts() })
}

// addRouteFor opens a form for a new route of a host.
func (m *model) addRouteFor(host string) {
	if base := m.editBase(); base != nil {
		m.push(newFormFor(base, host))
	}
}

// newFormFor has the host filled in: that is nothing a person typed.
func newFormFor(base *config.Revision, host string) *form {
	f := newForm(base, "")
	f.field("host").input.set(quoted(host))
	f.deriveName()
	for _, fd := range f.fields {
		fd.first = fd.input.String()
	}
	f.focus("to")
	return f
}
