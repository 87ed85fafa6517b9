package main

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const warned = `[server]
http = "127.0.0.1:8080"
[route.a]
host = "a.test"
to   = "http://127.0.0.1:1"
[ddns.home]
provider = "duckdns"
domain   = "x.duckdns.org"
token    = "plain"
`

const faulty = `[server]
http = "127.0.0.1:8080"
colour = "red"
[route.a]
host = "a.test"
to   = "gopher://127.0.0.1:1"
`

func TestCheckExitCodes(t *testing.T) {
	h := newHome(t)
	h.write("good.toml", "[server]\nhttp = \":8080\"\n[route.a]\nhost = \"a.test\"\nto = \"http://127.0.0.1:1\"\n")
	h.write("warned.toml", warned)
	h.write("broken.toml", faulty)
	for file, code := range map[string]int{"good.toml": 0, "warned.toml": 0, "broken.toml": 1} {
		if r := h.run("check", "--config", file); r.code != code || r.err != "" {
			t.Errorf("%s: %+v, want exit %d", file, r, code)
		}
	}
	if r := h.run("check"); r.code != 0 || r.out != "" {
		t.Errorf("the starter: %+v", r)
	}
	if r := h.run("check", "--config", "gone.toml"); r.code != 1 || !strings.Contains(r.err, "gone.toml") || r.out != "" {
		t.Errorf("a missing file: %+v", r)
	}
}

func TestCheckLines(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", faulty)
	r := h.run("check")
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	form := regexp.MustCompile(`^portico\.toml:\d+:\d+: .+$`)
	for _, line := range lines {
		if !form.MatchString(line) {
			t.Errorf("%q is not FILE:LINE:COL: message", line)
		}
	}
	if len(lines) < 2 || !strings.HasPrefix(r.out, "portico.toml:3:1: ") || !strings.Contains(r.out, "\nportico.toml:6:") {
		t.Errorf("not every problem at its place:\n%s", r.out)
	}
	h.write("portico.toml", warned)
	if r := h.run("check"); !strings.Contains("\n"+r.out, "\nportico.toml:9:12: warning: ") {
		t.Errorf("a warning reads %q", r.out)
	}
}

func TestCheckJSON(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", faulty)
	r := h.run("check", "--json")
	var list []map[string]any
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || r.code != 1 || len(list) < 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	kinds := map[string]string{}
	for name, value := range list[0] {
		kinds[name] = reflect.TypeOf(value).String()
	}
	want := map[string]string{"file": "string", "line": "float64", "col": "float64",
		"path": "string", "message": "string", "hint": "string", "warning": "bool"}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("a problem is %v, want %v", kinds, want)
	}
	if list[0]["file"] != "portico.toml" || list[0]["line"] != 3.0 || list[0]["warning"] != false {
		t.Errorf("the first is %v", list[0])
	}
	h.write("portico.toml", lab(8080))
	if r := h.run("check", "--json"); strings.TrimSpace(r.out) != "[]" || r.code != 0 {
		t.Errorf("without a problem: %+v", r)
	}
}

// Paths in the file lead from its folder, wherever portico is called.
func TestCheckFindsFilesBesideTheConfiguration(t *testing.T) {
	h := newHome(t)
	if err := os.Mkdir(h.path("etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write("etc/users", "# nobody yet\n")
	h.write("etc/portico.toml", lab(8080)+"auth = { file = \"users\" }\n[ddns.a]\nprovider = \"duckdns\"\ndomain = \"x.duckdns.org\"\ntoken = \"file:token\"\n")
	for _, config := range []string{"etc/portico.toml", h.path("etc", "portico.toml")} {
		r := h.run("check", "--config", config)
		if want := h.path("etc", "token") + "\" cannot be read"; r.code != 0 || strings.Contains(r.out, "users") || !strings.Contains(r.out, want) {
			t.Errorf("%+v", r)
		}
	}
	r := h.run("edit", "photos", "max_conns=1", "--yes", "--config", "etc/portico.toml")
	if r.code != 0 || strings.Contains(r.out, "cannot be read") {
		t.Errorf("an edit brings warnings: %+v", r)
	}
}

// What is no file that can be read is an error, at once, for scripts too.
func TestCheckWithoutAText(t *testing.T) {
	h := newHome(t)
	if err := errors.Join(syscall.Mkfifo(h.path("pipe.toml"), 0o600), os.Symlink("loop.toml", h.path("loop.toml"))); err != nil {
		t.Fatal(err)
	}
	for file, c := range map[string]struct {
		why  string
		hint bool
	}{
		"gone.toml": {"no such file", true},
		"loop.toml": {"symbolic links", false},
		"pipe.toml": {"not a regular file", false},
		"/dev/zero": {"not a regular file", false},
	} {
		r := h.run("check", "--config", file)
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, c.why) || strings.Contains(r.err, "portico init") != c.hint {
			t.Errorf("%s: %+v", file, r)
		}
		r = h.run("check", "--json", "--config", file)
		var list []problemJSON
		if err := json.Unmarshal([]byte(r.out), &list); err != nil || r.code != 1 || len(list) != 1 ||
			list[0].File != file || list[0].Warning || !strings.Contains(list[0].Message, c.why) {
			t.Errorf("%s: %+v, %v", file, r, err)
		}
	}
}
