package proxy

import (
	"bytes"
	"strings"

	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// reference is "http://host:port/path?query" or "/path?query" (RFC 3986 section
// 4), as Location and Destination carry it.
type reference struct {
	scheme    string // "" for the second form
	start     []byte // scheme and authority as written
	authority []byte
	target    []byte // begins with "/"; for a bare authority it is "/"
}

// readReference is false for other forms, "//host/path" among them.
func readReference(b []byte) (u reference, ok bool) {
	if len(b) > 0 && b[0] == '/' {
		return reference{target: b}, len(b) == 1 || b[1] != '/' && b[1] != '\\'
	}
	for _, scheme := range [...]string{"http", "https"} {
		n := len(scheme) + len("://")
		if len(b) <= n || !message.EqualFold(b[:n], scheme+"://") {
			continue
		}
		end := bytes.IndexAny(b[n:], "/?#")
		if end < 0 {
			end = len(b) - n
		}
		u = reference{scheme: scheme, start: b[: n+end : n+end], authority: b[n : n+end], target: b[n+end:]}
		if len(u.target) == 0 || u.target[0] != '/' {
			u.target = append([]byte("/"), u.target...)
		}
		return u, end > 0
	}
	return u, false
}

// isOurs tells whether a reference names the host and port that were asked.
func (v *visit) isOurs(u reference) bool {
	var buf [256]byte
	host, ok := match.NormalHost(buf[:0], u.authority)
	if !ok || !bytes.Equal(host, v.x.Request.Host) {
		return false
	}
	theirs, ours := portOf(u.authority), portOf(v.authority)
	if theirs == "" && ours == "" {
		return true // whatever the scheme: it is the same name
	}
	return orPort(theirs, u.scheme) == orPort(ours, v.x.Request.Scheme)
}

// names tells whether a reference names the host and port of an upstream.
func (u reference) names(to *upstream.Upstream) bool {
	if bytes.EqualFold(u.authority, to.Authority) {
		return true
	}
	host := u.authority
	if port := portOf(host); port != "" {
		host = host[:len(host)-len(port)-1]
	}
	return strings.EqualFold(string(host)+":"+orPort(portOf(u.authority), u.scheme), to.Addr)
}

// portOf is the port an authority names, "" without one.
func portOf(authority []byte) string {
	i := bytes.LastIndexByte(authority, ':')
	if i < 0 || !validPort(authority[i+1:]) {
		return ""
	}
	return string(authority[i+1:])
}

func orPort(port, scheme string) string {
	switch {
	case port != "":
		return port
	case scheme == "https":
		return "443"
	}
	return "80"
}
