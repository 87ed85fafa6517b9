package tui

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"forge.home.arpa/portico/config"
)

// spelled is what the file says of routes, key by key and as it is written: the
// forms of values decide how an edit writes them again, and what defaults and
// presets add must not get into the file by an edit.
type spelled struct {
	Route    map[string]map[string]any `toml:"route"`
	Preset   map[string]map[string]any `toml:"preset"`
	Defaults map[string]any            `toml:"defaults"`
}

// spell reads a text that has been checked.
func spell(text []byte) spelled {
	var s spelled
	if toml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &s) != nil {
		return spelled{}
	}
	return s
}

// presets are the names that a route may use.
func (s *spelled) presets() []string { return slices.Sorted(maps.Keys(s.Preset)) }

// inherited is what applies to a route that does not say key itself and uses
// these presets, and where that comes from; no origin where nothing does.
func (s *spelled) inherited(key string, use []string) (value any, origin string) {
	if len(use) == 0 {
		use = wordsOf(s.Defaults["use"])
	}
	for _, name := range use {
		if v, ok := s.Preset[name][key]; ok && key != "use" {
			return v, "preset " + name
		}
	}
	if v, ok := s.Defaults[key]; ok {
		return v, "defaults"
	}
	return nil, ""
}

// inheritedBy tells what a route has from elsewhere, a line for each origin.
func (s *spelled) inheritedBy(r *config.Route) []text {
	from := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(r.Origins)) {
		if origin := r.Origins[key]; origin != "route" {
			from[origin] = append(from[origin], key+" "+shown(s.at(origin)[key]))
		}
	}
	var lines []text
	for _, origin := range slices.Sorted(maps.Keys(from)) {
		lines = append(lines, say("from ", calm, origin, ": "+strings.Join(from[origin], ", ")))
	}
	return lines
}

// at is the table that an origin names.
func (s *spelled) at(origin string) map[string]any {
	if name, ok := strings.CutPrefix(origin, "preset "); ok {
		return s.Preset[name]
	}
	return s.Defaults
}

// shown is a value in a few words; of a table the names of its keys, since a
// value in it may be a secret.
func shown(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "{" + strings.Join(slices.Sorted(maps.Keys(v)), " ") + "}"
	case string, bool:
		return strings.Join(wordsOf(v), " ")
	case []any:
		return joined(wordsOf(v))
	}
	return fmt.Sprint(value)
}
