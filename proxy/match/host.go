package match

import (
	"bytes"
	"net/netip"
)

const (
	longestHost    = 253 // no name in the DNS is longer
	longestLiteral = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
)

// NormalHost appends to dst the host of an authority (RFC 3986, 3.2) in the
// form routes are matched by: lower-case, without port and without the final
// dot; an IPv6 address stays in its brackets and takes its canonical form, at
// the price of a small allocation. An empty authority has the empty host.
//
// It is false, with dst as it was, for what is no host: user information, a
// port beyond 65535, an empty label, a zone, an empty host before a port (RFC
// 9110, 4.2.1). RFC 3986 allows escapes and signs in a registered name that no
// host name holds (RFC 1123, 2.1, and the underscore of many homes); they are
// refused too, since a host travels into redirects and CGI environments.
func NormalHost(dst, authority []byte) (host []byte, ok bool) {
	if len(authority) > 0 && authority[0] == '[' {
		return normalLiteral(dst, authority[1:])
	}
	name, port, found := bytes.Cut(authority, []byte(":"))
	if found && (len(name) == 0 || !isPort(port)) {
		return dst, false
	}
	if len(name) > 1 && name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	if len(name) > longestHost {
		return dst, false
	}
	host = dst
	previous := byte('.')
	for _, c := range name {
		lower := hostByte[c]
		if lower == 0 || lower == '.' && previous == '.' {
			return dst, false
		}
		host = append(host, lower)
		previous = lower
	}
	if len(name) > 0 && previous == '.' {
		return dst, false
	}
	return host, true
}

// normalLiteral reads what follows the bracket of "[::1]:80".
func normalLiteral(dst, rest []byte) (host []byte, ok bool) {
	text, rest, found := bytes.Cut(rest, []byte("]"))
	if !found || len(text) > longestLiteral {
		return dst, false
	}
	if len(rest) > 0 && (rest[0] != ':' || !isPort(rest[1:])) {
		return dst, false
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil || !a.Is6() || a.Zone() != "" {
		return dst, false
	}
	host = append(dst, '[')
	host = a.AppendTo(host)
	return append(host, ']'), true
}

// isPort accepts the empty port too (RFC 3986, 3.2.3).
func isPort(digits []byte) bool {
	port := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		if port = port*10 + int(c-'0'); port > 65535 {
			return false
		}
	}
	return true
}

// hostByte maps the bytes of a host name to lower case, others to zero.
var hostByte = func() (lower [256]byte) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz") {
		lower[c], lower[c-'a'+'A'] = c, c
	}
	for _, c := range []byte("0123456789-_.") {
		lower[c] = c
	}
	return lower
}()

// Knows reports whether any route has the host, be it by a wildcard.
func (t *Table) Knows(host []byte) (known bool) {
	t.levels(host, func(id uint32) bool {
		n := &t.nodes[id]
		known = id != anyHost || !n.leaf || n.hasExpression || n.exact < n.end
		return !known
	})
	return known
}
