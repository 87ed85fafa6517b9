package http1_test

import (
	"regexp"
	"slices"
	"strings"

	"forge.home.arpa/portico/proxy/http1"
)

// response is what a reader understood of one answer.
type response struct {
	head string // verdict; every refusal is "bad"

	interim []interim
	status  int
	reason  string
	fields  []field
	length  int64
	upgrade string

	body     string
	end      string
	trailers []field
	reusable bool
}

type interim struct {
	status int
	fields []field
}

// asked is what an answer depends on.
type asked struct {
	head    bool
	upgrade string // the protocol that was asked for
}

var statusLinePattern = regexp.MustCompile(`(?s)^HTTP/1\.([0-9]) ([1-5])([0-9])([0-9])(?: (` + text + `*))?$`)

func naiveResponse(stream string, a asked, l http1.Limits) (r response) {
	for {
		if n := min(len(stream), 5); stream[:n] != "HTTP/"[:n] {
			return response{head: "bad", interim: r.interim}
		}
		lines, rest, verdict := naiveLines(stream, l)
		if verdict == isCut {
			return response{head: isCut, interim: r.interim}
		}
		hop := naiveHop{length: -1}
		minor := 0
		ok := verdict == isWhole && r.naiveHead(lines, &hop, &minor)
		if !ok || r.status == 101 && !mayBecome(r.upgrade, a.upgrade) {
			return response{head: "bad", interim: r.interim}
		}
		if r.status >= 200 || r.status == 101 {
			r.head = isWhole
			r.naiveBody(rest, a, hop, minor, l)
			return r
		}
		if r.interim = append(r.interim, interim{r.status, r.fields}); len(r.interim) > 64 { // ours
			return response{head: "bad", interim: r.interim}
		}
		r.fields, stream = nil, rest
	}
}

// mayBecome tells whether the protocol switched to was among those asked for
// (RFC 9110 section 7.8).
func mayBecome(protocol, asked string) bool {
	all := items(protocol)
	return len(all) > 0 && !slices.ContainsFunc(all, func(p string) bool { return !slices.Contains(items(asked), p) })
}

func (r *response) naiveHead(lines []string, hop *naiveHop, minor *int) bool {
	m := statusLinePattern.FindStringSubmatch(lines[0])
	if m == nil {
		return false
	}
	*minor = min(int(m[1][0]-'0'), 1)
	r.status = 100*int(m[2][0]-'0') + 10*int(m[3][0]-'0') + int(m[4][0]-'0')
	r.reason, r.fields, r.upgrade = m[5], nil, ""
	for _, line := range lines[1:] {
		f, ok := naiveField(line)
		if !ok {
			return false
		}
		if lower(f.name) == "upgrade" {
			r.upgrade = f.value
		} else if hop.take(f, &r.fields) != isWhole {
			return false
		}
	}
	r.fields = hop.without(r.fields)
	r.length = hop.length
	return !hop.chunked || hop.length < 0 && *minor == 1
}

// naiveBody is RFC 9112 section 6.3.
func (r *response) naiveBody(rest string, a asked, hop naiveHop, minor int, l http1.Limits) {
	keep := !slices.Contains(hop.options, "close") && (minor > 0 || slices.Contains(hop.options, "keep-alive"))
	r.end = isWhole
	switch {
	case r.status == 101:
		keep = false
	case r.status == 204: // it has no body: one that is announced may still come
		keep = keep && hop.length <= 0 && !hop.chunked
	case a.head || r.status == 304:
	case hop.chunked:
		r.body, r.trailers, rest, r.end = naiveChunks(rest, l)
	case hop.length < 0:
		r.body, rest, keep = rest, "", false
	case int64(len(rest)) < hop.length:
		r.body, rest, r.end = rest, "", isCut
	default:
		r.body, rest = rest[:hop.length], rest[hop.length:]
	}
	r.reusable = keep && r.end == isWhole && rest == ""
	if !strings.HasPrefix(r.end, isWhole) && r.end != isCut {
		r.end = "bad"
	}
}
