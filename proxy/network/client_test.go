package network_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/network"
)

// proxies trusts 10.0.0.0/8 and fd00::/8.
func proxies(tb testing.TB) *network.Set {
	return mustSet(tb, network.Entry{Name: "proxies", Prefixes: prefixes("10.0.0.0/8", "fd00::/8")})
}

func fields(values ...string) (all [][]byte) {
	for _, v := range values {
		all = append(all, []byte(v))
	}
	return all
}

func TestClient(t *testing.T) {
	trusted := proxies(t)
	for _, c := range []struct {
		name, peer string
		values     []string
		want       string
		fromHeader bool
	}{
		{"no proxy", "192.0.2.1", nil, "192.0.2.1", false},
		{"a stranger's word", "192.0.2.1", []string{"10.0.0.1"}, "192.0.2.1", false},
		{"a mapped stranger", "::ffff:192.0.2.1", nil, "192.0.2.1", false},
		{"a proxy without a word", "10.0.0.1", nil, "10.0.0.1", false},
		{"an empty field", "10.0.0.1", []string{"", " "}, "10.0.0.1", false},
		{"a proxy", "10.0.0.1", []string{"192.0.2.1"}, "192.0.2.1", true},
		{"a mapped proxy", "::ffff:10.0.0.1", []string{"192.0.2.1"}, "192.0.2.1", true},
		{"what the client invents", "10.0.0.1", []string{"127.0.0.1, 192.0.2.1"}, "192.0.2.1", true},
		{"two proxies", "10.0.0.1", []string{"127.0.0.1, 192.0.2.1, 10.0.0.2"}, "192.0.2.1", true},
		{"proxies of both families", "fd00::1", []string{"192.0.2.1,fd00::2,\t10.0.0.2 "}, "192.0.2.1", true},
		{"several fields", "10.0.0.1", []string{"192.0.2.9, 192.0.2.1", "10.0.0.3", "", "10.0.0.2"}, "192.0.2.1", true},
		{"proxies alone", "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", true},
		{"empty entries", "10.0.0.1", []string{",192.0.2.1,, ,10.0.0.2,"}, "192.0.2.1", true},
		{"nonsense ends the walk", "10.0.0.1", []string{"192.0.2.1, nonsense, 10.0.0.2"}, "10.0.0.2", true},
		{"nonsense at once", "10.0.0.1", []string{"192.0.2.1, nonsense"}, "10.0.0.1", false},
		{"a mapped client", "10.0.0.1", []string{"::ffff:192.0.2.1"}, "192.0.2.1", true},
		{"a mapped proxy in the list", "10.0.0.1", []string{"192.0.2.1, ::FFFF:10.0.0.2"}, "192.0.2.1", true},
		{"IPv6", "10.0.0.1", []string{"2001:DB8::1"}, "2001:db8::1", true},
		{"IPv4 with port", "10.0.0.1", []string{"192.0.2.1:65535"}, "192.0.2.1", true},
		{"IPv6 in brackets", "10.0.0.1", []string{"[2001:db8::1]"}, "2001:db8::1", true},
		{"IPv6 with port", "10.0.0.1", []string{"[2001:db8::1]:0"}, "2001:db8::1", true},
		{"the longest", "10.0.0.1", []string{"[0000:0000:0000:0000:0000:ffff:192.000.002.001]:65535"}, "10.0.0.1", false},
		{"the longest that is well-formed", "10.0.0.1", []string{"[0000:0000:0000:0000:0000:ffff:255.255.255.255]:65535"}, "255.255.255.255", true},
		{"a peer keeps its zone", "fe80::1%eth0", nil, "fe80::1%eth0", false},
		{"unknown", "10.0.0.1", []string{"unknown"}, "10.0.0.1", false},
		{"quotes", "10.0.0.1", []string{`"192.0.2.1"`}, "10.0.0.1", false},
		{"zone", "10.0.0.1", []string{"fe80::1%eth0"}, "10.0.0.1", false},
		{"port out of range", "10.0.0.1", []string{"192.0.2.1:65536"}, "10.0.0.1", false},
		{"no port", "10.0.0.1", []string{"192.0.2.1:"}, "10.0.0.1", false},
		{"IPv4 in brackets", "10.0.0.1", []string{"[192.0.2.1]:80"}, "10.0.0.1", false},
		{"a port of six digits", "10.0.0.1", []string{"192.0.2.1:000080"}, "10.0.0.1", false},
		{"IPv4 before the gap", "10.0.0.1", []string{"192.0.2.1::1"}, "10.0.0.1", false},
		{"IPv4 before the end", "10.0.0.1", []string{"::192.0.2.1:1"}, "10.0.0.1", false},
		{"IPv4 too late", "10.0.0.1", []string{"1:2:3:4:5:6:7:192.0.2.1"}, "10.0.0.1", false},
		{"leading zero", "10.0.0.1", []string{"192.0.2.01"}, "10.0.0.1", false},
		{"octal in a mapped one", "10.0.0.1", []string{"::ffff:192.0.2.01"}, "10.0.0.1", false},
		{"three parts", "10.0.0.1", []string{"192.0.2"}, "10.0.0.1", false},
		{"five parts", "10.0.0.1", []string{"192.0.2.1.1"}, "10.0.0.1", false},
		{"inner blank", "10.0.0.1", []string{"192.0.2.1 192.0.2.2"}, "10.0.0.1", false},
		{"two gaps", "10.0.0.1", []string{"1::2::3"}, "10.0.0.1", false},
		{"a gap of nothing", "10.0.0.1", []string{"1:2:3:4::5:6:7:8"}, "10.0.0.1", false},
		{"nine groups", "10.0.0.1", []string{"1:2:3:4:5:6:7:8:9"}, "10.0.0.1", false},
		{"a bracket too few", "10.0.0.1", []string{"[2001:db8::1"}, "10.0.0.1", false},
		{"a bracket too many", "10.0.0.1", []string{"[2001:db8::1]]:1"}, "10.0.0.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, fromHeader := network.Client(netip.MustParseAddr(c.peer), trusted, fields(c.values...))
			if got.String() != c.want || fromHeader != c.fromHeader {
				t.Errorf("%s %v, want %s %v", got, fromHeader, c.want, c.fromHeader)
			}
		})
	}
	if got, fromHeader := network.Client(netip.MustParseAddr("10.0.0.1"), nil, fields("192.0.2.1")); got.String() != "10.0.0.1" || fromHeader {
		t.Errorf("without trusted proxies: %s %v", got, fromHeader)
	}
}

