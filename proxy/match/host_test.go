package match_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/match"
)

func TestNormalHost(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 61)
	for _, c := range []struct {
		authority, want string
		ok              bool
	}{
		{"Example.COM:8080", "example.com", true},
		{"example.com", "example.com", true},
		{"example.com.", "example.com", true},
		{"example.com.:443", "example.com", true},
		{"example.com:", "example.com", true},
		{"example.com:00080", "example.com", true},
		{"example.com:65535", "example.com", true},
		{"my_nas", "my_nas", true},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
		{"192.0.2.1:80", "192.0.2.1", true},
		{"[::1]:80", "[::1]", true},
		{"[::1]", "[::1]", true},
		{"[::1]:", "[::1]", true},
		{"[2001:DB8:0:0::1]", "[2001:db8::1]", true},
		{"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]", true},
		{"", "", true},
		{long, long, true},
		{long + ".:1", long, true},

		{"x" + long, "", false},
		{":80", "", false},
		{".", "", false},
		{"..", "", false},
		{"a..", "", false},
		{".a", "", false},
		{"a..b", "", false},
		{"a:65536", "", false},
		{"a:99999999999999999999", "", false},
		{"a:-1", "", false},
		{"a:+1", "", false},
		{"a:80:80", "", false},
		{"a:b", "", false},
		{"::1", "", false},
		{"user@a", "", false},
		{"user:80@a", "", false},
		{"a b", "", false},
		{"a/b", "", false},
		{"a\x00", "", false},
		{"a,b", "", false},
		{"$(a).example", "", false},
		{"%61.example", "", false},
		{"bücher.example", "", false},
		{"*.example", "", false},
		{"[", "", false},
		{"[]", "", false},
		{"[::1", "", false},
		{"[::1]80", "", false},
		{"[::1]x", "", false},
		{"[::1]:x", "", false},
		{"[::1]:65536", "", false},
		{"[fe80::1%25eth0]", "", false},
		{"[fe80::1%eth0]", "", false},
		{"[192.0.2.1]", "", false},
		{"[v1.x]", "", false},
		{"[" + strings.Repeat("0", 1000) + "::1]", "", false},
	} {
		before := []byte("before ")
		got, ok := match.NormalHost(before, []byte(c.authority))
		if want := "before " + c.want; ok != c.ok || string(got) != want {
			t.Errorf("%.80q: %q %v, want %q %v", c.authority, got, ok, want, c.ok)
		}
	}
}

func TestNormalHostDoesNotAllocate(t *testing.T) {
	dst, authority := make([]byte, 0, 300), []byte("Some.Example.COM.:8080")
	if n := testing.AllocsPerRun(100, func() { match.NormalHost(dst, authority) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzNormalHost: what is normal stays, and is a name or an address.
func FuzzNormalHost(f *testing.F) {
	for _, seed := range []string{"Example.COM:8080", "[::1]:80", "host.", "", ":80", "a..b", "[fe80::1%25eth0]", "u@h", "1.2.3.4", "[::FFFF:1.2.3.4]:"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, authority []byte) {
		given := bytes.Clone(authority)
		host, ok := match.NormalHost(nil, authority)
		if !bytes.Equal(given, authority) {
			t.Fatalf("%q was changed to %q", given, authority)
		}
		if !ok {
			if len(host) > 0 {
				t.Fatalf("%q was refused, yet gave %q", authority, host)
			}
			return
		}
		again, ok := match.NormalHost(nil, host)
		if !ok || !bytes.Equal(again, host) {
			t.Fatalf("%q became %q, and that %q %v", authority, host, again, ok)
		}
		if literal, ok := strings.CutPrefix(string(host), "["); ok {
			if a, err := netip.ParseAddr(strings.TrimSuffix(literal, "]")); err != nil || !a.Is6() {
				t.Fatalf("%q became %q", authority, host)
			}
			return
		}
		if strings.Trim(string(host), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			t.Fatalf("%q became %q", authority, host)
		}
		if with, ok := match.NormalHost(nil, append(host, ":443"...)); len(host) > 0 && (!ok || !bytes.Equal(with, again)) {
			t.Fatalf("%q with a port became %q %v", again, with, ok)
		}
	})
}

func BenchmarkNormalHost(b *testing.B) {
	dst, authority := make([]byte, 0, 300), []byte("App.Example.com:443")
	b.ReportAllocs()
	for b.Loop() {
		match.NormalHost(dst, authority)
	}
}
