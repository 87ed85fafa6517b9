package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"forge.home.arpa/portico/config"
)

// edit is a change of a route as the command line asks for it. It goes over
// the control socket, so what it means is read where it is made.
type edit struct {
	Do    editKind `json:"do"`
	Route string   `json:"route,omitempty"`
	Words []string `json:"words,omitempty"` // of set: KEY=VALUE
	Host  string   `json:"host,omitempty"`  // of add, as those that follow
	Path  string   `json:"path,omitempty"`
	Use   string   `json:"use,omitempty"`
	To    string   `json:"to,omitempty"`
	Allow []string `json:"allow,omitempty"` // networks
	N     int      `json:"n,omitempty"`     // of undo: the version; 0 is the last
}

type editKind string

const (
	addRoute     editKind = "add"
	setKeys      editKind = "set"
	enableRoute  editKind = "enable"
	disableRoute editKind = "disable"
	removeRoute  editKind = "remove"
	undoChange   editKind = "undo"
)

// what says it in the history: names and keys, never values.
func (e edit) what() string {
	switch e.Do {
	case addRoute:
		return "add route " + e.Route
	case enableRoute:
		return "switch on route " + e.Route
	case disableRoute:
		return "switch off route " + e.Route
	case removeRoute:
		return "delete route " + e.Route
	}
	var keys []string
	for _, word := range e.Words {
		key, _, _ := strings.Cut(word, "=")
		keys = append(keys, strings.TrimSpace(key))
	}
	return fmt.Sprintf("change %s of route %s", strings.Join(slices.Compact(keys), ", "), e.Route)
}

// make makes the edit in a file.
func (e edit) make(f *config.File) error {
	if e.Do == addRoute {
		return e.add(f)
	}
	if !f.Has("route", e.Route) {
		return noRoute(f, e.Route)
	}
	switch e.Do {
	case setKeys:
		return e.set(f)
	case enableRoute:
		return e.enable(f, true)
	case disableRoute:
		return e.enable(f, false)
	case removeRoute:
		return f.Delete("route", e.Route)
	}
	return fmt.Errorf("this portico does not know the edit %q", e.Do)
}

func (e edit) add(f *config.File) error {
	if f.Has("route", e.Route) {
		return fmt.Errorf("there is a route %s already (portico edit %s KEY=VALUE changes it)", e.Route, e.Route)
	}
	var keys []config.KeyValue
	for _, kv := range []struct{ key, value string }{
		{"host", e.Host}, {"path", e.Path}, {"use", e.Use}, {"to", withScheme(e.To)},
	} {
		if kv.value != "" {
			keys = append(keys, config.KeyValue{Key: kv.key, Value: kv.value})
		}
	}
	if len(e.Allow) > 0 {
		keys = append(keys, config.KeyValue{Key: "allow", Value: listOf(e.Allow)})
	}
	return f.AddRoute(e.Route, keys)
}

func listOf(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}

// withScheme makes a URL of what a person calls an upstream: nas:2342.
func withScheme(upstream string) string {
	if strings.Contains(upstream, "://") {
		return upstream
	}
	return "http://" + upstream
}

// enable leaves a file alone that says so already, be it by a preset.
func (e edit) enable(f *config.File, on bool) error {
	if c, _ := config.Parse(f.Bytes()); c != nil {
		if r := c.Route(e.Route); r != nil && r.Enabled == on {
			return nil
		}
	}
	return f.Set(on, "route", e.Route, "enabled")
}

func (e edit) set(f *config.File) error {
	for _, word := range e.Words {
		a, err := parseAssignment(word)
		if err != nil {
			return err
		}
		path := append([]string{"route", e.Route}, a.key...)
		switch {
		case a.value != nil:
			err = f.Set(a.value, path...)
		case !f.Has(path...):
			err = fmt.Errorf("route %s says nothing of %s itself", e.Route, strings.Join(a.key, "."))
		default:
			err = f.Delete(path...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func noRoute(f *config.File, name string) error {
	const most = 12
	routes, _ := f.Value("route").(map[string]any)
	var names []string
	for name := range routes {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return fmt.Errorf("no route is called %q (there are: %s)", name, firstOf(strings.Join(names, ", "), "none"))
}

// assignment is KEY=VALUE; without a value it takes the key away.
type assignment struct {
	key   []string
	value any // nil for none
}

// parseAssignment reads a word of the command line. The key may be dotted and
// quoted, as in TOML.
func parseAssignment(word string) (assignment, error) {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return assignment{}, fmt.Errorf("%q is not KEY=VALUE (KEY= alone takes the key away)", word)
	}
	key, ok := parseKey(name)
	if !ok {
		return assignment{}, fmt.Errorf("%q is not the name of a key", name)
	}
	if text == "" {
		return assignment{key, nil}, nil
	}
	return assignment{key, valueOf(text)}, nil
}

func parseKey(name string) (path []string, ok bool) {
	var tree any
	table := map[string]any{}
	if strings.Contains(name, "\n") || toml.Unmarshal([]byte(name+" = true"), &table) != nil {
		return nil, false
	}
	for tree = table; tree != true; {
		level, ok := tree.(map[string]any)
		if !ok || len(level) != 1 {
			return nil, false
		}
		for key, next := range level {
			path, tree = append(path, key), next
		}
	}
	return path, true
}

// valueOf reads a value as TOML where it is one (a list, a table, a truth
// value, a number, a quoted string), and else as the string it is.
func valueOf(text string) any {
	table := map[string]any{}
	if toml.Unmarshal([]byte("v = "+text), &table) != nil || len(table) != 1 {
		return text
	}
	switch v := table["v"].(type) {
	case string, bool, int64, []any, map[string]any:
		return v
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) { // nan and inf are rather names
			return v
		}
	}
	return text
}
