package network

import (
	"bytes"
	"net/netip"
)

// mostProxies bounds how far a chain is walked. Addresses beyond it were
// written by no proxy of a home.
const mostProxies = 64

// Client finds whose request it is: the peer's, or, where the peer is a trusted
// proxy, that of the address it names in X-Forwarded-For, given as the values
// of its fields in order. Each proxy appends the address it was asked by, so
// the list is walked from the right, over trusted proxies; the first address
// that is not one of them is the client, and what stands left of it is its own
// invention. fromHeader says that the address is not the peer's own.
//
// What is malformed ends the walk too, but is no address: then the last good
// one stands, a proxy's. So a client that is not told from its proxy is judged
// as the proxy is; a list that lets proxies in by address lets it in.
//
// An IPv4 address written as IPv6 is given as IPv4. A peer keeps its zone.
func Client(peer netip.Addr, trusted *Set, forwardedFor [][]byte) (addr netip.Addr, fromHeader bool) {
	addr = peer.Unmap()
	walk := entries{values: forwardedFor, left: mostProxies}
	for {
		if _, ok := trusted.Contains(addr); !ok {
			return addr, fromHeader
		}
		entry, ok := walk.next()
		if !ok {
			return addr, fromHeader
		}
		next, ok := parseEntry(entry)
		if !ok {
			return addr, fromHeader
		}
		addr, fromHeader = next.Unmap(), true
	}
}

// entries walks a list (RFC 9110, 5.6.1) from its end.
type entries struct {
	values [][]byte // the fields not yet begun
	value  []byte   // what is left of the present one
	inside bool     // there is a present one
	left   int      // how many entries are still looked at
}

// next returns the entry before the one it returned last. Empty ones are
// skipped, as RFC 9110 has it, but counted.
func (e *entries) next() (entry []byte, ok bool) {
	for ; e.left > 0; e.left-- {
		if !e.inside {
			last := len(e.values) - 1
			if last < 0 {
				return nil, false
			}
			e.value, e.values, e.inside = e.values[last], e.values[:last], true
		}
		comma := bytes.LastIndexByte(e.value, ',')
		entry = bytes.Trim(e.value[comma+1:], " \t")
		e.value, e.inside = e.value[:max(comma, 0)], comma >= 0
		if len(entry) > 0 {
			e.left--
			return entry, true
		}
	}
	return nil, false
}
