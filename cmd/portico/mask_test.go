package main

import (
	"bytes"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestMask(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":           {"[ddns.a]\ntoken = \"abc\" # mine", "[ddns.a]\ntoken = \"(hidden)\" # mine"},
		"single quotes":   {"[ddns.a]\nsecret = 'abc'", "[ddns.a]\nsecret = '(hidden)'"},
		"dotted":          {"ddns.a.password = \"abc\"", "ddns.a.password = \"(hidden)\""},
		"inline":          {"acme = { eab = { kid = \"k\", key = \"abc\" } }", "acme = { eab = { kid = \"k\", key = \"(hidden)\" } }"},
		"an array":        {"[route.a.auth]\nusers = [\n  \"ann:abc\", # ann\n]", "[route.a.auth]\nusers = [\n  \"(hidden)\", # ann\n]"},
		"an alert":        {"[alert]\nurl = \"https://n/abc\"", "[alert]\nurl = \"(hidden)\""},
		"the same twice":  {"[ddns.a]\ntoken = \"abc\"\n[x]\ny = \"abc\"", "[ddns.a]\ntoken = \"(hidden)\"\n[x]\ny = \"(hidden)\""},
		"references":      {"[ddns.a]\ntoken = \"env:ABC\"\nkey = \"file:/abc\"", "[ddns.a]\ntoken = \"env:ABC\"\nkey = \"file:/abc\""},
		"a path":          {"[cert.a]\nkey = \"/etc/abc.pem\"", "[cert.a]\nkey = \"/etc/abc.pem\""},
		"an upstream":     {"[route.a]\nto = { url = \"http://abc\" }", "[route.a]\nto = { url = \"http://abc\" }"},
		"a mark before":   {"\ufeff[ddns.a]\ntoken = \"abc\"", "\ufeff[ddns.a]\ntoken = \"(hidden)\""},
		"escapes":         {"[ddns.a]\ntoken = \"a\\u0062c\"", "(hidden)\n(hidden)"},
		"lines":           {"[ddns.a]\ntoken = \"\"\"\na\nbc\"\"\"", "(hidden)\n(hidden)\n(hidden)\n(hidden)"},
		"what is no TOML": {"[ddns.a\ntoken = \"abc\"", "(hidden)\n(hidden)"},
	} {
		var diff []config.DiffLine
		for i, line := range strings.Split(c.text, "\n") {
			diff = append(diff, config.DiffLine{Op: '+', Line: i + 1, Text: line})
		}
		var got []string
		for _, l := range maskOf([]byte("a = 1"), []byte(c.text)).lines(diff) {
			got = append(got, l.Text)
		}
		if text := strings.Join(got, "\n"); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

func TestDiffSaysWhere(t *testing.T) {
	var out bytes.Buffer
	err := printDiff(&out, "f", []diffLine{
		{" ", 4, "a"}, {"-", 5, "b"}, {"-", 6, "c"}, {"+", 5, "\x1b[31mB"}, {" ", 6, "d"},
		{" ", 20, "e"}, {"+", 21, "\tf"}, {"-", 40, "g"},
	})
	want := "f:4:\n  a\n- b\n- c\n+ ?[31mB\n  d\nf:20:\n  e\n+ \tf\nf:40:\n- g\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%swant\n%s", err, out.String(), want)
	}
}
