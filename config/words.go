package config

import (
	"fmt"
	"maps"
	"slices"

	"forge.home.arpa/portico/assets"
)

// RouteKey is a key of a route, for whoever helps a person type it.
type RouteKey struct {
	Name  string   // with its table: "timeout.dial"
	About string   // what the reference says of it
	Table bool     // keys stand below it
	Words []string // the words it takes, as far as they are built in
}

// RouteKeys lists the keys that a route may have, by name; those of a table
// stand behind it.
func RouteKeys() []RouteKey {
	return readNotes(assets.Reference).explain(tableOf(routeKeys), "route").keys("")
}

func (s schema) keys(at string) (list []RouteKey) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		kid, path := s.Properties[name], below(at, name)
		list = append(list, RouteKey{path, kid.Description, len(kid.Properties) > 0, kid.words()})
		list = append(list, kid.keys(path)...)
	}
	return list
}

// words are those that the shape names.
func (s schema) words() (list []string) {
	if s.Type == "boolean" {
		return []string{"true", "false"}
	}
	for _, one := range s.alternatives() {
		for _, word := range one.Enum {
			list = append(list, fmt.Sprint(word))
		}
	}
	return list
}
