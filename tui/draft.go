package tui

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"forge.home.arpa/portico/config"
)

// draft is an edit of one route, complete in itself: the store may apply it
// later, and again on newer bytes.
type draft struct {
	was, name string // was is "" for a new route
	changes   []routeKey
}

// routeKey is a key with its new value; nil takes the key away.
type routeKey struct {
	key   string
	value any
}

var errNoName = errors.New("the route needs a name")

// edit makes the changes and no others.
func (d draft) edit(f *config.File) error {
	if d.name == "" {
		return errNoName
	}
	if d.was == "" {
		return f.AddRoute(d.name, d.keys())
	}
	if !f.Has("route", d.was) {
		return fmt.Errorf("route %s is not in the file any more: it was removed or renamed there", d.was)
	}
	if d.name != d.was {
		if err := f.RenameRoute(d.was, d.name); err != nil {
			return err
		}
	}
	for _, c := range d.changes {
		if err := c.apply(f, d.name); err != nil {
			return err
		}
	}
	return nil
}

func (k routeKey) apply(f *config.File, route string) error {
	if k.value == nil {
		return f.Delete("route", route, k.key)
	}
	return f.Set(k.value, "route", route, k.key)
}

func (d draft) keys() []config.KeyValue {
	var keys []config.KeyValue
	for _, c := range d.changes {
		keys = append(keys, config.KeyValue{Key: c.key, Value: c.value})
	}
	return keys
}

// what says it in the history.
func (d draft) what() string {
	switch {
	case d.was == "":
		return "add route " + d.name
	case d.name != d.was && len(d.changes) == 0:
		return fmt.Sprintf("rename route %s to %s", d.was, d.name)
	case d.name != d.was:
		var keys []string
		for _, c := range d.changes {
			keys = append(keys, c.key)
		}
		return fmt.Sprintf("rename route %s to %s and change %s", d.was, d.name, strings.Join(keys, ", "))
	case len(d.changes) == 1:
		return fmt.Sprintf("change %s of route %s", d.changes[0].key, d.name)
	}
	return "change route " + d.name
}

// nameMost leaves room for a number in the bytes that a name may have.
const nameMost = 60

// nameFor makes a route's name of a host, one that is not taken; "" where the
// host has nothing to be called by.
func nameFor(host string, taken func(string) bool) string {
	label, _, _ := strings.Cut(strings.TrimPrefix(host, "*."), ".")
	label = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsDigit(r) || unicode.IsLetter(r) {
			return r
		}
		return -1
	}, strings.ToLower(label))
	if label == "" {
		return ""
	}
	label = strings.ToValidUTF8(label[:min(len(label), nameMost)], "")
	name := label
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s-%d", label, i)
	}
	return name
}

// withScheme makes a URL of what a person calls an upstream, nas:2342, by the
// scheme that it was found to speak; http where none was.
func withScheme(upstream, found string) string {
	if upstream == "" || !isBare(upstream) {
		return upstream
	}
	return cmp.Or(found, "http") + "://" + upstream
}

// isBare tells whether a person left the scheme out.
func isBare(upstream string) bool { return !strings.Contains(upstream, "://") }

// same tells whether two drafts would write the same.
func (d draft) same(e draft) bool { return reflect.DeepEqual(d, e) }

// problemField tells which key of a route a problem is about: "to" for
// "route.cctv.to[1]", "" for one of the route as a whole.
func problemField(path, route string) (string, bool) {
	for _, name := range []string{route, `"` + route + `"`, "'" + route + "'"} {
		rest, ok := strings.CutPrefix(path, "route."+name)
		if !ok {
			continue
		}
		if rest == "" {
			return "", true
		}
		if key, ok := strings.CutPrefix(rest, "."); ok {
			return key[:keyEnd(key)], true
		}
	}
	return "", false
}

func keyEnd(s string) int {
	if i := strings.IndexAny(s, ".["); i >= 0 {
		return i
	}
	return len(s)
}
