package tui

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// addressMatcher reads an address, a network or the beginning of an address.
func addressMatcher(s string) (matcher, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network", s)
		}
		return func(r *record.Row) bool { return p.Contains(r.Client.Unmap()) }, nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return func(r *record.Row) bool { return r.Client.Unmap() == a.Unmap() }, nil
	}
	s = strings.ToLower(s)
	return func(r *record.Row) bool { return strings.HasPrefix(r.Client.Unmap().String(), s) }, nil
}

// parseComparison reads >500ms <5s >1mb >=400; ok is false when s is none.
func parseComparison(s string) (m matcher, err error, ok bool) {
	for _, op := range []string{">=", "<=", ">", "<"} {
		value, found := strings.CutPrefix(s, op)
		if !found {
			continue
		}
		field, limit, err := parseQuantity(value)
		if err != nil {
			return nil, fmt.Errorf("%s what? (%s500ms %s1mb %s400)", op, op, op, op), true
		}
		return compare(op, field, limit), nil, true
	}
	return nil, nil, false
}

// parseQuantity reads a duration, a size or a status: which number of a row is
// meant, and the number.
func parseQuantity(s string) (field func(*record.Row) int64, limit int64, err error) {
	s = strings.ToLower(s)
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return func(r *record.Row) int64 { return int64(r.Status) }, n, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return func(r *record.Row) int64 { return int64(r.Total) }, int64(d), nil
	}
	n, err := parseSize(s)
	return func(r *record.Row) int64 { return r.BytesIn + r.BytesOut }, n, err
}

// parseSize reads 10b, 1.5kb, 1mb, 2gb in units of 1024.
func parseSize(s string) (int64, error) {
	unit := 1.0
	for _, u := range []struct {
		name string
		size float64
	}{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"b", 1}} {
		if v, ok := strings.CutSuffix(s, u.name); ok {
			s, unit = v, u.size
			break
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v*unit < 1<<60) { // the negation also refuses NaN
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int64(v * unit), nil
}

func compare(op string, field func(*record.Row) int64, limit int64) matcher {
	switch op {
	case ">":
		return func(r *record.Row) bool { return field(r) > limit }
	case "<":
		return func(r *record.Row) bool { return field(r) < limit }
	case ">=":
		return func(r *record.Row) bool { return field(r) >= limit }
	}
	return func(r *record.Row) bool { return field(r) <= limit }
}

// parseTilde reads mitmproxy's terms: ~d host, ~u URL, ~m method (each a
// regular expression), ~c status, ~e failed.
func parseTilde(term string, rest []string) (matcher, []string, error) {
	if term == "~e" {
		return func(r *record.Row) bool { return r.Cause != record.CauseNone }, rest, nil
	}
	if !strings.Contains("~d ~u ~m ~c", term) || len(term) != 2 {
		return nil, nil, fmt.Errorf("no term %s; there are ~d ~u ~m ~c ~e", term)
	}
	if len(rest) == 0 {
		return nil, nil, fmt.Errorf("%s what? (%s)", term, tildeExamples[term])
	}
	m, err := tildeMatcher(term, rest[0])
	return m, rest[1:], err
}

var tildeExamples = map[string]string{"~d": "~d git", "~u": "~u /api/.*", "~m": "~m POST", "~c": "~c 502"}

func tildeMatcher(term, value string) (matcher, error) {
	if term == "~c" {
		if m := parseStatus(value); m != nil {
			return m, nil
		}
		return nil, fmt.Errorf("~c %q is not a status", value)
	}
	re, err := regexp.Compile("(?i)" + value)
	if err != nil {
		return nil, fmt.Errorf("%s %s: not a regular expression", term, value)
	}
	switch term {
	case "~d":
		return func(r *record.Row) bool { return re.MatchString(r.Host.String()) }, nil
	case "~m":
		return func(r *record.Row) bool { return re.MatchString(r.Method.String()) }, nil
	}
	return func(r *record.Row) bool { return re.MatchString(r.Host.String() + r.Path.String()) }, nil
}
