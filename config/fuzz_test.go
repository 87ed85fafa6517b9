package config_test

import (
	"os"
	"strings"
	"testing"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
)

// seedTexts gives a fuzzer texts that say much, right and wrong.
func seedTexts(f *testing.F) {
	f.Add(assets.Starter)
	f.Add(assets.Reference)
	f.Add([]byte(strings.ReplaceAll(string(assets.Reference), "\n## ", "\n")))
	for _, name := range []string{"testdata/example.toml", "testdata/droplet.toml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, test := range problemTests {
		f.Add([]byte(test.text))
	}
}

func FuzzParse(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, ps := config.Parse(text)
		if (c == nil) != (len(ps.Errors()) > 0) {
			t.Fatalf("configuration: %v, with errors %v", c != nil, ps.Errors())
		}
		if len(ps) > 101 {
			t.Fatalf("%d problems", len(ps))
		}
		lines := strings.Split(strings.TrimPrefix(string(text), "\xef\xbb\xbf"), "\n")
		for i, p := range ps {
			// Columns are characters; in bytes, for go-toml ends an open string
			// inside its last character.
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > len(lines[p.Line-1])+1 {
				t.Errorf("%q lies outside the text", p)
			}
			if i > 0 && (p.Line < ps[i-1].Line || p.Line == ps[i-1].Line && p.Col < ps[i-1].Col) {
				t.Errorf("%q stands behind %q", p, ps[i-1])
			}
			if p.Message == "" || strings.ContainsAny(p.String(), "\n\r\x1b") {
				t.Errorf("%q is not one line", p)
			}
		}
		if c != nil {
			wellFormed(t, c)
		}
	})
}

// wellFormed checks what the proxy relies on.
func wellFormed(t *testing.T, c *config.Config) {
	for _, r := range c.Routes {
		actions := 0
		for _, acts := range []bool{len(r.To) > 0, r.Redirect != nil, r.Respond != nil, r.Files != nil} {
			if acts {
				actions++
			}
		}
		if actions != 1 || len(r.Hosts) == 0 || r.Name == "" {
			t.Errorf("route %q has %d actions, %d hosts", r.Name, actions, len(r.Hosts))
		}
		for _, u := range r.To {
			if u.Addr == "" || u.Scheme == "" || u.Weight < 1 {
				t.Errorf("route %q has the upstream %+v", r.Name, u)
			}
		}
	}
	for _, n := range c.Networks {
		if n.Builtin() {
			t.Errorf("network %q has no networks", n.Name)
		}
	}
}
