package cgi_test

import (
	"regexp"
	"strconv"
	"strings"
)

// naiveAnswer is what the output of an application says, read with regular
// expressions and the whole of it at hand.
type naiveAnswer struct {
	status int
	fields []string // "Name: value" in their order
	length int64    // -1 without one
	body   string
}

var (
	naiveStatusLine = regexp.MustCompile(`^HTTP/[^ ]* ([2-5][0-9][0-9])( [\t -~\x80-\xff]*)?$`)
	naiveStatus     = regexp.MustCompile(`^([2-5][0-9][0-9])( [\t -~\x80-\xff]*)?$`)
	naiveField      = regexp.MustCompile("^([!#$%&'*+\\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\\x80-\\xff]*?)[ \t]*$")
	naiveLength     = regexp.MustCompile(`^[0-9]+$`)
	naiveHop        = regexp.MustCompile(`(?i)^(connection|keep-alive|proxy-connection|proxy-authenticate|upgrade|te|trailer)$`)
)

// readNaively is false where the output has no head, or a bad one.
func readNaively(out string) (a naiveAnswer, ok bool) {
	a.length = -1
	fixed, n, rest := false, 0, out
	for {
		i := strings.IndexByte(rest, '\n')
		if i < 0 || len(out)-len(rest)+i+1 > 32<<10 {
			return a, false
		}
		line := strings.TrimSuffix(latin(rest[:i]), "\r")
		first := len(rest) == len(out)
		rest = rest[i+1:]
		if line == "" {
			break
		}
		if m := naiveStatusLine.FindStringSubmatch(line); first && strings.HasPrefix(line, "HTTP/") {
			if m == nil {
				return a, false
			}
			a.status, _ = strconv.Atoi(m[1])
			fixed = true
			continue
		}
		if n++; n > 200 || !a.field(line, fixed) {
			return a, false
		}
	}
	a.body = rest
	switch {
	case a.status != 0:
	case len(a.fields) == 0 && a.length < 0:
		return a, false
	default:
		a.status = 200
		for _, f := range a.fields {
			if strings.HasPrefix(strings.ToLower(f), "location: ") {
				a.status = 302
			}
		}
	}
	return a, true
}

func (a *naiveAnswer) field(line string, fixed bool) bool {
	m := naiveField.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	switch name, value := strings.ToLower(m[1]), m[2]; {
	case name == "status" && fixed:
	case name == "status":
		s := naiveStatus.FindStringSubmatch(value)
		if s == nil || a.status != 0 && strconv.Itoa(a.status) != s[1] {
			return false
		}
		a.status, _ = strconv.Atoi(s[1])
	case name == "content-length":
		n, err := strconv.ParseInt(value, 10, 64)
		if !naiveLength.MatchString(value) || err != nil || a.length >= 0 {
			return false
		}
		a.length = n
	case name == "transfer-encoding":
		return false
	case !naiveHop.MatchString(name):
		a.fields = append(a.fields, m[1]+": "+value)
	}
	return true
}

// latin makes each byte a character, for the expressions.
func latin(s string) string {
	b := make([]rune, len(s))
	for i := range len(s) {
		b[i] = rune(s[i])
	}
	return string(b)
}

// naiveRecords takes a FastCGI answer apart: the output, and whether the request
// ended well, was cut, or was no answer from some point on.
func naiveRecords(wire string) (out string, end string) {
	closed := false
	for {
		if len(wire) < 8 {
			return out, "cut"
		}
		kind, id := wire[1], int(wire[2])<<8|int(wire[3])
		size, padding := int(wire[4])<<8|int(wire[5]), int(wire[6])
		switch {
		case wire[0] != 1:
			return out, "bad"
		case kind == 11 && id == 0:
		case id != 1, kind != 3 && kind != 6 && kind != 7, kind == 3 && size < 8, kind == 6 && closed && size > 0:
			return out, "bad"
		}
		content := wire[8:min(8+size, len(wire))]
		if kind == 6 {
			out += content
			closed = closed || size == 0
		}
		if len(wire) < 8+size+padding {
			return out, "cut"
		}
		if wire = wire[8+size+padding:]; kind == 3 {
			if content[4] != 0 {
				return out, "bad"
			}
			return out, "well"
		}
	}
}
