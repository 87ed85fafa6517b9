// Package network owns what is known about addresses: lists of networks, the
// built-in ones that change while portico runs, and whose address a request
// came from.
//
// It reads the interfaces and routes of this machine and nothing else, and
// deliberately does not know config, HTTP messages, or what a list is for:
// allow, deny, trusted proxies and "never ban" are all a Set.
//
// A Set never changes, Builtins change as a whole; everything here is safe for
// concurrent use, and no lookup allocates or waits.
package network

import (
	"fmt"
	"net/netip"
)

// Entry is one network of a list: prefixes under the name that reasons show,
// or without prefixes the name of a built-in network.
type Entry struct {
	Name     string
	Prefixes []netip.Prefix
}

// Set is a list of networks. The nil Set is the empty list.
type Set struct {
	names  []string
	fixed  table
	follow []followed // by entry
}

// followed is an entry whose prefixes change.
type followed struct {
	entry    int32
	contains func(netip.Addr) bool
}

// NewSet compiles a list. An error names the entry that cannot be used. Where
// no entry is "lan" or "home" the built-in networks may be nil.
func NewSet(entries []Entry, b *Builtins) (*Set, error) {
	s := &Set{}
	var pieces []piece
	for i, e := range entries {
		s.names = append(s.names, e.Name)
		prefixes := e.Prefixes
		switch {
		case len(prefixes) > 0:
		case e.Name == Private:
			prefixes = private
		case e.Name == Cloudflare:
			prefixes = cloudflare
		case e.Name == LAN && b != nil:
			s.follow = append(s.follow, followed{int32(i), b.inLAN})
		case e.Name == Home && b != nil:
			s.follow = append(s.follow, followed{int32(i), b.inHome})
		default:
			return nil, fmt.Errorf("network %q has no addresses and is not built in", e.Name)
		}
		for _, p := range prefixes {
			if !p.IsValid() {
				return nil, fmt.Errorf("network %q has an address that is none", e.Name)
			}
			pieces = append(pieces, pieceOf(p, int32(i)))
		}
	}
	s.fixed = newTable(pieces)
	return s, nil
}

// Contains reports whether an address is in the list, and the name of the first
// entry that has it. An IPv4 address written as IPv6 is the IPv4 address; only
// "lan" looks at the zone.
func (s *Set) Contains(a netip.Addr) (name string, ok bool) {
	if s == nil || !a.IsValid() {
		return "", false
	}
	first := s.fixed.find(a)
	for _, f := range s.follow {
		if first >= 0 && first < f.entry {
			break
		}
		if f.contains(a) {
			first = f.entry
			break
		}
	}
	if first < 0 {
		return "", false
	}
	return s.names[first], true
}

// Group is what limits and bans are counted by: an IPv4 address, or the /64 of
// an IPv6 address, since a client can take any address in its own.
func Group(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 64
	if a.Is4() {
		bits = 32
	}
	group, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // of no address
	}
	return group
}
