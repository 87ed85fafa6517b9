package cgi

import (
	"bytes"
	"strconv"

	"forge.home.arpa/portico/proxy/message"
)

const (
	// maxHead and maxFields bound the head of an answer, in bytes and in fields.
	maxHead   = 32 << 10
	maxFields = 200
)

// headEnd is the length of the head with its empty line, -1 while it is not
// complete; b[:seen] was looked at before. Lines end by LF or CR LF: the first
// is what a script prints (RFC 3875 section 6.2).
func headEnd(b []byte, seen int) int {
	for at := seen; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		before := bytes.TrimSuffix(b[:at-1], []byte("\r"))
		if len(before) == 0 || before[len(before)-1] == '\n' {
			return at
		}
	}
}

// parseHead reads a complete head with its empty line (RFC 3875 section 6). A
// status line in place of Status, as scripts without parsed headers and uWSGI
// send it, is understood too. The error is a *message.BadResponse.
func parseHead(head []byte, r *message.Response) error {
	h := answer{Response: r}
	r.Status, r.Reason, r.Fields, r.Length = 0, nil, r.Fields[:0], message.Unknown
	r.Upgrade, r.Trailers = nil, nil
	line, rest := cutLine(head)
	if bytes.HasPrefix(line, []byte("HTTP/")) {
		if _, after, ok := bytes.Cut(line, []byte(" ")); !ok || !h.status(after) {
			return &message.BadResponse{Why: "a bad status line"}
		}
		h.line = true
		line, rest = cutLine(rest)
	}
	for n := 0; len(line) > 0; n++ {
		if n == maxFields {
			return &message.BadResponse{Why: "too many fields"}
		}
		if err := h.field(line); err != nil {
			return err
		}
		line, rest = cutLine(rest)
	}
	return h.finish()
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// answer is what a head has said so far.
type answer struct {
	*message.Response
	line bool // its status stood in the first line, which counts more
}

func (h *answer) field(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || !isToken(name) {
		return &message.BadResponse{Why: "a line that is no field"}
	}
	value = bytes.Trim(value, " \t")
	if !isText(value) {
		return &message.BadResponse{Why: "a control character in a field"}
	}
	f := message.Field{Known: message.Lookup(name), Name: name, Value: value}
	switch f.Known {
	case message.ContentLength:
		return h.length(value)
	case message.TransferEncoding:
		return &message.BadResponse{Why: "a transfer coding, which CGI does not have"}
	case message.Connection, message.KeepAlive, message.ProxyConnection, message.ProxyAuthenticate,
		message.Upgrade, message.TE, message.Trailer:
		return nil // of this hop
	}
	if message.EqualFold(name, "Status") {
		return h.statusField(value)
	}
	h.Fields = append(h.Fields, f)
	return nil
}

func (h *answer) statusField(value []byte) error {
	if h.line {
		return nil
	}
	if before := h.Status; !h.status(value) || before != 0 && before != h.Status {
		return &message.BadResponse{Why: "a bad or repeated Status"}
	}
	return nil
}

// status reads "404 Not Found" or "404". A final one only: there is nothing that
// an interim answer could be for.
func (h *answer) status(value []byte) bool {
	code, reason, _ := bytes.Cut(value, []byte(" "))
	n, err := strconv.Atoi(string(code))
	if err != nil || len(code) != 3 || n < 200 || n > 599 || !isText(reason) {
		return false
	}
	h.Status, h.Reason = n, bytes.Trim(reason, " \t")
	return true
}

func (h *answer) length(value []byte) error {
	n, err := strconv.ParseUint(string(value), 10, 63)
	if err != nil || h.Length != message.Unknown || value[0] == '+' {
		return &message.BadResponse{Why: "a bad or repeated Content-Length"}
	}
	h.Length = int64(n)
	return nil
}

func (h *answer) finish() error {
	switch {
	case h.Status != 0:
	case h.Fields.Has(message.Location):
		h.Status = 302
	case len(h.Fields) == 0 && h.Length == message.Unknown:
		return &message.BadResponse{Why: "an empty head"}
	default:
		h.Status = 200
	}
	return nil
}

// isToken is RFC 9110 section 5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0) {
			return false
		}
	}
	return len(b) > 0
}

func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
