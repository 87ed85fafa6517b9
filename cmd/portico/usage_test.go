package main

import (
	"strings"
	"testing"
)

func TestWrongUsageExitsWithTwo(t *testing.T) {
	h := newHome(t)
	for line, says := range map[string]string{
		"nonsense":             `unknown command "nonsense"`,
		"chek":                 "did you mean check?",
		"check extra":          `unexpected argument "extra"`,
		"--bogus":              "unknown flag",
		"--headless check":     "unknown flag",
		"check --json=maybe":   "invalid argument",
		"explain":              "needs a URL",
		"explain a b":          `unexpected argument "b"`,
		"explain a --from no":  `"no" is not an IP address`,
		"explain ftp://a/":     "is not the URL of a page",
		"explain :::":          "is not a host",
		"explain http://[::1":  "is not a host",
		"explain a.test:99999": "is not a host",
		"explain http://":      "is not the URL of a page",
		"explain http:///x":    "is not the URL of a page",
		"run --ascii --utf8":   "exclude each other",
		"attach --theme pink":  "unknown theme",
		"help nonsense":        "unknown command",
		"completion tcsh":      "unknown command",
		"password a:b":         "without colon",
		"run --page nowhere":   `no page is called "nowhere" (there are: now, requests, `,
		"run --page":           "needs an argument",
		"run --blank 7-8":      "write them as 23:00-07:00",
		"attach --page nope":   "no page is called",
		"unit extra":           `unexpected argument "extra"`,

		"add a":                     "add needs a HOST",
		"add a b":                   "needs the URL of an upstream",
		"edit":                      "edit needs the NAME",
		"edit a":                    "edit needs KEY=VALUE",
		"edit a b":                  `"b" is not KEY=VALUE`,
		"edit a b=\xff --yes":       "is not UTF-8",
		"edit a =b":                 `"" is not the name of a key`,
		"edit a b..c=d":             `"b..c" is not the name of a key`,
		"enable":                    "enable needs the NAME",
		"remove a b":                `unexpected argument "b"`,
		"diff x":                    `"x" is not the number of a version`,
		"diff 1 2":                  `unexpected argument "2"`,
		"undo 0":                    `"0" is not the number of a version`,
		"undo 99999999999999999999": "is not the number of a version",
		"keep 1":                    `unexpected argument "1"`,
		"history 1":                 `unexpected argument "1"`,
	} {
		t.Run(line, func(t *testing.T) {
			r := h.run(strings.Fields(line)...)
			if r.code != 2 || !strings.Contains(r.err, says) || r.out != "" {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q on stderr", r.code, r.out, r.err, says)
			}
		})
	}
}

func TestHelpGoesToStdout(t *testing.T) {
	h := newHome(t)
	for _, line := range []string{"--help", "help", "help check", "check --help", "completion bash"} {
		r := h.run(strings.Fields(line)...)
		if r.code != 0 || r.out == "" || r.err != "" {
			t.Errorf("portico %s: exit %d, %d bytes on stdout, stderr %q", line, r.code, len(r.out), r.err)
		}
	}
}

func TestInitWritesOnceAndNeverOver(t *testing.T) {
	h := newHome(t)
	first := h.run("init")
	if first.code != 0 || !strings.Contains(first.out, "wrote portico.toml") {
		t.Fatalf("init: %+v", first)
	}
	if r := h.run("check"); r.code != 0 {
		t.Errorf("what init wrote has problems: %+v", r)
	}
	h.write("portico.toml", "# mine\n")
	again := h.run("init")
	if again.code != 1 || !strings.Contains(again.err, "portico.toml exists") {
		t.Errorf("second init: %+v", again)
	}
	if elsewhere := h.run("init", "--config", "other.toml"); elsewhere.code != 0 {
		t.Errorf("init --config: %+v", elsewhere)
	}
	if lost := h.run("init", "--config", "no/such/dir.toml"); lost.code != 1 {
		t.Errorf("init into a missing directory: %+v", lost)
	}
}
