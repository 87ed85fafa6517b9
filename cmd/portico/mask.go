package main

import (
	"bytes"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"forge.home.arpa/portico/config"
)

// hidden stands in the place of a secret.
const hidden = "(hidden)"

// mask hides the secrets that a text holds in plain, as a person may have
// written them in spite of the warning: a diff is soon pasted somewhere.
type mask struct {
	quoted []string // as they stand in the text, quotes included
	all    bool     // a secret is spelled in a way that is not looked for
}

// maskOf finds the secrets of texts that are TOML; of another nothing is shown.
func maskOf(texts ...[]byte) mask {
	var m mask
	for _, text := range texts {
		tree := map[string]any{}
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
		if toml.Unmarshal(text, &tree) != nil {
			m.all = true
			return m
		}
		m.collect(string(text), tree, nil)
	}
	return m
}

func (m *mask) collect(text string, value any, path []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			m.collect(text, inner, append(path, key))
		}
	case []any:
		for _, inner := range v {
			m.collect(text, inner, path)
		}
	case string:
		if secretAt(path) && v != "" && !strings.HasPrefix(v, "env:") && !strings.HasPrefix(v, "file:") {
			m.add(text, v)
		}
	}
}

func (m *mask) add(text, secret string) {
	found := false
	for _, quote := range []string{`"`, `'`} {
		if q := quote + secret + quote; strings.Contains(text, q) {
			m.quoted, found = append(m.quoted, q), true
		}
	}
	m.all = m.all || !found
}

// secretAt tells whether a key holds a secret. A certificate's key is a path,
// and only the address of an alert gives a right to whoever knows it.
func secretAt(path []string) bool {
	for i, key := range path {
		switch key {
		case "password", "token", "secret", "users":
			return true
		case "key":
			return path[0] == "ddns" || i > 0 && path[i-1] == "eab"
		case "url":
			return path[0] == "alert"
		}
	}
	return false
}

func (m mask) line(text string) string {
	if m.all {
		return hidden
	}
	for _, q := range m.quoted {
		text = strings.ReplaceAll(text, q, q[:1]+hidden+q[:1])
	}
	return text
}

// lines translates a diff for whoever reads it.
func (m mask) lines(diff []config.DiffLine) []diffLine {
	return each(diff, func(l config.DiffLine) diffLine { return diffLine{string(l.Op), l.Line, m.line(l.Text)} })
}
