package tui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// settleTyping is how long the form waits for the next key before it asks what
// the file would look like.
const settleTyping = 300 * time.Millisecond

// form edits one route. It holds what was typed; the file is not touched
// before the review is confirmed.
type form struct {
	was    string // the route's name in the file, "" for a new one
	base   *config.Revision
	file   spelled // base as it is written
	fields []*field
	at     int  // the field with the focus
	named  bool // the name was typed, not derived

	version int // counts changes of what is typed
	preview *config.Preview
	refused error // why there is no preview
	moves   *proxy.Moves
	tests   tests
	first   int // row at the top, where the window is small
}

// newForm makes a form for a new route, or for the one of that name.
func newForm(base *config.Revision, name string) *form {
	f := &form{was: name, base: base, file: spell(base.Text), fields: routeFields(), at: 1, named: name != ""}
	keys := map[string]any{}
	if name != "" {
		maps.Copy(keys, f.file.Route[name])
		keys["name"] = name
	}
	for _, fd := range f.fields {
		fd.begin(keys[fd.key])
	}
	for _, fd := range f.fields {
		if v, origin := f.inherited(fd); fd.toggle && origin != "" {
			fd.imply(v == true)
		}
	}
	return f
}

// inherited is what applies while the field is empty, and where it comes from.
func (f *form) inherited(fd *field) (value any, origin string) {
	own := f.file.Route[f.was]
	for _, action := range []string{"redirect", "respond", "files"} {
		if _, acts := own[action]; acts && fd.key == "to" {
			return nil, "" // a route that acts itself inherits no other action
		}
	}
	return f.file.inherited(fd.key, f.field("use").words())
}

// choices are the names that a field takes, of presets or networks.
func (f *form) choices(fd *field) []string {
	switch fd.key {
	case "use":
		return f.file.presets()
	case "allow":
		if f.base.Config != nil {
			return f.base.Config.NetworkNames()
		}
	}
	return nil
}

// complete finishes such a name as far as it is certain; false when there is
// nothing to finish.
func (f *form) complete(m *model) bool {
	fd := f.fields[f.at]
	if o := f.offered(); fd.key == "to" && o != nil && o.words {
		f.take(m, o)
		return true
	}
	before, last := lastItem(fd.input.String(), isSeparator)
	if last == "" {
		return false
	}
	all := startingWith(f.choices(fd), last)
	if len(all) == 0 || commonStart(all) == last {
		return false
	}
	fd.input.set(before + completed(all))
	f.changed(m)
	return true
}

// nextField is tab: it completes, or goes to the next field.
func (m *model) nextField() {
	if f, ok := m.top().(*form); !ok || !f.complete(m) {
		m.top().move(m, 1)
	}
}

func (f *form) field(key string) *field {
	for _, fd := range f.fields {
		if fd.key == key {
			return fd
		}
	}
	return nil
}

// focus goes to a field.
func (f *form) focus(key string) { f.at = slices.Index(f.fields, f.field(key)) }

// name is the route's name. One that was left alone stays as the file has it.
func (f *form) name() string {
	if f.was != "" && !f.field("name").changed() {
		return f.was
	}
	if ws := f.field("name").words(); len(ws) > 0 {
		return ws[0]
	}
	return ""
}

// draft is what was typed, as an edit.
func (f *form) draft() draft {
	d := draft{was: f.was, name: f.name()}
	for _, fd := range f.fields {
		if fd.key == "name" || fd.button {
			continue
		}
		if v := fd.value(); f.was == "" && v != nil || f.was != "" && fd.changed() && (v != nil || fd.raw != nil) {
			d.changes = append(d.changes, routeKey{fd.key, v})
		}
	}
	if f.tests.trust != nil {
		d.changes = append(d.changes, routeKey{"upstream_tls", f.tests.trust})
	}
	return d
}

// dirty tells whether leaving would lose something.
func (f *form) dirty() bool {
	for _, fd := range f.fields {
		if fd.changed() {
			return true
		}
	}
	return false
}

func (f *form) scope() scope {
	if f.fields[f.at].button {
		return onButton
	}
	return inForm
}

func (f *form) jump(*model, bool) {}

