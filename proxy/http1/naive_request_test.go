package http1_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"forge.home.arpa/portico/proxy/http1"
)

// request is what a reader understood of one request.
type request struct {
	head string // verdict

	method, authority, path, query string
	fields                         []field
	minor                          int
	length                         int64
	upgrade                        string
	expect, te                     bool

	body     string
	end      string // verdict on the body
	trailers []field
	more     bool // another request may follow
}

var (
	startPattern       = regexp.MustCompile(`^` + token + `{1,32}(?: |$)`) // 32: ours
	requestLinePattern = regexp.MustCompile(`(?s)^(` + token + `{1,32}) ([^\x00-\x20\x7f#]+) HTTP/([0-9])\.([0-9])$`)
	absolutePattern    = regexp.MustCompile(`(?s)^[hH][tT][tT][pP][sS]?://([^/?]+)([/?].*)?$`)
)

// naiveRequests reads all requests of a stream.
func naiveRequests(stream string, l http1.Limits) (all []request) {
	if strings.HasPrefix(stream, "PRI * HTTP/2.0\r\n\r\n") {
		return []request{{head: isHTTP2}}
	}
	for stream != "" {
		var r request
		r, stream = naiveRequest(stream, l)
		all = append(all, r)
		if !r.more {
			break
		}
	}
	return all
}

func naiveRequest(stream string, l http1.Limits) (request, string) {
	switch { // one empty line is allowed (RFC 9112 section 2.2)
	case stream == "\r", stream == "\r\n":
		return request{head: isCut}, ""
	case strings.HasPrefix(stream, "\r\n"):
		stream = stream[2:]
	}
	if !startPattern.MatchString(stream) {
		return request{head: "400"}, ""
	}
	lines, rest, verdict := naiveLines(stream, l)
	if verdict != isWhole {
		return request{head: verdict}, ""
	}
	r, hop := request{}, naiveHop{length: -1}
	if r.head = r.naiveHead(lines, &hop); r.head != isWhole {
		return request{head: r.head}, ""
	}
	switch {
	case hop.chunked:
		r.body, r.trailers, rest, r.end = naiveChunks(rest, l)
	case int64(len(rest)) < r.length:
		r.body, r.end = rest, isCut
	default:
		r.body, rest, r.end = rest[:r.length], rest[r.length:], isWhole
	}
	r.more = r.end == isWhole && !r.expect && !slices.Contains(hop.options, "close") &&
		(r.minor > 0 || slices.Contains(hop.options, "keep-alive"))
	return r, rest
}

func (r *request) naiveHead(lines []string, hop *naiveHop) (verdict string) {
	m := requestLinePattern.FindStringSubmatch(lines[0])
	switch {
	case m == nil:
		return "400"
	case m[3] != "1":
		return "505"
	case m[1] == "CONNECT" || m[1] == "TRACE": // ours
		return "405"
	}
	r.method, r.minor = m[1], min(int(m[4][0]-'0'), 1)
	named := r.naiveTarget(m[2])
	if !named {
		return "400"
	}
	var hosts, upgrades []string
	for _, line := range lines[1:] {
		f, ok := naiveField(line)
		if !ok {
			return "400"
		}
		switch lower(f.name) {
		case "host":
			hosts = append(hosts, f.value)
		case "upgrade":
			upgrades = append(upgrades, f.value)
		case "te":
			r.te = r.te || slices.Contains(items(f.value), "trailers")
		case "expect":
			if lower(f.value) != "100-continue" {
				return "417"
			}
			r.expect = true
		case "http2-settings", "proxy-authorization":
		default:
			if v := hop.take(f, &r.fields); v != isWhole {
				return v
			}
		}
	}
	if len(hosts) > 1 || len(hosts) == 0 && r.minor == 1 {
		return "400"
	}
	if r.authority == "" && len(hosts) == 1 {
		r.authority = hosts[0]
	}
	if hop.chunked && (hop.length >= 0 || r.minor == 0) {
		return "400"
	}
	r.naiveMeaning(hop, upgrades)
	return isWhole
}

// naiveMeaning is what follows from the fields together.
func (r *request) naiveMeaning(hop *naiveHop, upgrades []string) {
	r.fields = hop.without(r.fields)
	r.length = max(hop.length, 0)
	if hop.chunked {
		r.length = -1
	}
	r.expect = r.expect && r.minor == 1 && r.length != 0
	if len(upgrades) > 0 && slices.Contains(hop.options, "upgrade") && r.minor == 1 && r.length == 0 &&
		!slices.Contains(items(upgrades[0]), "h2c") {
		r.upgrade = upgrades[0]
	}
}

// take reads what holds for requests and answers alike and keeps what is left
// for the other side.
func (h *naiveHop) take(f field, kept *[]field) (verdict string) {
	switch lower(f.name) {
	case "content-length":
		if h.length >= 0 || !lengthPattern.MatchString(f.value) { // ours: twice the same is refused
			return "400"
		}
		h.length, _ = strconv.ParseInt(f.value, 10, 64)
	case "transfer-encoding":
		if h.chunked || lower(f.value) != "chunked" {
			return "501"
		}
		h.chunked = true
	case "connection":
		h.options = append(h.options, items(f.value)...)
		if len(h.names()) > 32 { // ours
			return "400"
		}
	case "keep-alive", "proxy-connection", "proxy-authenticate":
	default:
		*kept = append(*kept, f)
	}
	return isWhole
}

// naiveTarget reads the four forms of RFC 9112 section 3.2.
func (r *request) naiveTarget(target string) bool {
	if target == "*" {
		r.path = "*"
		return r.method == "OPTIONS"
	}
	if m := absolutePattern.FindStringSubmatch(target); m != nil {
		r.authority, target = m[1], m[2]
		if strings.Contains(r.authority, "@") {
			return false
		}
		if target == "" && r.method == "OPTIONS" {
			r.path = "*"
			return true
		}
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
	}
	i := strings.IndexByte(target, '?')
	if i < 0 {
		i = len(target)
	}
	r.path, r.query = target[:i], target[i:]
	return strings.HasPrefix(r.path, "/")
}
