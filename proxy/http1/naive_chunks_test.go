package http1_test

import (
	"regexp"
	"strconv"
	"strings"

	"forge.home.arpa/portico/proxy/http1"
)

var chunkPattern = regexp.MustCompile(`^([0-9a-fA-F]{1,15})` + // 15 digits: ours
	`((?:` + blank + `;` + blank + token + `+(?:` + blank + `=` + blank + `(?:` + token + `+|` + quoted + `))?)*)$`)

const quoted = `"(?:\\` + text + `|[^\x00-\x08\x0a-\x1f\x7f"\\])*"`

// maxExtensions is ours, as is a line that could not end within it.
const (
	maxExtensions = 4 << 10
	maxChunkLine  = 15 + maxExtensions + len("\r")
)

// naiveChunks decodes a body by RFC 9112 section 7.1. What came before a
// failure counts.
func naiveChunks(stream string, l http1.Limits) (body string, trailers []field, rest, verdict string) {
	extensions := 0
	for {
		line, after, found := strings.Cut(stream, "\n")
		switch {
		case len(line) > maxChunkLine:
			return body, nil, "", "400"
		case !found:
			return body, nil, "", isCut
		case !strings.HasSuffix(line, "\r"):
			return body, nil, "", "400"
		}
		m := chunkPattern.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
		if m == nil {
			return body, nil, "", "400"
		}
		if extensions += len(m[2]); extensions > maxExtensions {
			return body, nil, "", "400"
		}
		size, _ := strconv.ParseInt(m[1], 16, 64)
		if size == 0 {
			trailers, rest, verdict = naiveTrailers(after, l)
			return body, trailers, rest, verdict
		}
		if int64(len(after)) < size {
			return body + after, nil, "", isCut
		}
		body, stream = body+after[:size], after[size:]
		switch {
		case strings.HasPrefix(stream, "\r\n"):
			stream = stream[2:]
		case stream == "" || stream == "\r":
			return body, nil, "", isCut
		default:
			return body, nil, "", "400"
		}
	}
}

func naiveTrailers(stream string, l http1.Limits) (trailers []field, rest, verdict string) {
	if strings.HasPrefix(stream, "\r\n") {
		return nil, stream[2:], isWhole
	}
	lines, rest, verdict := naiveLines(stream, l)
	if verdict == "414" { // there is no request line here
		verdict = "431"
	}
	if verdict != isWhole {
		return nil, "", verdict
	}
	for _, line := range lines {
		f, ok := naiveField(line)
		if !ok {
			return nil, "", "400"
		}
		if !forbiddenTrailer(f.name) {
			trailers = append(trailers, f)
		}
	}
	return trailers, rest, isWhole
}

// forbiddenTrailer knows the fields that frame, route, modify or authenticate a
// message or describe its content (RFC 9110 section 6.5.1), and those that are
// portico's own to set. With '_' they are no better.
func forbiddenTrailer(name string) bool {
	switch name = lower(name); strings.ReplaceAll(name, "_", "-") {
	case "host", "connection", "content-length", "transfer-encoding", "content-type", "authorization", "cookie",
		"forwarded", "x-real-ip", "x-request-id":
		return true
	}
	switch name {
	case "accept", "content-location", "destination", "expect", "http2-settings", "keep-alive", "location",
		"proxy-authenticate", "proxy-authorization", "proxy-connection", "set-cookie", "te", "trailer", "upgrade", "user-agent":
		return true
	}
	return strings.HasPrefix(strings.ReplaceAll(name, "_", "-"), "x-forwarded-") && len(name) > len("x-forwarded-")
}
