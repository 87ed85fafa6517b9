package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// maxNamed is how many keys a summary names.
const maxNamed = 5

// summary says in a line what somebody else's edit changed: keys, never values.
func summary(before, after []byte) string {
	was, err := newFile(before)
	if err != nil {
		return "changed"
	}
	is, err := newFile(after)
	if err != nil {
		return "changed"
	}
	list := named(nil, was.Value(), is.Value())
	switch {
	case len(list) == 0:
		return "changed comments or spacing"
	case len(list) > maxNamed:
		list = append(list[:maxNamed], fmt.Sprintf("%d more", len(list)-maxNamed))
	}
	return "changed " + strings.Join(list, ", ")
}

// named lists the keys that differ; of a table that came or went its name alone.
func named(path []string, was, is any) (list []string) {
	if tomldoc.Equal(was, is) {
		return nil
	}
	old, wasTable := was.(map[string]any)
	now, isTable := is.(map[string]any)
	inner := len(path) == 0 || len(path) == 1 && slices.Contains(families, path[0])
	if wasTable && isTable || inner && (isTable || wasTable) && (was == nil || is == nil) {
		keys := maps.Clone(now)
		if keys == nil {
			keys = map[string]any{}
		}
		maps.Copy(keys, old)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			list = append(list, named(append(slices.Clone(path), key), old[key], now[key])...)
		}
		return list
	}
	name := docPath(path).String()
	switch {
	case was == nil:
		name += " (new)"
	case is == nil:
		name += " (gone)"
	}
	return []string{name}
}
