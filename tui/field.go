package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/config"
)

// everybody is the network of all addresses. An empty list means it too.
const everybody = "everybody"

// field is one line of the form: a key of the route.
type field struct {
	key     string // in the file; "name" is the route's own
	label   string
	hint    string
	toggle  bool // yes or no
	single  bool // one value that may hold blanks and commas
	button  bool // nothing to write: Enter presses it
	input   line
	first   string            // what it showed at first
	raw     any               // the value as the file has it, nil when the key is not there
	off     bool              // a toggle that is off where the route does not say so
	schemes map[string]string // of upstreams that were typed without one
	visited bool              // only then its problem is shown
	problem string
}

// routeFields are the fields of a form in their order, empty.
func routeFields() []*field {
	return []*field{
		{key: "name", label: "name", single: true, hint: "from the host, unless you say otherwise"},
		{key: "host", label: "host", hint: "photos.home.lan, *.home.lan or *"},
		{key: "path", label: "path", hint: "empty for all; /x/* for all below"},
		{key: "to", label: "to", hint: "http://nas:2342"},
		{key: "", button: true, hint: "enter presses it"},
		{key: "strip_prefix", label: "strip", single: true, hint: "a prefix to take off, /x"},
		{key: "use", label: "use", hint: "presets:"},
		{key: "allow", label: "allow", hint: "who may come in?"},
		{key: "enabled", label: "enabled", hint: "space switches", toggle: true},
	}
}

// begin sets what the field shows at first.
func (f *field) begin(raw any) {
	f.raw, f.input = raw, newLine()
	f.first = joined(wordsOf(raw))
	if s, ok := raw.(string); ok && f.single {
		f.first = s
	}
	if list, ok := raw.([]any); ok && len(list) == 0 && f.key == "allow" {
		f.first = everybody
	}
	if f.toggle && raw == nil {
		f.first = yesNo(true)
	}
	f.input.set(f.first)
}

// imply sets what a toggle is where the route does not say it.
func (f *field) imply(on bool) {
	f.off = !on
	if f.raw == nil {
		f.first = yesNo(on)
		f.input.set(f.first)
	}
}

// typed types into the field; false where the key was not for it.
func (f *field) typed(k tea.KeyMsg) bool {
	switch {
	case f.button:
		return false
	case !f.toggle:
		return f.input.key(k)
	}
	switch s := k.String(); s {
	case " ":
		f.input.set(yesNo(f.input.String() != "yes"))
	case "y", "n":
		f.input.set(yesNo(s == "y"))
	default:
		return false
	}
	return true
}

// words are the values in the field.
func (f *field) words() []string {
	ws := f.cut(f.input.String())
	if f.key == "to" {
		for i := range ws {
			ws[i] = withScheme(ws[i], f.schemes[ws[i]])
		}
	}
	return ws
}

// cut takes the text of the field apart.
func (f *field) cut(text string) []string {
	if !f.single {
		return items(text)
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return []string{text}
}

// changed tells whether the field means something else than at first; one
// that was left alone must not touch the file.
func (f *field) changed() bool {
	return !slices.Equal(f.cut(f.input.String()), f.cut(f.first))
}

// value is what to write, nil for nothing.
func (f *field) value() any {
	ws := f.words()
	switch {
	case f.toggle:
		if on := f.input.String() == "yes"; on == f.off || f.raw != nil {
			return on
		}
		return nil
	case len(ws) == 0:
		return nil
	}
	return rewritten(f.raw, ws)
}

// blame puts a problem beside the field, if there is one and none stands there.
func (f *field) blame(p config.Problem) {
	if f != nil && f.problem == "" {
		p.Message = strings.TrimPrefix(p.Message, p.Path+": ")
		f.problem = withHint(p)
	}
}
