package tui

import (
	"errors"
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy/record"
)

// matcher tells whether a row is wanted.
type matcher func(*record.Row) bool

// filterHelp is shown while a filter is typed.
const filterHelp = "git 5xx 404 >=400 GET >500ms >1mb host: path: up: ip: route: !x a|b ~d ~u ~m ~c ~e"

// parseFilter reads a filter: terms separated by blanks, all of which must
// hold; one that holds a blank stands in quotes. It returns nil for an empty one.
func parseFilter(s string) (matcher, error) {
	var all []matcher
	words := arguments(s)
	for len(words) > 0 {
		m, rest, err := parseTerm(words)
		if err != nil {
			return nil, err
		}
		all, words = append(all, m), rest
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return func(r *record.Row) bool {
		for _, m := range all {
			if !m(r) {
				return false
			}
		}
		return true
	}, nil
}

// parseTerm reads one term, which takes a second word after ~d ~u ~m ~c.
func parseTerm(words []string) (matcher, []string, error) {
	word, rest := words[0], words[1:]
	negated := strings.HasPrefix(word, "!~")
	if bare := strings.TrimPrefix(word, "!"); strings.HasPrefix(bare, "~") {
		m, rest, err := parseTilde(bare, rest)
		if err == nil && negated {
			m = not(m)
		}
		return m, rest, err
	}
	m, err := parseChoice(word)
	return m, rest, err
}

// parseChoice reads a|b|!c: one of them must hold.
func parseChoice(word string) (matcher, error) {
	var any []matcher
	for part := range strings.SplitSeq(word, "|") {
		m, err := parseAtom(part)
		if err != nil {
			return nil, err
		}
		any = append(any, m)
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return func(r *record.Row) bool {
		for _, m := range any {
			if m(r) {
				return true
			}
		}
		return false
	}, nil
}

func parseAtom(s string) (matcher, error) {
	if bare, ok := strings.CutPrefix(s, "!"); ok {
		m, err := parseAtom(bare)
		if err != nil {
			return nil, err
		}
		return not(m), nil
	}
	if s == "" {
		return nil, errors.New("a term is missing beside ! or |")
	}
	if m, err, ok := parseComparison(s); ok {
		return m, err
	}
	if m, err, ok := parseField(s); ok {
		return m, err
	}
	if m := parseStatus(s); m != nil {
		return m, nil
	}
	if isMethod(s) {
		return func(r *record.Row) bool { return r.Method.String() == s }, nil
	}
	return substring(s), nil
}

func not(m matcher) matcher { return func(r *record.Row) bool { return !m(r) } }

// substring finds s in what a person sees of a request, in either case.
func substring(s string) matcher {
	s = strings.ToLower(s)
	return func(r *record.Row) bool {
		return contains(r.Host.String(), s) || contains(r.Path.String(), s) || contains(r.Route, s) ||
			contains(r.Cause.String(), s) || contains(r.Rule, s)
	}
}

// contains tells whether the lower-case needle is in s, in either ASCII case,
// without allocating: it runs for each of 10,000 rows.
func contains(s, needle string) bool {
	for i := 0; i+len(needle) <= len(s); i++ {
		if equalFold(s[i:i+len(needle)], needle) {
			return true
		}
	}
	return false
}

func equalFold(s, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// parseStatus reads 404 and 5xx; nil when s is neither.
func parseStatus(s string) matcher {
	if len(s) != 3 || s[0] < '1' || s[0] > '9' {
		return nil
	}
	if strings.EqualFold(s[1:], "xx") {
		class := uint16(s[0] - '0')
		return func(r *record.Row) bool { return r.Status/100 == class }
	}
	var code uint16
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return nil
		}
		code = code*10 + uint16(c-'0')
	}
	return func(r *record.Row) bool { return r.Status == code }
}

// isMethod knows the methods of RFC 9110 and of WebDAV; another word in
// capitals is a substring.
func isMethod(s string) bool {
	switch s {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH":
		return true
	}
	return false
}

// parseField reads host: path: up: ip: route:; ok is false when s has no field.
func parseField(s string) (m matcher, err error, ok bool) {
	name, value, found := strings.Cut(s, ":")
	if !found || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
		return nil, nil, false
	}
	lower := strings.ToLower(value)
	switch name {
	case "host":
		m = func(r *record.Row) bool { return contains(r.Host.String(), lower) }
	case "path":
		m = func(r *record.Row) bool { return contains(r.Path.String(), lower) }
	case "up":
		m = func(r *record.Row) bool { return contains(r.Upstream, lower) }
	case "route":
		m = routeMatcher(value)
	case "ip":
		m, err = addressMatcher(value)
	case "http", "https":
		return nil, nil, false // the start of a URL
	default:
		err = fmt.Errorf("no field %q; there are host path up ip route", name+":")
	}
	if err == nil && value == "" {
		err = fmt.Errorf("%s: what? (%s:git)", name, name)
	}
	return m, err, true
}

// routeMatcher wants the whole name; "-" is what found no route. What was refused
// before one was looked for, as no good or as of a banned client, is not that.
func routeMatcher(name string) matcher {
	if name == "-" {
		return func(r *record.Row) bool { return r.Route == "" && r.Rule == "" }
	}
	return func(r *record.Row) bool { return r.Route == name }
}
