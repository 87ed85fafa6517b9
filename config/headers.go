package config

import (
	"net/http"
	"slices"
	"strings"
)

var headerKeys = keys[HeaderEdit]{
	"set":    store(asSetFields, func(h *HeaderEdit) *[]HeaderField { return &h.Set }),
	"add":    store(fields(list(asFieldValue)), func(h *HeaderEdit) *[]HeaderField { return &h.Add }),
	"remove": store(list(asFieldName), func(h *HeaderEdit) *[]string { return &h.Remove }),
}

// framing are the fields that say where a message ends and who speaks: an edit
// of theirs would let one side read another message than portico did.
var framing = []string{"Connection", "Content-Length", "Host", "Http2-Settings", "Keep-Alive", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// tokenLike is RFC 9110 section 5.6.2, as isToken has it.
const tokenLike = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

var asFieldName = parsed(parseFieldName).like(tokenLike)

func parseFieldName(s string) (string, error) {
	if !isToken(s) {
		return "", flawed("is not the name of a header field", "")
	}
	if name := http.CanonicalHeaderKey(s); slices.Contains(framing, name) {
		hint := ""
		if name == "Host" {
			hint = "host_header sets it"
		}
		return "", flawed("is set by portico alone", hint)
	}
	return s, nil
}

// fields reads a table of names, in the order of the names.
func fields(values reader[[]Template]) reader[[]HeaderField] {
	return reader[[]HeaderField]{func(d *decoder, n *node) ([]HeaderField, bool) {
		if !d.isTable(n) {
			return nil, false
		}
		var fs []HeaderField
		for _, name := range slices.Sorted(slices.Values(n.Keys())) {
			kid := n.Get(name)
			if _, err := parseFieldName(name); err != nil {
				f := flawOf(err)
				d.atKey(kid, f.hint, ": %s %s", quote(name), f.reason)
				continue
			}
			texts, _ := values.read(d, kid)
			if SecretField(name) && slices.Contains(n.Path(), any("request_headers")) {
				texts = d.secretTexts(kid, texts)
			}
			for _, text := range texts {
				fs = append(fs, HeaderField{Name: name, Value: text})
			}
		}
		return fs, true
	}, func() schema { return tableByName(tokenLike, values.shape()) }}
}

// secretTexts resolves references in a field that carries a secret, and warns of
// one in plain text.
func (d *decoder) secretTexts(n *node, texts []Template) []Template {
	for i, t := range texts {
		text := t.String()
		switch s, err := resolve(d.reference(text)); {
		case text == "" || len(t) > 1 || t[0].Placeholder != "":
		case err != nil:
			d.warn(n, "", ": %s %s", quote(text), cause(err))
			texts[i] = nil
		case s.ref == "":
			d.warn(n, `write "env:NAME" or "file:PATH"`, " is a secret in plain text: it is also in the history")
		case strings.ContainsFunc(s.Reveal(), isControl):
			d.bad(n, "", "%s holds what no field may: a control character", quote(text))
		default:
			texts[i] = Template{{Literal: s.Reveal()}}
		}
	}
	return texts
}

// asSetFields reads set, where a name has one value.
var asSetFields = reader[[]HeaderField]{readSetFields, oneField.shape}

var oneField = fields(reader[[]Template]{func(d *decoder, n *node) ([]Template, bool) {
	t, ok := asFieldValue.read(d, n)
	return []Template{t}, ok
}, asFieldValue.shape})

func readSetFields(d *decoder, n *node) ([]HeaderField, bool) {
	fs, ok := oneField.read(d, n)
	seen := map[string]bool{}
	for _, f := range fs {
		if name := http.CanonicalHeaderKey(f.Name); seen[name] {
			d.atKey(n.Get(f.Name), "the case of a name does not matter", " is there twice")
		} else {
			seen[name] = true
		}
	}
	return fs, ok
}

// asFieldValue reads the value of a field. A blank at its end would not arrive.
var asFieldValue = reader[Template]{readFieldValue, aText}

func readFieldValue(d *decoder, n *node) (Template, bool) {
	s, ok := readText(d, n)
	if !ok {
		return nil, false
	}
	t, err := parseTemplate(s)
	if err == nil && strings.TrimSpace(s) != s {
		err = flawed("has a blank at its begin or end", "")
	}
	if err != nil {
		d.flaw(n, s, err)
	}
	return t, err == nil
}
