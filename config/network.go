package config

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// everybody is the built-in network of all addresses: a route that says it is
// open whatever its presets and the defaults say, and was meant to be.
const everybody = "everybody"

var (
	builtinNetworks = []string{everybody, "lan", "private", "home", "cloudflare"}
	allAddresses    = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
)

// likeEverybody are words of others for it.
var likeEverybody = []string{"*", "all", "any", "anybody", "anyone", "everyone", "public", "world", "internet"}

// NetworkNames are the names that address lists may use: the built-in ones, then
// those of [networks] by name.
func (c *Config) NetworkNames() []string {
	return append(slices.Clone(builtinNetworks), slices.Sorted(maps.Keys(c.Networks))...)
}

// readNetworks reads [networks].
func (d *decoder) readNetworks(root *node) {
	d.networks = map[string]Network{}
	n := d.tableAt(root, "networks")
	if n == nil {
		return
	}
	for _, name := range n.Keys() {
		kid := n.Get(name)
		if !d.isName(n, kid, name) {
			continue
		}
		if slices.Contains(builtinNetworks, name) {
			d.atKey(kid, "choose another name", " is built in")
			continue
		}
		if addressLike(name) {
			d.atKey(kid, "choose another name", " is a name that reads like an address")
		}
		if kid.Kind() == tomldoc.Table {
			d.mustBe(kid, "a list")
			continue
		}
		prefixes, _ := asPrefixes.read(d, kid)
		d.networks[name] = Network{Name: name, Prefixes: prefixes}
	}
}

// asPrefixes reads an entry of [networks].
var asPrefixes = some(list(parsed(func(s string) (netip.Prefix, error) {
	if !addressLike(s) {
		return netip.Prefix{}, flawed("is not a network", `as "10.8.0.0/24"; names stand in allow and deny`)
	}
	return parsePrefixOf(s)
}).like(`^[0-9A-Fa-f:.]+(/[0-9]+)?$`)))

// asNetwork reads an entry of an address list: a name or a network.
var asNetwork = reader[Network]{readNetwork, func() schema { return suggestion(builtinNetworks) }}

func readNetwork(d *decoder, n *node) (Network, bool) {
	s, ok := readWord(d, n)
	if !ok {
		return Network{}, false
	}
	if s == everybody {
		return Network{Name: s, Prefixes: allAddresses}, true
	}
	if slices.Contains(builtinNetworks, s) {
		return Network{Name: s}, true
	}
	if known, ok := d.networks[s]; ok {
		return known, true
	}
	if !addressLike(s) {
		if d.mayBeLost("networks") {
			return Network{}, false
		}
		d.bad(n, d.meantNetwork(s), "unknown network %s", quote(s))
		return Network{}, false
	}
	p, err := parsePrefixOf(s)
	if err != nil {
		d.flaw(n, s, err)
		return Network{}, false
	}
	return Network{Name: s, Prefixes: []netip.Prefix{p}}, true
}

var asNetworks = list(asNetwork)

// addressLike tells an address or a network, right or wrong, from a name.
func addressLike(s string) bool {
	return strings.ContainsAny(s, "/:") || strings.Trim(s, "0123456789.") == ""
}

// parsePrefixOf reads a network, or an address as a network of one.
func parsePrefixOf(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		switch {
		case err != nil:
			return netip.Prefix{}, flawed("is not a network: "+netipReason(err), "")
		case addr.Zone() != "":
			return netip.Prefix{}, flawed("is not a network: it has a zone", "")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, flawed("is not a network: "+netipReason(err), "")
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 { // clients are compared as IPv4
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// netipReason leaves the function's name and the text off netip's errors:
// netip.ParsePrefix("10.9.0.0/33"): prefix length out of range.
func netipReason(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, "): "); i >= 0 {
		return s[i+len("): "):]
	}
	_, after, ok := strings.Cut(s, `": `)
	if !ok {
		return s
	}
	return after
}

// asTrusted reads a network whose X-Forwarded-* is believed, and warns where
// that reaches further than a proxy.
var asTrusted = reader[Network]{readTrusted, asNetwork.shape}

func readTrusted(d *decoder, n *node) (Network, bool) {
	t, ok := readNetwork(d, n)
	if ok && (t.Name == "lan" || t.Name == "private" || slices.ContainsFunc(t.Prefixes, tooWide)) {
		d.warn(n, "name the proxy's own address",
			": %s trusts a whole private network: each machine in it can claim any client address", quote(t.Name))
	}
	return t, ok
}

// tooWide tells a private network, or one with private networks in it, that
// is at least as large as the usual home.
func tooWide(p netip.Prefix) bool {
	usual := 24
	if p.Addr().Is6() {
		usual = 64
	}
	return p.Bits() <= usual && (p.Addr().IsPrivate() || p.Bits() < 8)
}
