package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The tables of the schema are those of the checker, key by key.
func TestSchemaHasTheKeysOfTheChecker(t *testing.T) {
	want := knownKeys()
	for table, keys := range knownKeys() {
		if below, ok := strings.CutPrefix(table, "route"); ok {
			want["preset"+below], want["defaults"+below] = keys, keys
		}
	}
	for _, table := range []string{"route", "preset", "defaults"} {
		want[table+" response_headers"] = want[table+" request_headers"]
	}
	want["preset"] = slices.DeleteFunc(slices.Clone(want["route"]), func(key string) bool { return key == "use" })

	got := map[string][]string{}
	root := fileSchema()
	tables(root, root.Definitions, "", got)
	for table := range want {
		slices.Sort(want[table])
		if !slices.Equal(got[table], want[table]) {
			t.Errorf("table %q\nhas    %q\nmisses from %q", table, got[table], want[table])
		}
		delete(got, table)
	}
	for table := range got {
		t.Errorf("the checker has no table %q", table)
	}
}

// tables notes the keys of every table below a shape.
func tables(s schema, definitions map[string]schema, name string, seen map[string][]string) {
	if s.Ref != "" {
		s = definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
	}
	if len(s.Properties) > 0 {
		seen[name] = slices.Sorted(maps.Keys(s.Properties))
	}
	for key, kid := range s.Properties {
		tables(kid, definitions, strings.TrimPrefix(name+" "+key, " "), seen)
	}
	if kid, ok := s.OtherProperties.(schema); ok {
		tables(kid, definitions, name, seen)
	}
	if s.Items != nil {
		tables(*s.Items, definitions, name, seen)
	}
	for _, kid := range s.AnyOf {
		tables(kid, definitions, name, seen)
	}
}
