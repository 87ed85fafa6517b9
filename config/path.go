package config

import (
	"net/url"
	"slices"
	"strings"
)

// parsePath reads a path of a route: /x, /x/* or ~regexp. It is kept as
// written.
func parsePath(s string) (string, error) {
	if pattern, ok := strings.CutPrefix(s, "~"); ok {
		if pattern == "" {
			return "", flawed("is an empty regular expression", "leave path out for every path")
		}
		_, err := parsePattern(pattern)
		return s, err
	}
	exact, below := strings.CutSuffix(s, "/*")
	if below {
		exact += "/"
	}
	if strings.Contains(exact, "*") {
		return "", flawed("has a * in the wrong place", starHint(s))
	}
	return s, judged(exact)
}

func starHint(s string) string {
	if front, ok := strings.CutSuffix(s, "*"); ok && strings.HasPrefix(s, "/") && !strings.Contains(front, "*") {
		return "everything below is " + quote(front+"/*")
	}
	return `a * stands at the end, as "/x/*"; for more use a regular expression, as "~^/x/.*/y$"`
}

// judged tells whether a path is spelled as requests are judged. Another
// spelling would never match, and a guard on it would guard nothing.
func judged(s string) error {
	if !strings.HasPrefix(s, "/") {
		return flawed("does not begin with /", "")
	}
	if strings.Contains(s, "//") {
		return flawed("has two slashes in a row", "requests are judged with one")
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return flawed("has a . or .. segment", "requests are judged without")
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if err := escape(s, i); err != nil {
				return err
			}
			i += 2
		case c == '?' || c == '#':
			return flawed("has a "+string(c)+" in it", "a route is chosen by the path alone")
		case c == '\\':
			return flawed(`has a \ in it`, `servers read \ in different ways; portico refuses such requests`)
		case !isPathByte(c):
			return flawed("has a character that a path escapes", "write "+quote((&url.URL{Path: s}).EscapedPath()))
		}
	}
	return nil
}

// escape judges the %XX at offset i.
func escape(s string, i int) error {
	if i+2 >= len(s) || !isHexDigit(s[i+1]) || !isHexDigit(s[i+2]) {
		return flawed("has a % that begins no escape", "write %25")
	}
	code := s[i : i+3]
	plain, _ := url.PathUnescape(code)
	switch {
	case strings.Contains(`/\`, plain) || plain == "\x00":
		return flawed("has "+code+" in it", "servers read "+code+" in different ways; portico refuses such requests")
	case isUnreserved(plain[0]):
		return flawed("escapes a character that needs no escape", "write "+quote(s[:i]+plain+s[i+3:]))
	case plain == "%" && i+5 <= len(s) && slices.Contains([]string{"2e", "2f", "5c"}, strings.ToLower(s[i+3:i+5])):
		return flawed("is escaped twice", "portico refuses such requests")
	}
	return nil
}

// isUnreserved is RFC 3986 section 2.3.
func isUnreserved(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0
}

// isPathByte is pchar or the slash, RFC 3986 section 3.3.
func isPathByte(c byte) bool {
	return isUnreserved(c) || strings.IndexByte("/:@!$&'()*+,;=", c) >= 0
}

// parsePrefix reads strip_prefix and gives it without a slash at its end.
func parsePrefix(s string) (string, error) {
	prefix := strings.TrimSuffix(s, "/")
	switch {
	case prefix == "":
		return "", flawed("takes nothing off", "")
	case strings.Contains(s, "*"):
		return "", flawed("has a * in it", "write the prefix alone: "+quote(strings.TrimSuffix(s, "/*")))
	}
	return prefix, judged(prefix)
}

// parseTarget reads the path and query that a health check asks for.
func parseTarget(s string) (string, error) {
	if !strings.HasPrefix(s, "/") {
		return "", flawed("does not begin with /", "")
	}
	if strings.ContainsFunc(s, notInRequest) {
		return "", flawed("has a character that a request cannot have", "write it as %XX")
	}
	return s, nil
}

func notInRequest(r rune) bool { return r <= ' ' || r > '~' || r == '#' }
