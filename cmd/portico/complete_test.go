package main

import (
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(8080)+"\n[route.all]\nhost = [\"*.test\"]\nto = \"http://127.0.0.1:3\"\n")
	h.write("names.toml", "[ddns.home]\nprovider = \"duckdns\"\ntoken = \"env:T\"\n[ddns.work]\nprovider = \"duckdns\"\ntoken = \"env:T\"\n")
	h.write("broken.toml", "[route.photos\n")
	for line, want := range map[string]string{
		"edit":                           "all git photos :4",
		"enable":                         "all git photos :4",
		"disable":                        "all git photos :4",
		"remove":                         "all git photos :4",
		"explain":                        "git.test photos.test :6",
		"remove git":                     ":4",
		"edit --config broken.toml":      ":4",
		"edit --config gone.toml":        ":4",
		"add":                            ":4",
		"status":                         ":4",
		"check --config":                 ":0", // files
		"run --page":                     "now requests routes upstreams certs history wall :4",
		"run --console":                  ":0",
		"add a a.test nas --use":         "family :4",
		"add --config broken.toml --use": ":4",

		"ddns update --config names.toml":      "home work :4",
		"ddns update home --config names.toml": ":4",
		"ddns status":                          ":4",
	} {
		h.completes(append(strings.Fields(line), ""), want)
	}
}

// completes compares what a shell is told to offer, descriptions left out.
func (h *home) completes(words []string, want string) {
	h.t.Helper()
	r := h.run(append([]string{"__completeNoDesc"}, words...)...)
	if got := strings.Join(strings.Fields(r.out), " "); r.code != 0 || got != want {
		h.t.Errorf("portico %s TAB: %q, want %q", strings.Join(words, " "), got, want)
	}
}

func TestCompletionOfKeysAndValues(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(8080)+"\n[networks]\nvpn = \"10.8.0.0/24\"\n[cert.own]\ncert = \"a\"\nkey = \"b\"\n")
	for word, want := range map[string]string{
		"use=":         "use=family :4",
		"use=fam":      "use=family :4",
		"enabled=":     "enabled=true enabled=false :4",
		"cert=":        "cert=acme cert=local cert=none cert=own :4",
		"allow=":       "allow=everybody allow=lan allow=private allow=home allow=cloudflare allow=vpn :4",
		"fallback=":    "fallback=git fallback=photos :4",
		"timeout.":     "timeout.dial= timeout.idle= timeout.response_header= :6",
		"retry.wait=":  ":4",
		"to=":          ":4",
		"colour=":      ":4",
		"colour.deep.": ":6",
	} {
		h.completes([]string{"edit", "git", word}, want)
		h.completes([]string{"edit", "git", "path=/x", word}, want)
	}
	r := h.run("__complete", "edit", "git", "ho")
	for _, want := range []string{"\nhost=\tnames, ", "\nhost_header=\t", "\ntimeout.\t"} {
		if !strings.Contains("\n"+r.out, want) || strings.Contains(r.out, "timeout.dial") {
			t.Errorf("the keys are offered as\n%s\nwithout %q", r.out, want)
		}
	}
}