// TestClientIsBounded: a list as long as a head allows is not walked to its
// end, and what stands there counts for nothing.
func TestClientIsBounded(t *testing.T) {
	trusted, peer := proxies(t), netip.MustParseAddr("10.0.0.1")
	for name, value := range map[string]string{
		"proxies": "192.0.2.1" + strings.Repeat(",10.0.0.2", 64),
		"empty":   "192.0.2.1," + strings.Repeat(",", 32000),
	} {
		if got, _ := network.Client(peer, trusted, fields(value)); !strings.HasPrefix(got.String(), "10.") {
			t.Errorf("%s: the walk reached %s", name, got)
		}
	}
	if got, _ := network.Client(peer, trusted, fields("192.0.2.1"+strings.Repeat(",10.0.0.2", 63))); got.String() != "192.0.2.1" {
		t.Errorf("64 entries: %s", got)
	}
}

func TestClientDoesNotAllocate(t *testing.T) {
	trusted, peer := proxies(t), netip.MustParseAddr("::ffff:10.0.0.1")
	values := fields("127.0.0.1, 192.0.2.1:80", "[fd00::1]:443,fd00:0:0:1::1,10.0.0.3 ,")
	nonsense := fields("nonsense, 10.0.0.1")
	if n := testing.AllocsPerRun(100, func() {
		network.Client(peer, trusted, values)
		network.Client(peer, trusted, nonsense)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzClient compares the walk with one over all entries, split and parsed by
// the standard library.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.1", "127.0.0.1, 192.0.2.1:80\n[fd00::1]:443,10.0.0.3 ,", "unknown", "::ffff:10.0.0.1,::", "1:2:3:4:5:6:7::",
		"::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "[::1]:99999", "fe80::1%eth0", ":::", "1::", "::1:", "1.2.3.4:1:2", strings.Repeat(",10.0.0.2", 70),
	} {
		f.Add([]byte(seed))
	}
	trusted, peer := proxies(f), netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, value []byte) {
		given := bytes.Clone(value)
		values := bytes.Split(value, []byte("\n"))
		got, fromHeader := network.Client(peer, trusted, values)
		want, wantHeader := slowClient(peer, trusted, strings.Split(string(value), "\n"))
		if got != want || fromHeader != wantHeader {
			t.Fatalf("%q: %s %v, want %s %v", value, got, fromHeader, want, wantHeader)
		}
		if !bytes.Equal(value, given) {
			t.Fatalf("%q was changed to %q", given, value)
		}
		if again, _ := network.Client(peer, trusted, values); again != got {
			t.Fatalf("%q: %s, then %s", value, got, again)
		}
	})
}

func slowClient(peer netip.Addr, trusted *network.Set, values []string) (netip.Addr, bool) {
	client, fromHeader := peer, false
	list := strings.Split(strings.Join(values, ","), ",")
	for i := len(list) - 1; i >= 0 && i >= len(list)-64; i-- {
		if _, ok := trusted.Contains(client); !ok {
			break
		}
		entry := strings.Trim(list[i], " \t")
		if entry == "" {
			continue
		}
		a, ok := slowEntry(entry)
		if !ok {
			break
		}
		client, fromHeader = a.Unmap(), true
	}
	return client, fromHeader
}

func slowEntry(entry string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(entry); err == nil {
		return a, a.Zone() == ""
	}
	if inner, ok := strings.CutPrefix(entry, "["); ok {
		if inner, ok := strings.CutSuffix(inner, "]"); ok {
			a, err := netip.ParseAddr(inner)
			return a, err == nil && a.Is6() && a.Zone() == ""
		}
	}
	_, port, _ := strings.Cut(entry[strings.LastIndexByte(entry, ']')+1:], ":")
	if len(port) > 5 {
		return netip.Addr{}, false // netip takes 000080
	}
	both, err := netip.ParseAddrPort(entry)
	return both.Addr(), err == nil && both.Addr().Zone() == ""
}

func BenchmarkClient(b *testing.B) {
	trusted, peer := proxies(b), netip.MustParseAddr("10.0.0.1")
	for name, values := range map[string][][]byte{
		"one":     fields("203.0.113.77"),
		"three":   fields("2001:db8:1:2:3:4:5:6, 10.1.2.3, [fd00::1]:443"),
		"hostile": fields(strings.Repeat("10.0.0.2,", 3600)),
		"commas":  fields(strings.Repeat(",", 32000)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				network.Client(peer, trusted, values)
			}
		})
	}
}
