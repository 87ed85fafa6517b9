package config

import "slices"

// schema is a JSON Schema: the words of draft 7 that say what a reader reads.
// The zero value is true of everything.
type schema struct {
	Dialect     string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`

	Type      string `json:"type,omitempty"`
	Enum      []any  `json:"enum,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
	MinLength int    `json:"minLength,omitempty"`
	Minimum   *int   `json:"minimum,omitempty"`
	Maximum   *int   `json:"maximum,omitempty"`

	Items       *schema `json:"items,omitempty"`
	MinItems    int     `json:"minItems,omitempty"`
	UniqueItems bool    `json:"uniqueItems,omitempty"`

	Properties        map[string]schema `json:"properties,omitempty"`
	PatternProperties map[string]schema `json:"patternProperties,omitempty"`
	OtherProperties   any               `json:"additionalProperties,omitempty"` // false or a schema
	Required          []string          `json:"required,omitempty"`

	AnyOf       []schema          `json:"anyOf,omitempty"`
	Default     any               `json:"default,omitempty"`
	Definitions map[string]schema `json:"definitions,omitempty"`
}

func aText() schema { return schema{Type: "string"} }
func aWord() schema { return schema{Type: "string", MinLength: 1} }

// choice is one of a few words or numbers.
func choice[V any](values []V) schema {
	s := schema{Type: "string"}
	for _, v := range values {
		if _, ok := any(v).(int); ok {
			s.Type = "integer"
		}
		s.Enum = append(s.Enum, v)
	}
	return s
}

// suggestion is any word; an editor offers those that are built in.
func suggestion(words []string) schema { return anyOf(choice(words), aWord()) }

// anyOf is one of some shapes, each of which may be one of some.
func anyOf(shapes ...schema) schema {
	var all []schema
	for _, s := range shapes {
		all = append(all, s.alternatives()...)
	}
	return schema{AnyOf: all}
}

func (s schema) alternatives() []schema {
	if s.AnyOf != nil {
		return s.AnyOf
	}
	return []schema{s}
}

// listOf is a list of items, or one string for a list of one.
func listOf(item schema) schema {
	var one []schema
	for _, s := range item.alternatives() {
		if s.Type == "string" {
			one = append(one, s)
		}
	}
	return anyOf(append(one, schema{Type: "array", Items: &item})...)
}

// lists changes the alternatives that are lists.
func (s schema) lists(change func(*schema)) schema {
	s.AnyOf = slices.Clone(s.AnyOf)
	for i := range s.AnyOf {
		if s.AnyOf[i].Type == "array" {
			change(&s.AnyOf[i])
		}
	}
	return s
}

// tableOf is a table with these keys and no others.
func tableOf[T any](ks keys[T]) schema {
	s := closed(map[string]schema{})
	for name, key := range ks {
		s.Properties[name] = key.shape()
	}
	return s
}

func closed(properties map[string]schema) schema {
	return schema{Type: "object", Properties: properties, OtherProperties: false}
}

// tableByName is a table whose keys are names that its author gives; like is
// "" where any will do.
func tableByName(like string, value schema) schema {
	if like == "" {
		return schema{Type: "object", OtherProperties: value}
	}
	return schema{Type: "object", PatternProperties: map[string]schema{like: value}, OtherProperties: false}
}

func (s schema) requiring(names []string) schema {
	s.Required = names
	return s
}