// move puts the focus on another field.
func (f *form) move(_ *model, by int) {
	f.fields[f.at].visited = true
	f.at = (f.at + by%len(f.fields) + len(f.fields)) % len(f.fields)
}

// typed edits the field with the focus; a new route's name goes with its host.
func (f *form) typed(m *model, k tea.KeyMsg) {
	fd := f.fields[f.at]
	if !fd.typed(k) {
		return
	}
	switch {
	case fd.key == "name":
		f.named = fd.input.String() != ""
	case fd.key == "host" && !f.named:
		f.deriveName()
	case fd.key == "to":
		f.tests.touched, f.tests.trust = true, nil
	}
	f.changed(m)
}

func (f *form) deriveName() {
	name := ""
	if hosts := f.field("host").words(); len(hosts) > 0 {
		name = nameFor(hosts[0], func(s string) bool { return f.file.Route[s] != nil })
	}
	f.field("name").input.set(name)
}

// changed asks for a preview once the typing has settled.
func (f *form) changed(m *model) {
	f.version++
	v := f.version
	m.later(settleTyping, func(m *model) {
		if v == f.version {
			f.ask(m)
		}
	})
}

// ask previews what is typed now, and tests its upstreams.
func (f *form) ask(m *model) {
	v, edit, base, src := f.version, f.draft().edit, f.base, m.src
	m.await(func(context.Context) then {
		p, err := src.Store.Preview(base, edit)
		moves := src.moves(p)
		return func(m *model) {
			if v == f.version {
				f.judge(p, err)
				f.moves = moves
				m.testTyped(f)
			}
		}
	})
}

// judge puts the problems of a preview beside their fields. One of the route as
// a whole stands beside its host, where nothing is wrong with that alone: mostly
// another route takes the same requests.
func (f *form) judge(p *config.Preview, err error) {
	f.preview, f.refused, f.moves = p, err, nil
	for i, fd := range f.fields {
		fd.problem = ""
		fd.visited = fd.visited || i == f.at && fd.changed()
	}
	if errors.Is(err, errNoName) {
		name := f.field("name")
		name.problem, name.visited = err.Error(), true
		f.refused = nil
	}
	if p == nil {
		return
	}
	var whole config.Problems
	for _, problem := range p.Problems.Errors() {
		switch key, ok := problemField(problem.Path, f.name()); {
		case ok && key == "":
			whole = append(whole, problem)
		case ok:
			f.field(key).blame(problem)
		}
	}
	for _, problem := range whole {
		f.field("host").blame(problem)
	}
}

func withHint(p config.Problem) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " (" + p.Hint + ")"
}

// open goes to the review, where y applies.
func (f *form) open(m *model) {
	for _, fd := range f.fields {
		fd.visited = true
	}
	if f.name() == "" && f.was == "" {
		f.deriveName()
	}
	if missing := f.missing(); missing != "" {
		m.say(bad, "a route needs "+missing)
		return
	}
	d := f.draft()
	if f.was != "" && d.name == f.was && len(d.changes) == 0 {
		m.say(plain, "nothing is changed")
		return
	}
	m.review(&review{what: d.what(), base: f.base, edit: d.edit, form: f})
}

// missing goes to the first field that is empty and that the route cannot do
// without. One that exists may redirect or respond and have no upstream.
func (f *form) missing() string {
	needs := []struct{ key, what string }{{"host", "a host"}, {"name", "a name"}, {"to", "an upstream"}}
	if f.was != "" {
		needs = needs[:2]
	}
	for _, n := range needs {
		if len(f.field(n.key).words()) == 0 {
			f.focus(n.key)
			return n.what
		}
	}
	return ""
}

// firstProblem is the field that has one; -1 when none has.
func (f *form) firstProblem() int {
	for i, fd := range f.fields {
		if fd.problem != "" {
			return i
		}
	}
	return -1
}

// back leaves the form; what was typed is not thrown away without a question.
func (f *form) back(m *model) bool {
	if !f.dirty() {
		m.pop()
		return true
	}
	m.ask = &ask{question: "throw away what you typed?", choices: []choice{
		{[]string{"y"}, "throw away", (*model).pop},
	}}
	return true
}
