package config_test

import (
	"fmt"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// TestProblemsBesideASyntaxError: one quote that is missing hides nothing of the
// tables that can be read, and makes up nothing about them.
func TestProblemsBesideASyntaxError(t *testing.T) {
	const bad = "[route.z]\nhost = \"z.lan\"\nproxy_pass = \"http://a\"\nto = 5\n"
	badProblems := []string{"unknown key \"proxy_pass\"", "route.z.to must be"}
	for _, test := range []struct {
		name, text string
		syntax     []string // the problems beside those of bad, in part
	}{
		{"an open quote", "[route.y]\nhost = \"y.lan\nto = 1\n" + bad, []string{"2:"}},
		{"an open quote below", bad + "[route.y]\nhost = \"y.lan\n", []string{"6:"}},
		{"an open list", "[route.y]\nto = [\"http://a\"\n\n" + bad, []string{""}},
		{"an open header", "[route.y\nhost = \"y.lan\"\n" + bad, []string{"1:"}},
		{"a key twice in a table", "[route.y]\nhost = \"y.lan\"\nto = \"http://a\"\ntimeout = { dial = \"1s\", dial = \"2s\" }\n" + bad, []string{"4:"}},
		{"a key twice", "[route.y]\nhost = \"y.lan\"\nhost = \"x.lan\"\n" + bad, []string{"3:"}},
		{"two that are broken", "[route.y]\nhost = \"y.lan\n[route.x]\nhost = \"x.lan\n" + bad, []string{"2:", "4:"}},
		{"a part of a broken route", "[route.y]\nhost = \"y.lan\n[route.y.health]\npath = \"/\"\n" + bad, []string{"2:"}},
		{"networks", "[networks]\nhome2 = [\"10.0.0.0/8\n" + bad + "allow = \"home2\"\n", []string{"2:"}},
		{"a preset", "[preset.p]\nto = \"http://a\n[route.y]\nuse = \"p\"\nhost = \"y.lan\"\n" + bad, []string{"2:"}},
		{"a certificate", "[cert.c]\nkey = \"a\n" + bad + "cert = \"c\"\n", []string{"2:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, problems := config.Parse([]byte(test.text))
			var lines []string
			for _, p := range problems {
				lines = append(lines, fmt.Sprintf("%d:%d: %s", p.Line, p.Col, p.Message))
			}
			all := strings.Join(lines, "\n")
			if c != nil || len(problems) != len(test.syntax)+len(badProblems) {
				t.Fatalf("problems:\n%s\nof\n%s", all, test.text)
			}
			for _, want := range append(test.syntax, badProblems...) {
				if !strings.Contains(all, want) {
					t.Errorf("no %q in\n%s", want, all)
				}
			}
		})
	}
}
