package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"forge.home.arpa/portico/config"
)

// theSchema is what config.Schema gives, decoded.
var theSchema = sync.OnceValue(func() map[string]any {
	var s map[string]any
	if err := json.Unmarshal(config.Schema(), &s); err != nil {
		panic(err)
	}
	return s
})

// against judges a text by the schema, decoded by the library that has no part
// in package config's reading; false where that takes it for no TOML.
func against(t testing.TB, text string) (faults []string, isTOML bool) {
	t.Helper()
	var v map[string]any
	if err := toml.Unmarshal(bytes.TrimPrefix([]byte(text), []byte("\ufeff")), &v); err != nil {
		return nil, false
	}
	return judge{t}.faults(theSchema(), v, ""), true
}

// judge interprets the words of JSON Schema that config.Schema uses; another
// word fails the test.
type judge struct{ testing.TB }

// faults gives "PATH: what is wrong", in no order.
func (j judge) faults(s map[string]any, v any, at string) (faults []string) {
	j.Helper()
	for word, says := range s {
		switch word {
		case "$schema", "title", "description", "default", "definitions":
		case "additionalProperties", "patternProperties":
			// beside properties
		case "$ref":
			faults = append(faults, j.faults(j.definition(says.(string)), v, at)...)
		case "anyOf":
			faults = append(faults, j.anyOf(says.([]any), v, at)...)
		case "properties", "required":
			if table, ok := v.(map[string]any); ok && word == "required" {
				faults = append(faults, missing(table, says.([]any), at)...)
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				faults = append(faults, j.faults(says.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		default:
			if !j.holds(word, says, v) {
				faults = append(faults, fmt.Sprintf("%s: %s %v", at, word, says))
			}
		}
	}
	if table, ok := v.(map[string]any); ok {
		faults = append(faults, j.keys(s, table, at)...)
	}
	return faults
}

func (j judge) definition(ref string) map[string]any {
	definitions := theSchema()["definitions"].(map[string]any)
	s, ok := definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	if !ok {
		j.Fatalf("%s leads nowhere", ref)
	}
	return s
}

func (j judge) anyOf(shapes []any, v any, at string) []string {
	for _, s := range shapes {
		if len(j.faults(s.(map[string]any), v, at)) == 0 {
			return nil
		}
	}
	return []string{at + ": anyOf"}
}

func missing(table map[string]any, required []any, at string) (faults []string) {
	for _, name := range required {
		if _, ok := table[name.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: required %s", at, name))
		}
	}
	return faults
}

// keys judges the keys of a table: properties, patternProperties and
// additionalProperties are one rule.
func (j judge) keys(s, table map[string]any, at string) (faults []string) {
	properties, _ := s["properties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	for name, v := range table {
		below := strings.TrimPrefix(at+"."+name, ".")
		kid, known := properties[name].(map[string]any)
		for pattern, shape := range patterns {
			if !known && matches(pattern, name) {
				kid, known = shape.(map[string]any), true
			}
		}
		if other, said := s["additionalProperties"]; said && !known {
			if kid, known = other.(map[string]any); !known {
				faults = append(faults, below+": additionalProperties")
			}
		}
		if known {
			faults = append(faults, j.faults(kid, v, below)...)
		}
	}
	return faults
}

// holds judges by a word that says something of one kind of values alone.
func (j judge) holds(word string, says, v any) bool {
	text, isText := v.(string)
	list, isList := v.([]any)
	number, isNumber := numeric(v)
	switch word {
	case "type":
		return kind(v) == says
	case "enum":
		return slices.ContainsFunc(says.([]any), func(e any) bool { return e == v || isNumber && e == number })
	case "pattern":
		return !isText || matches(says.(string), text)
	case "minLength":
		return !isText || float64(utf8.RuneCountInString(text)) >= says.(float64)
	case "minimum":
		return !isNumber || number >= says.(float64)
	case "maximum":
		return !isNumber || number <= says.(float64)
	case "minItems":
		return !isList || float64(len(list)) >= says.(float64)
	case "uniqueItems":
		return !isList || allDiffer(list)
	}
	j.Fatalf("the schema has the word %q", word)
	return false
}

func kind(v any) string {
	switch v := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case float64:
		if v != math.Trunc(v) {
			return "number"
		}
		return "integer"
	case int64:
		return "integer"
	}
	return "string" // a date, as JSON has it
}

func numeric(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func allDiffer(list []any) bool {
	for i, v := range list {
		if slices.ContainsFunc(list[:i], func(u any) bool { return reflect.DeepEqual(u, v) }) {
			return false
		}
	}
	return true
}

var patterns sync.Map // by their text, compiled

func matches(pattern, text string) bool {
	re, ok := patterns.Load(pattern)
	if !ok {
		re, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return re.(*regexp.Regexp).MatchString(text)
}
