package http1

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
)

// requestHead is what a request's head says to the connection itself.
type requestHead struct {
	options options
	framing framing
	hosts   int
}

// reset leaves the names in Connection where they are: clearing them for every
// request would cost more than reading one.
func (h *requestHead) reset() {
	h.options.reset()
	h.framing = framing{length: -1}
	h.hosts = 0
}

// startsLikeRequest tells early whether what arrived can become a request line:
// a TLS hello on a plain port is answered at once, not at the deadline.
func startsLikeRequest(b []byte) bool {
	b = b[:min(len(b), maxMethod+1)]
	n := tokenLen(b)
	if n == len(b) {
		return n <= maxMethod
	}
	return n > 0 && b[n] == ' '
}

// parseRequest reads head, a complete head with its empty line, into x. The
// fields lie in head, which must stay as it is while x is used.
func parseRequest(head []byte, x *message.Exchange, h *requestHead, maxFields int) error {
	h.reset()
	r := &x.Request
	rest, err := requestLine(head, r)
	if err != nil {
		return err
	}
	for n := 0; len(rest) > 2; n++ { // the empty line is left
		if n == maxFields {
			return errTooManyFields
		}
		var f message.Field
		if f, rest, err = fieldLine(rest); err != nil {
			return err
		}
		if err = h.field(f, r); err != nil {
			return err
		}
	}
	return h.finish(r)
}

func requestLine(b []byte, r *message.Request) (rest []byte, err error) {
	line, rest := b[:bytes.IndexByte(b, '\n')-1], b[bytes.IndexByte(b, '\n')+1:]
	n := tokenLen(line)
	if n == 0 || n > maxMethod || n == len(line) || line[n] != ' ' {
		return nil, errMethod
	}
	r.Method = line[:n:n]
	line = line[n+1:]
	n = 0
	for n < len(line) && isTarget[line[n]] {
		n++
	}
	if n == 0 || n == len(line) || line[n] != ' ' {
		return nil, errTarget
	}
	target := line[:n:n]
	if err := version(line[n+1:], &r.Minor); err != nil {
		return nil, err
	}
	return rest, readTarget(target, r)
}

func version(b []byte, minor *int) error {
	const prefix = "HTTP/"
	if len(b) != len(prefix)+3 || string(b[:len(prefix)]) != prefix || b[6] != '.' {
		return errVersion
	}
	major, small := b[5], b[7]
	if major < '0' || major > '9' || small < '0' || small > '9' {
		return errVersion
	}
	if major != '1' {
		return errVersionMajor
	}
	*minor = min(int(small-'0'), 1) // RFC 9110 section 2.5: read a later minor as ours
	return nil
}

// readTarget splits a request target (RFC 9112 section 3.2).
func readTarget(target []byte, r *message.Request) error {
	switch method := string(r.Method); {
	case method == "CONNECT" || method == "TRACE":
		return errConnect
	case target[0] == '/':
		splitQuery(target, r)
		return nil
	case len(target) == 1 && target[0] == '*':
		if method != "OPTIONS" {
			return errTarget
		}
		r.Path = target
		return nil
	}
	return absoluteForm(target, r)
}

func splitQuery(target []byte, r *message.Request) {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		r.Path, r.Query = target[:i:i], target[i:]
		return
	}
	r.Path = target
}

var slash, star = []byte("/"), []byte("*")

// absoluteForm takes the authority of the target in place of Host (RFC 9112
// section 3.2.2).
func absoluteForm(target []byte, r *message.Request) error {
	n := bytes.IndexByte(target, ':')
	if n < 0 || !message.EqualFold(target[:n], "http") && !message.EqualFold(target[:n], "https") ||
		!bytes.HasPrefix(target[n:], []byte("://")) {
		return errTarget
	}
	rest := target[n+3:]
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end:end]
	if bytes.IndexByte(authority, '@') >= 0 {
		return errUserinfo
	}
	if len(authority) == 0 {
		return errTarget
	}
	r.Authority = authority
	splitQuery(rest[end:], r)
	if len(r.Path) == 0 {
		r.Path = slash
		if string(r.Method) == "OPTIONS" && len(r.Query) == 0 {
			r.Path = star
		}
	}
	return nil
}

// field takes what concerns this hop and keeps the rest.
func (h *requestHead) field(f message.Field, r *message.Request) error {
	switch f.Known {
	case message.Host:
		h.hosts++
		if r.Authority == nil {
			r.Authority = f.Value
		}
	case message.ContentLength:
		return h.framing.readLength(f.Value)
	case message.TransferEncoding:
		return h.framing.readCoding(f.Value)
	case message.Connection:
		return h.options.read(f.Value)
	case message.Upgrade:
		if r.Upgrade == nil {
			r.Upgrade = f.Value
		}
	case message.TE:
		r.TE = r.TE || listHas(f.Value, "trailers")
	case message.Expect:
		if !message.EqualFold(f.Value, "100-continue") {
			return errExpect
		}
		r.Expect = true
	case message.KeepAlive, message.ProxyConnection, message.HTTP2Settings, message.ProxyAuthorization, message.ProxyAuthenticate:
	default:
		r.Fields = append(r.Fields, f)
	}
	return nil
}

func listHas(list []byte, want string) bool {
	for len(list) > 0 {
		var item []byte
		item, list = nextItem(list)
		if message.EqualFold(item, want) {
			return true
		}
	}
	return false
}

func (h *requestHead) finish(r *message.Request) error {
	if h.hosts > 1 || h.hosts == 0 && r.Minor > 0 {
		return errHost
	}
	if err := h.framing.check(r.Minor); err != nil {
		return err
	}
	h.options.drop(&r.Fields)
	r.Length = max(h.framing.length, 0)
	if h.framing.chunked {
		r.Length = message.Unknown
	}
	r.Expect = r.Expect && r.Minor > 0 && r.Length != 0
	if !h.options.upgrade || !mayUpgrade(r) {
		r.Upgrade = nil
	}
	return nil
}

// mayUpgrade leaves out h2c, which is obsolete (RFC 9113 section 3.1) and a way
// around a proxy, and a request with a body: a server may ignore an Upgrade.
func mayUpgrade(r *message.Request) bool {
	return r.Minor > 0 && r.Length == 0 && !listHas(r.Upgrade, "h2c")
}

// keepAlive tells whether another request may follow (RFC 9112 section 9.3).
func (h *requestHead) keepAlive(minor int) bool {
	return !h.options.close && (minor > 0 || h.options.keepAlive)
}
