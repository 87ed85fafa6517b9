package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const explained = `[server]
http = "127.0.0.1:8080"
[route.a]
host  = "a.test"
to    = "http://10.0.0.1:80"
allow = "10.0.0.0/8"
[route.b]
host = "a.test"
path = "/b/*"
to   = "http://10.0.0.2:80"
strip_prefix = "/b"
`

func TestExplainWithoutARunningPortico(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", explained)
	r := h.run("explain", "http://a.test/b/x?y=1", "--from", "10.1.2.3")
	for _, want := range []string{"route", "> b", "10.1.2.3", "http://10.0.0.2:80", "/x?y=1"} {
		if r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("%q is missing (exit %d):\n%s%s", want, r.code, r.out, r.err)
		}
	}
}

func TestExplainJSON(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", explained)
	explain := func(args ...string) map[string]any {
		t.Helper()
		r := h.run(append([]string{"explain", "--json"}, args...)...)
		var e map[string]any
		if err := json.Unmarshal([]byte(r.out), &e); err != nil || r.code != 0 {
			t.Fatalf("%v in %+v", err, r)
		}
		return e
	}
	e := explain("http://a.test/")
	var names []string
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"certificate", "client", "guards", "reasons", "route", "status", "upstream", "url"}
	if !slices.Equal(names, want) {
		t.Errorf("members %q, want %q", names, want)
	}
	if e["route"] != "a" || e["client"] != "127.0.0.1" || e["status"] != 403.0 {
		t.Errorf("from here it is %v", e)
	}
	if e := explain("http://a.test/", "--from", "10.1.1.1"); e["status"] != 0.0 {
		t.Errorf("from an allowed address it is %v", e)
	}
	if e := explain("http://nowhere.test/"); e["route"] != nil || e["status"] != 404.0 ||
		reflect.TypeOf(e["reasons"]) != reflect.TypeFor[[]any]() || reflect.TypeOf(e["guards"]) != reflect.TypeFor[[]any]() {
		t.Errorf("without a route it is %v", e)
	}
}

func TestExplainOfAFaultyFile(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", faulty)
	if r := h.run("explain", "http://a.test/"); r.code != 1 || r.out != "" || !strings.Contains(r.err, "portico.toml:3:1:") {
		t.Errorf("%+v", r)
	}
}

func TestExplainOfTheStarter(t *testing.T) {
	h := newHome(t)
	if r := h.run("explain", "localhost/"); r.code != 0 || !strings.Contains(r.out, "hello") {
		t.Errorf("%+v", r)
	}
}

func TestPlainTextSteersNoTerminal(t *testing.T) {
	var out strings.Builder
	fmt.Fprint(plain{&out}, "a\x1b[31mb\u009bc\r\nd\u202ee é")
	if got := out.String(); got != "a?[31mb?c?\nd?e é" {
		t.Errorf("got %q", got)
	}
}

// TestExplainSaysWhereFrom: what a route does not say itself is told with the
// preset or the defaults that say it.
func TestExplainSaysWhereFrom(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", `[defaults]
use      = "family"
max_body = "1MB"
[preset.family]
allow = "10.0.0.0/8"
[route.a]
host = "a.test"
to   = "http://10.0.0.1:80"
[route.own]
host     = "own.test"
to       = "http://10.0.0.1:80"
use      = []
allow    = "10.0.0.0/8"
max_body = "1KB"
`)
	if r := h.run("explain", "http://a.test/", "--from", "203.0.113.9"); !strings.Contains(r.out, "none of its networks (from preset family)") ||
		!strings.Contains(r.out, "defaults: max_body, use") || !strings.Contains(r.out, "preset family: allow") {
		t.Errorf("refused:\n%s", r.out)
	}
	if r := h.run("explain", "http://a.test/", "--from", "10.1.2.3", "--json"); !strings.Contains(r.out, "bytes (from defaults)") ||
		!strings.Contains(r.out, `"allow": "preset family"`) {
		t.Errorf("passed:\n%s", r.out)
	}
	if r := h.run("explain", "http://own.test/", "--from", "203.0.113.9"); strings.Contains(r.out, "from preset") || strings.Contains(r.out, "defaults") {
		t.Errorf("its own:\n%s", r.out)
	}
}
