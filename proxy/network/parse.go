package network

import (
	"bytes"
	"net/netip"
)

// longestEntry bounds what is worth reading.
const longestEntry = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")

// parseEntry reads an entry of X-Forwarded-For: an address, or one with a port,
// an IPv6 address then in brackets. A bare IPv6 address has no port: of
// 2001:db8::1:443 no one could tell. Zones, quotes and words are not addresses.
func parseEntry(b []byte) (netip.Addr, bool) {
	if len(b) == 0 || len(b) > longestEntry {
		return netip.Addr{}, false
	}
	if b[0] == '[' {
		text, rest, found := bytes.Cut(b[1:], []byte("]"))
		if !found || len(rest) > 0 && (rest[0] != ':' || !isPort(rest[1:])) {
			return netip.Addr{}, false
		}
		return parse6(text)
	}
	text, port, found := bytes.Cut(b, []byte(":"))
	switch {
	case !found:
		return parse4(b)
	case bytes.IndexByte(port, ':') >= 0: // two colons
		return parse6(b)
	case !isPort(port):
		return netip.Addr{}, false
	}
	return parse4(text)
}

func isPort(digits []byte) bool {
	if len(digits) == 0 || len(digits) > len("65535") {
		return false
	}
	port := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		port = port*10 + int(c-'0')
	}
	return port <= 65535
}

// parse4 and parse6 read what netip.ParseAddr reads, zones excepted; that takes
// a string and so would allocate for every request behind another proxy.
func parse4(b []byte) (netip.Addr, bool) {
	var ip [4]byte
	for i := range ip {
		part, rest, found := bytes.Cut(b, []byte("."))
		if found != (i < 3) || len(part) == 0 || len(part) > 3 || len(part) > 1 && part[0] == '0' {
			return netip.Addr{}, false
		}
		value := 0
		for _, c := range part {
			if c < '0' || c > '9' {
				return netip.Addr{}, false
			}
			value = value*10 + int(c-'0')
		}
		if value > 255 {
			return netip.Addr{}, false
		}
		ip[i], b = byte(value), rest
	}
	return netip.AddrFrom4(ip), true
}

// parse6 reads RFC 4291, 2.2.
func parse6(b []byte) (netip.Addr, bool) {
	var ip, end [16]byte
	head, tail, gap := bytes.Cut(b, []byte("::"))
	n, ok := readGroups(&ip, head, !gap)
	if !ok || !gap {
		return netip.AddrFrom16(ip), ok && n == 16
	}
	m, ok := readGroups(&end, tail, true)
	if !ok || n+m > 14 { // "::" stands for one group at least
		return netip.Addr{}, false
	}
	copy(ip[16-m:], end[:m])
	return netip.AddrFrom16(ip), true
}

// readGroups reads groups of hexadecimal digits, at the end of an address also
// an IPv4 address, and returns how many bytes they are.
func readGroups(ip *[16]byte, b []byte, atEnd bool) (n int, ok bool) {
	for more := len(b) > 0; more; {
		var group []byte
		group, b, more = bytes.Cut(b, []byte(":"))
		if a, ok := parse4(group); ok && atEnd && !more && n <= 12 {
			v4 := a.As4()
			return n + copy(ip[n:], v4[:]), true
		}
		value, ok := parseGroup(group)
		if !ok || n == 16 {
			return 0, false
		}
		ip[n], ip[n+1] = byte(value>>8), byte(value)
		n += 2
	}
	return n, true
}

func parseGroup(digits []byte) (value uint16, ok bool) {
	if len(digits) == 0 || len(digits) > 4 {
		return 0, false
	}
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		value = value<<4 | uint16(c)
	}
	return value, true
}
