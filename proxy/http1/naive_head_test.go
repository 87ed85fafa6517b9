package http1_test

import (
	"regexp"
	"slices"
	"strings"

	"forge.home.arpa/portico/proxy/http1"
)

// The naive readers read a whole stream as one string, straight from the words
// of RFC 9110 and RFC 9112, without regard to speed. What portico refuses though
// the RFC would let it pass is marked "ours".

// A verdict is whole, cut (the stream ended too early), or a status.
const (
	isWhole = "whole"
	isCut   = "cut"
	isHTTP2 = "HTTP/2"
)

const (
	token = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
	// text is a character of a field value: visible, blank or obs-text.
	text  = `[^\x00-\x08\x0a-\x1f\x7f]`
	blank = `[ \t]*`
)

var fieldPattern = regexp.MustCompile(`(?s)^(` + token + `+):` + blank + `(` + text + `*?)` + blank + `$`)

// field is a name and a value as they were sent.
type field struct{ name, value string }

// naiveLines cuts a head into lines, without their ends and without the empty
// line. All limits are ours.
func naiveLines(stream string, l http1.Limits) (lines []string, rest, verdict string) {
	at := 0
	for {
		i := strings.IndexByte(stream[at:], '\n')
		end := at + i
		if i < 0 {
			end = len(stream)
		}
		switch {
		case len(lines) == 0 && end > l.Line:
			return nil, "", "414"
		case end > l.Head || len(lines) > l.Fields+1:
			return nil, "", "431"
		case i < 0:
			return nil, "", isCut
		case i == 0 || stream[end-1] != '\r': // ours: RFC 9112 section 2.2 would allow a bare LF
			return nil, "", "400"
		}
		line := stream[at : end-1]
		at = end + 1
		if line == "" && len(lines) > 0 {
			return lines, stream[at:], isWhole
		}
		lines = append(lines, line)
	}
}

func naiveField(line string) (field, bool) {
	m := fieldPattern.FindStringSubmatch(line)
	if m == nil {
		return field{}, false
	}
	return field{m[1], m[2]}, true
}

// lower is for ASCII alone: other letters have no case in HTTP.
func lower(s string) string {
	return string(asciiLower([]byte(s)))
}

func asciiLower(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func items(list string) (out []string) {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.Trim(item, " \t"); item != "" {
			out = append(out, lower(item))
		}
	}
	return out
}

// naiveHop is what a head says for its own connection.
type naiveHop struct {
	options []string // of Connection
	length  int64    // -1 without one
	chunked bool
}

// without leaves out the fields that Connection names for this hop.
func (h *naiveHop) without(fields []field) (kept []field) {
	for _, f := range fields {
		if !slices.Contains(h.names(), lower(f.name)) {
			kept = append(kept, f)
		}
	}
	return kept
}

var lengthPattern = regexp.MustCompile(`^[0-9]{1,18}$`) // 18 digits: ours

// names are the fields that Connection names for this hop.
func (h *naiveHop) names() (out []string) {
	for _, o := range h.options {
		if o != "close" && o != "keep-alive" && o != "upgrade" {
			out = append(out, o)
		}
	}
	return out
}
