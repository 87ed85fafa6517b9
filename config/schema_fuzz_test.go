package config_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// Whatever the checker takes the schema must take.
func FuzzSchemaIsNotNarrower(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, _ := config.Parse(text)
		if faults, isTOML := against(t, string(text)); c != nil && isTOML && len(faults) > 0 {
			t.Errorf("the schema alone refuses: %q", faults)
		}
	})
}

// A word in the place of every value: where the checker finds no fault with it,
// the schema finds none.
func FuzzSchemaIsNotNarrowerInAWord(f *testing.F) {
	for _, word := range words {
		f.Add(word)
	}
	var places [][]string
	walk(f, theSchema(), nil, func(path []string, s map[string]any) {
		if len(path) > 1 && s["properties"] == nil {
			places = append(places, path)
		}
	})
	f.Fuzz(func(t *testing.T, word string) {
		value, err := json.Marshal(word)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range places {
			text := only(place, string(value))
			faults, _ := against(t, text)
			for _, fault := range faults {
				at, _, _ := strings.Cut(fault, ": ")
				if _, ps := config.Parse([]byte(text)); !faulty(ps, at) {
					t.Errorf("the schema alone refuses %s%s, %v", text, fault, ps)
				}
			}
		}
	})
}

// faulty tells whether the checker finds fault with a value itself.
func faulty(ps config.Problems, at string) bool {
	return slices.ContainsFunc(ps.Errors(), func(p config.Problem) bool {
		return strings.HasPrefix(p.Path, at) && !strings.Contains(p.Message, " does nothing with ")
	})
}

var words = []string{
	"", "x", "0", "-0", "+1h", ".5s", "1.s", "1h30m0.5s", "µs", "1µs", "2d", "0B", "10MB", "999999999999GB", "5/m", "0/s",
	"http://a", "HTTPS://a", "hTTp://[::1]:8080/x?y={ip}", "http+unix:///x", "grpcs+unix:///run/x y", "builtin://whoami",
	"memcached://[fe80::1%25eth0]:1", "ws://a", "*", "*.a.test", "a.test.", "bücher.test", "gıt", "poſt", "GET", "[::1]:80",
	":80", "[fe80::1%eth0]:65535", "a:1", "::1", "10.0.0.0/8", "::ffff:1.2.3.4/120", "lan", "vpn", "@", "a@b", "/", "/x/*",
	"~.", "~\n", "{uri}", "{path}x", "{scheme}://x", "/x", "https://x{uri}", "text/html; charset=utf-8", "env:X", "file:/x",
	"auto", "router", "interface:\u00e9 x", "url:http://a", "fixed:1.2.3.4,::1", "2xx", "200-399", "404", "true",
	"00-11-32-AA-BB-CC", "0011.32aa.bbcc", "me:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
	"sha256:9f:86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08:", "X-A", "a b", "é", "\u2028",
	"namecheap", "combined", "upstream", "redirect", "pin", "acme", "cookie", "auth_failed", "client",
}
