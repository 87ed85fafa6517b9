package main

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// TestExplainAsksTheRunningOne: who is banned and what was counted is known to
// the portico that runs, and to no file.
func TestExplainAsksTheRunningOne(t *testing.T) {
	h := newHome(t)
	port := freePort(t)
	file := h.write("portico.toml", fmt.Sprintf(`[server]
http            = "127.0.0.1:%d"
trusted_proxies = "127.0.0.1"
[ban]
on    = "unmatched_host"
after = 2
never = "10.0.0.0/8"
[route.a]
host       = "a.test"
respond    = { status = 200 }
rate_limit = { rate = "1/h", burst = 1 }
max_conns  = 5
`, port))
	explain := func(from string, more ...string) string {
		t.Helper()
		r := h.run(append([]string{"explain", "http://a.test/", "--from", from}, more...)...)
		if r.code != 0 {
			t.Fatalf("%+v", r)
		}
		return squeezed(r.out)
	}
	ask := func(host, from string) int {
		t.Helper()
		r, err := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("X-Forwarded-For", from)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	unknown := func(out string) {
		t.Helper()
		for _, guard := range []string{"ban", "rate_limit", "max_conns"} {
			if !strings.Contains(out, guard+" ask not known: only a running portico counts") {
				t.Errorf("%s is not said to be unknown: %s", guard, out)
			}
		}
	}
	unknown(explain("240.0.0.1"))
	if out := explain("10.1.2.3"); !strings.Contains(out, "ban pass 10.1.2.3 is never banned") {
		t.Error(out)
	}

	h.start("run", "--headless", "--strict").serving()
	for range 2 {
		ask("nobody.test", "240.0.0.1")
	}
	ask("a.test", "240.0.0.2")
	if got := []int{ask("a.test", "240.0.0.1"), ask("a.test", "240.0.0.2")}; !slices.Equal(got, []int{403, 429}) {
		t.Fatalf("traffic gets %v", got)
	}
	for _, more := range [][]string{nil, {"--config", file}, {"--socket", h.socket()}} {
		if out := explain("240.0.0.1", more...); !strings.Contains(out, "ban refuse banned until") || !strings.Contains(out, "answer 403") {
			t.Errorf("%v: a banned client: %s", more, out)
		}
		if out := explain("240.0.0.2", more...); !strings.Contains(out, "rate_limit refuse 1 of 1 used") || !strings.Contains(out, "answer 429") {
			t.Errorf("%v: one that asked too often: %s", more, out)
		}
	}
	other := h.write("other.toml", h.file()+"# another\n")
	unknown(explain("240.0.0.1", "--config", other))
	if r := h.run("explain", "http://[x/"); r.code != 2 {
		t.Errorf("no URL: %+v", r)
	}
}
