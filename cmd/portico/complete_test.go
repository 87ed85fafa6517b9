package main

import (
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(8080)+"\n[route.all]\nhost = [\"*.test\"]\nto = \"http://127.0.0.1:3\"\n")
	h.write("broken.toml", "[route.photos\n")
	for line, want := range map[string]string{
		"edit":                            "all git photos :4",
		"enable":                          "all git photos :4",
		"disable":                         "all git photos :4",
		"remove":                          "all git photos :4",
		"explain":                         "git.test photos.test :6",
		"edit git":                        ":4",
		"remove git":                      ":4",
		"edit --config broken.toml":       ":4",
		"edit --config gone.toml":         ":4",
		"add":                             ":4",
		"status":                          ":4",
		"check --config":                  ":0", // files
		"run --page":                      "now requests routes upstreams history :4",
		"run --console":                   ":0",
		"edit photos to= --socket x.sock": ":4",
	} {
		r := h.run(append(append([]string{"__complete"}, strings.Fields(line)...), "")...)
		if got := strings.Join(strings.Fields(r.out), " "); r.code != 0 || got != want {
			t.Errorf("portico %s TAB: %q, want %q", line, got, want)
		}
	}
}
