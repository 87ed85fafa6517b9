package ddns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Flags of an IPv6 address in /proc/net/if_inet6.
const (
	flagTemporary  = 0x01
	flagDADFailed  = 0x08
	flagDeprecated = 0x20
	flagTentative  = 0x40
)

// fromInterface reads an interface's own addresses that can be reached from
// outside; name "" is any interface.
func fromInterface(name string) (Addresses, error) {
	a := Addresses{V6: stableV6(name)}
	if name == "" {
		return a, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return Addresses{}, fmt.Errorf("this machine has no interface %s", name)
	}
	list, err := i.Addrs()
	if err != nil {
		return Addresses{}, fmt.Errorf("interface %s: %w", name, err)
	}
	for _, entry := range list {
		if p, err := netip.ParsePrefix(entry.String()); err == nil && p.Addr().Is4() && Global(p.Addr()) {
			a.V4 = p.Addr()
			break
		}
	}
	if !a.Has() {
		return a, errors.New("interface " + name + " has no address that can be reached from outside")
	}
	return a, nil
}

// stableV6 is a global address that stays: not one made to be forgotten, nor one
// that is on its way out.
func stableV6(name string) netip.Addr {
	text, err := os.ReadFile("/proc/net/if_inet6")
	if err != nil {
		return netip.Addr{}
	}
	return readInet6(string(text), name)
}

// readInet6 reads lines of address, index, prefix, scope, flags and interface.
func readInet6(text, name string) netip.Addr {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 6 || name != "" && f[5] != name {
			continue
		}
		flags, err := strconv.ParseUint(f[4], 16, 32)
		if err != nil || flags&(flagTemporary|flagDADFailed|flagDeprecated|flagTentative) != 0 {
			continue
		}
		if a, ok := hexAddr(f[0]); ok && Global(a) {
			return a
		}
	}
	return netip.Addr{}
}

func hexAddr(s string) (netip.Addr, bool) {
	if len(s) != 32 {
		return netip.Addr{}, false
	}
	var b [16]byte
	for i := range b {
		n, err := strconv.ParseUint(s[2*i:2*i+2], 16, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		b[i] = byte(n)
	}
	return netip.AddrFrom16(b), true
}
