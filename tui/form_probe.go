package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// climb is the test of what a form says of its upstreams. A console has one at
// a time: a newer one ends it, and begins when it has ended.
type climb struct {
	form   *form              // whose it is
	cancel context.CancelFunc // nil where none is under way
	next   *form              // who asked meanwhile
	began  time.Time
}

// tests are what the climbs of a form found.
type tests struct {
	touched bool   // what is in the field was typed by a person
	of      string // what was asked, as spelled by asked
	found   []tested
	running bool
	trust   map[string]any // the upstream_tls that a person took; nil for none
}

// tested is what was found at one upstream.
type tested struct {
	typed string
	probe proxy.Probe
	err   error
}

// typedUpstreams are the upstreams as they stand in their field.
func (f *form) typedUpstreams() []string {
	to := f.field("to")
	return to.cut(to.input.String())
}

// asked spells what a test is about.
func (f *form) asked() string {
	s := joined(f.typedUpstreams())
	if f.tests.trust != nil {
		s += " " + shown(f.tests.trust["pin"])
	}
	return s
}

// testTyped tests what a person typed, once; what only stands in the file is
// left in peace.
func (m *model) testTyped(f *form) {
	if f.tests.touched && f.tests.of != f.asked() {
		m.test(f)
	}
}

// test climbs to the upstreams in the form: at once, yet never sooner than
// settleTyping after the climb before.
func (m *model) test(f *form) {
	c := &m.climb
	wait := settleTyping - m.o.Now().Sub(c.began)
	switch {
	case m.src.Probe == nil || len(f.typedUpstreams()) == 0:
		f.tests.of, f.tests.found = f.asked(), nil
	case c.cancel != nil && c.form == f && f.tests.of == f.asked():
	case c.cancel != nil:
		c.cancel()
		c.next = f
	case wait > 0:
		f.tests.running = true
		c.next = f
		m.later(wait, (*model).testNext)
	default:
		m.beginTest(f)
	}
}

// testNext begins the test that waits, if its form is still open.
func (m *model) testNext() {
	f := m.climb.next
	if m.climb.cancel != nil || f == nil {
		return
	}
	m.climb.next = nil
	if slices.Contains(m.layers, view(f)) {
		m.test(f)
	}
}

func (m *model) beginTest(f *form) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	m.climb = climb{form: f, cancel: cancel, began: m.o.Now()}
	f.tests.of, f.tests.running = f.asked(), true
	route, typed, probe := f.sketched(), f.typedUpstreams(), m.src.Probe
	m.start(func() tea.Msg {
		defer cancel()
		found := make([]tested, 0, len(typed))
		for _, s := range typed {
			found = append(found, climbTo(ctx, probe, route, s))
		}
		superseded := ctx.Err() == context.Canceled
		return then(func(m *model) { m.testDone(f, found, superseded) })
	})
}

func (m *model) testDone(f *form, found []tested, superseded bool) {
	m.climb.cancel = nil
	f.tests.running = false
	if !superseded && slices.Contains(m.layers, view(f)) {
		f.learn(m, found)
	}
	if m.climb.next != nil {
		m.test(m.climb.next)
	}
}

// sketched is the route as it would be, or nil where the form makes none yet.
func (f *form) sketched() *config.Route {
	if f.preview == nil || f.preview.Config == nil {
		return nil
	}
	return f.preview.Config.Route(f.name())
}

// climbTo probes one upstream with the settings of its route. One without a
// scheme is tried by http, and by what it speaks instead where that is another.
func climbTo(ctx context.Context, probe prober, route *config.Route, typed string) tested {
	p, err := climbBy(ctx, probe, route, withScheme(typed, ""))
	t := tested{typed, p, err}
	if url := t.instead(); isBare(typed) && url != "" {
		t.probe, t.err = climbBy(ctx, probe, route, url)
	}
	return t
}

func climbBy(ctx context.Context, probe prober, route *config.Route, url string) (proxy.Probe, error) {
	to, err := config.ParseUpstream(url)
	if err != nil {
		return proxy.Probe{}, err
	}
	c := &config.Config{}
	if route != nil {
		r := *route
		r.To = []config.Upstream{to}
		c.Routes = []*config.Route{&r}
	}
	found, err := probe(ctx, c, url)
	if err != nil || len(found) == 0 {
		return proxy.Probe{}, err
	}
	return found[0], nil
}

// instead is the URL by which it answers; "" where that is the one tested.
func (t tested) instead() string {
	for _, m := range t.probe.Mends {
		if m.Instead != "" {
			return m.Instead
		}
	}
	return ""
}

// trust is the upstream_tls that would trust its certificate; nil for none.
func (t tested) trust() map[string]any {
	for _, m := range t.probe.Mends {
		if m.Trust != nil {
			return m.Trust
		}
	}
	return nil
}

// learn takes what was found: the scheme of an upstream that was typed without
// one, which changes what the file would say.
func (f *form) learn(m *model, found []tested) {
	f.tests.found = found
	to, before := f.field("to"), f.draft()
	to.schemes = map[string]string{}
	for _, t := range found {
		if scheme, _, ok := strings.Cut(t.probe.URL, "://"); ok && isBare(t.typed) {
			to.schemes[t.typed] = scheme
		}
	}
	if before.same(f.draft()) {
		return
	}
	f.ask(m)
	for _, v := range m.layers {
		if r, ok := v.(*review); ok && r.form == f && !r.applying {
			d := f.draft()
			r.what, r.edit, r.preview, r.moves = d.what(), d.edit, nil, nil
			r.look(m)
		}
	}
}

// offer is a change that a test suggests and a person may take.
type offer struct {
	label string
	words bool // of what is typed: completion takes it too
	take  func(*form)
}

// offered is the first change that the tests suggest; nil for none.
func (f *form) offered() *offer {
	if f.tests.of != f.asked() {
		return nil
	}
	for _, t := range f.tests.found {
		url, trust := t.instead(), t.trust()
		switch {
		case url != "":
			return &offer{"use " + url, true, func(f *form) { f.replaceUpstream(t.typed, url) }}
		case trust != nil && len(f.tests.found) == 1: // upstream_tls is of all upstreams of a route
			return &offer{trusting(trust), false, func(f *form) { f.tests.trust = trust }}
		}
	}
	return nil
}

func (f *form) replaceUpstream(typed, url string) {
	ws := f.typedUpstreams()
	for i := range ws {
		if ws[i] == typed {
			ws[i] = url
		}
	}
	f.field("to").input.set(joined(ws))
}

// pressTest takes what is offered, or else tests at once.
func (m *model) pressTest() {
	f, ok := m.top().(*form)
	if !ok {
		return
	}
	if o := f.offered(); o != nil {
		f.take(m, o)
		return
	}
	m.testNow()
}

// take takes an offer and goes back to what it is about.
func (f *form) take(m *model, o *offer) {
	o.take(f)
	f.focus("to")
	f.tests.touched = true
	f.changed(m)
}

// testNow tests what is in the form, typed or not.
func (m *model) testNow() {
	if f, ok := m.top().(*form); ok {
		m.test(f)
	}
}
