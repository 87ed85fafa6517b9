package network_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/proxy/network"
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func addrs(texts ...string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// quiet is a machine without networks.
func quiet() (network.Machine, error) { return network.Machine{}, nil }

func mustSet(tb testing.TB, entries ...network.Entry) *network.Set {
	tb.Helper()
	set, err := network.NewSet(entries, network.NewBuiltins(network.WithMachine(quiet)))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestSetContains(t *testing.T) {
	set := mustSet(t,
		network.Entry{Name: "printer", Prefixes: prefixes("192.168.1.9/32")},
		network.Entry{Name: "house", Prefixes: prefixes("192.168.1.77/24", "2001:db8:1::/48")},
		network.Entry{Name: "inner", Prefixes: prefixes("192.168.1.128/25")},
		network.Entry{Name: "wide", Prefixes: prefixes("192.168.0.0/16", "2001:db8:1:2::/64")},
		network.Entry{Name: "mapped", Prefixes: prefixes("::ffff:10.9.0.0/112")},
		network.Entry{Name: "cloudflare"},
		network.Entry{Name: "private"},
	)
	for a, want := range map[string]string{
		"192.168.1.9":           "printer",
		"192.168.1.8":           "house",
		"192.168.1.0":           "house",
		"192.168.1.255":         "house",
		"192.168.2.0":           "wide",
		"192.168.0.255":         "wide",
		"192.169.0.0":           "",
		"192.167.255.255":       "",
		"::ffff:192.168.1.9":    "printer",
		"10.9.3.4":              "mapped",
		"10.10.0.0":             "private",
		"2001:db8:1::1":         "house",
		"2001:db8:1:2::1":       "house",
		"2001:db8:2::":          "",
		"172.64.0.1":            "cloudflare",
		"2606:4700::1":          "cloudflare",
		"172.31.255.255":        "private",
		"172.32.0.0":            "",
		"127.0.0.1":             "private",
		"::1":                   "private",
		"fd00::1":               "private",
		"fe80::1":               "private",
		"fe80::1%eth0":          "private",
		"2001:db8:1::1%eth0":    "house",
		"100.64.0.1":            "",
		"0.0.0.0":               "",
		"255.255.255.255":       "",
		"::":                    "",
		"::c0a8:109":            "", // not the mapped form
		"ffff:ffff::":           "",
		"2a06:98c0::":           "cloudflare",
		"2a06:98c7:ffff::ffff":  "cloudflare",
		"2a06:98c8::":           "",
		"::ffff:173.245.63.255": "cloudflare",
	} {
		name, ok := set.Contains(netip.MustParseAddr(a))
		if name != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", a, name, ok, want)
		}
	}
	if name, ok := set.Contains(netip.Addr{}); ok {
		t.Errorf("no address is in %s", name)
	}
}

func TestEverythingOfAFamily(t *testing.T) {
	for prefix, want := range map[string][2]bool{
		"0.0.0.0/0":       {true, false},
		"::/0":            {false, true},
		"::ffff:0:0/96":   {true, false},
		"8000::/1":        {false, true},
		"128.0.0.0/1":     {true, false},
		"ffff::/16":       {false, true},
		"255.0.0.0/8":     {true, false},
		"::/128":          {false, false},
		"ffff:ffff::/128": {false, false},
	} {
		set := mustSet(t, network.Entry{Name: "n", Prefixes: prefixes(prefix)})
		_, in4 := set.Contains(netip.MustParseAddr("255.255.255.255"))
		_, in6 := set.Contains(netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
		if in4 != want[0] || in6 != want[1] {
			t.Errorf("%s: IPv4 %v, IPv6 %v", prefix, in4, in6)
		}
	}
}

func TestEmptySets(t *testing.T) {
	var none *network.Set
	for _, set := range []*network.Set{none, mustSet(t)} {
		if name, ok := set.Contains(netip.MustParseAddr("::1")); ok {
			t.Errorf("an empty list has ::1 in %q", name)
		}
	}
}

func TestNewSetRefuses(t *testing.T) {
	b := network.NewBuiltins(network.WithMachine(quiet))
	for _, c := range []struct {
		entry    network.Entry
		builtins *network.Builtins
		want     string
	}{
		{network.Entry{Name: "vpn"}, b, `network "vpn" has no addresses and is not built in`},
		{network.Entry{Name: "lan"}, nil, `network "lan" has no addresses and is not built in`},
		{network.Entry{Name: "x", Prefixes: make([]netip.Prefix, 1)}, b, `network "x" has an address that is none`},
	} {
		if _, err := network.NewSet([]network.Entry{c.entry}, c.builtins); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestSetIsALinearSearch compares Contains with a walk over the entries in
// their order, for prefixes that nest, touch, repeat and end the space.
func TestSetIsALinearSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SampledFrom([]byte{0, 1, 2, 127, 128, 255})
		addr := rapid.Custom(func(t *rapid.T) netip.Addr {
			a, c, d := few.Draw(t, "a"), few.Draw(t, "c"), few.Draw(t, "d")
			switch rapid.IntRange(0, 3).Draw(t, "family") {
			case 0:
				return netip.AddrFrom16([16]byte{a, c, 8: c, 15: d})
			case 1:
				return netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff, 12: a, 14: c, 15: d})
			case 2:
				return netip.AddrFrom16([16]byte{a, a, a, a, a, a, a, a, c, c, c, c, c, c, c, d})
			}
			return netip.AddrFrom4([4]byte{a, a, c, d})
		})
		prefix := rapid.Custom(func(t *rapid.T) netip.Prefix {
			a := addr.Draw(t, "of")
			return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
		})
		var entries []network.Entry
		for i := range rapid.IntRange(0, 12).Draw(t, "entries") {
			entries = append(entries, network.Entry{Name: fmt.Sprint(i), Prefixes: rapid.SliceOfN(prefix, 1, 4).Draw(t, "prefixes")})
		}
		set, err := network.NewSet(entries, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			a := addr.Draw(t, "asked")
			got, _ := set.Contains(a)
			if want := linear(entries, a.Unmap()); got != want {
				t.Fatalf("%s is in %q, want %q, of %v", a, got, want, entries)
			}
		}
	})
}

