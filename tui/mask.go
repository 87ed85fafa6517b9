package tui

import (
	"strings"

	"forge.home.arpa/portico/config"
)

// hidden stands in the place of a secret.
const hidden = "***"

// maskQuery hides the query of a path or URL: it may carry tokens.
func maskQuery(s string) string {
	if path, _, ok := strings.Cut(s, "?"); ok {
		return path + "?" + hidden
	}
	return s
}

// headLine is one line of a head, cut in two: the start line has no name.
type headLine struct{ name, value string }

// headLines cuts a head as it was on the wire into lines.
func headLines(head []byte) []headLine {
	var lines []headLine
	for i, s := range strings.Split(strings.TrimRight(string(head), "\r\n"), "\n") {
		s = strings.TrimSuffix(s, "\r")
		name, value, ok := strings.Cut(s, ":")
		if i == 0 || !ok {
			name, value = "", s
		}
		lines = append(lines, headLine{name, strings.TrimLeft(value, " \t")})
	}
	return lines
}

// masked is the value with what is secret in it hidden. What is not surely
// harmless is treated as a secret: a field's name that sounds like one, and a
// line that has no name where there must be one, as it may belong to the
// secret above it.
func (h headLine) masked(first bool) string {
	switch name := strings.ToLower(strings.TrimSpace(h.name)); {
	case first:
		return maskStartLine(h.value)
	case name == "":
		return hidden
	case name == "authorization", name == "proxy-authorization":
		return maskScheme(h.value)
	case name == "cookie":
		return maskPairs(h.value)
	case name == "set-cookie":
		return maskSetCookie(h.value)
	case config.SecretField(name):
		return hidden
	}
	return maskQuery(h.value)
}

// maskStartLine hides the query of a request line and leaves a status line.
func maskStartLine(s string) string {
	words := strings.Split(s, " ")
	if len(words) == 3 {
		words[1] = maskQuery(words[1])
		return strings.Join(words, " ")
	}
	return maskQuery(s)
}

// maskScheme leaves the scheme: "Bearer ***".
func maskScheme(s string) string {
	if scheme, _, ok := strings.Cut(s, " "); ok {
		return scheme + " " + hidden
	}
	return hidden
}

// maskPairs leaves the names of cookies.
func maskPairs(s string) string {
	pairs := strings.Split(s, ";")
	for i, p := range pairs {
		pairs[i] = maskPair(p)
	}
	return strings.Join(pairs, ";")
}

func maskPair(s string) string {
	if name, _, ok := strings.Cut(s, "="); ok {
		return name + "=" + hidden
	}
	return hidden
}

// maskSetCookie hides the value and leaves the attributes.
func maskSetCookie(s string) string {
	pair, attributes, ok := strings.Cut(s, ";")
	if !ok {
		return maskPair(pair)
	}
	return maskPair(pair) + ";" + attributes
}
