package tui

import (
	"strings"

	"forge.home.arpa/portico/config"
)

// hidden stands in the place of a secret.
const hidden = "***"

// maskQuery hides what may be a secret in a path or URL: its query and fragment,
// which may carry tokens, a login before its host, and a session in its path.
func maskQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i+1] + hidden
	}
	return maskSession(maskLogin(s))
}

// maskLogin hides user:password@ in every URL of a text.
func maskLogin(s string) string {
	before, rest, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	end := strings.IndexAny(rest, "/?# \t\"'<>,")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = hidden + authority[i:]
	}
	return before + "://" + authority + maskLogin(rest[end:])
}

// maskSession hides the session that Java servers write into paths.
func maskSession(s string) string {
	const name = ";jsessionid="
	i := 0
	for i+len(name) <= len(s) && !equalFold(s[i:i+len(name)], name) {
		i++
	}
	from := i + len(name)
	if from > len(s) {
		return s
	}
	end := strings.IndexAny(s[from:], ";/?# ")
	if end < 0 {
		return s[:from] + hidden
	}
	return s[:from] + hidden + s[from+end:]
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