func linear(entries []network.Entry, a netip.Addr) string {
	for _, e := range entries {
		for _, p := range e.Prefixes {
			if p.Addr().Is4In6() && p.Bits() >= 96 {
				p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
			} else if p.Addr().Is4In6() { // netip contains no such prefix
				wide := p.Masked().Addr().As16()
				own := netip.PrefixFrom(netip.AddrFrom16(a.As16()), p.Bits()).Masked().Addr().As16()
				if a.Is6() && wide == own {
					return e.Name
				}
				continue
			}
			if p.Contains(a) {
				return e.Name
			}
		}
	}
	return ""
}

func TestGroup(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7/32",
		"::ffff:192.0.2.7":     "192.0.2.7/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
		"::1":                  "::/64",
	} {
		if got := network.Group(netip.MustParseAddr(a)); got.String() != want {
			t.Errorf("%s is of %s, want %s", a, got, want)
		}
	}
	if got := network.Group(netip.Addr{}); got.IsValid() {
		t.Errorf("no address is of %s", got)
	}
}

// thousands is a list as people copy it from the internet.
func thousands(tb testing.TB) (*network.Set, []netip.Addr) {
	random := rand.New(rand.NewPCG(1, 2))
	var list []netip.Prefix
	var asked []netip.Addr
	for range 5000 {
		var b [16]byte
		binary.BigEndian.PutUint32(b[:], random.Uint32())
		v4 := netip.AddrFrom4([4]byte(b[:4]))
		b[0], b[1] = 0x20, 0x01
		v6 := netip.AddrFrom16(b)
		list = append(list, netip.PrefixFrom(v4, 16+random.IntN(16)), netip.PrefixFrom(v6, 24+random.IntN(40)))
		asked = append(asked, v4, v6)
	}
	random.Shuffle(len(asked), func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
	return mustSet(tb, network.Entry{Name: "lan"}, network.Entry{Name: "list", Prefixes: list}), asked
}

func TestContainsDoesNotAllocate(t *testing.T) {
	set, asked := thousands(t)
	asked = append(slices.Clone(asked[:100]), addrs("::ffff:10.0.0.1", "fe80::1%eth0", "127.0.0.1")...)
	i := 0
	if n := testing.AllocsPerRun(len(asked), func() {
		set.Contains(asked[i%len(asked)])
		network.Group(asked[i%len(asked)])
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkContains10000(b *testing.B) {
	set, asked := thousands(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := set.Contains(asked[i]); !ok {
			b.Fatal(asked[i])
		}
		if i++; i == len(asked) {
			i = 0
		}
	}
}
