package config_test

import (
	"reflect"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestInherit(t *testing.T) {
	c := parse(t, `
[defaults]
use = ["one", "two"]
allow = "10.0.0.1"
max_fails = 9
redirect = "/defaults"
[preset.one]
max_conns = 1
timeout = { dial = "1s" }
[preset.two]
max_conns = 2
max_body = "2MB"
to = "http://two"
root = "/srv"
[preset.three]
to = "fastcgi://three:9000"
static = "testdata"
status = 301

[route.plain]
host = "plain.test"
[route.own]
host = "own.test"
use = ["two", "one"]
to = "http://own"
max_body = "5MB"
timeout = { idle = "1s" }
[route.none]
host = "none.test"
use = []
[route.php]
host = "php.test"
use = ["three", "two"]
[route.answer]
host = "answer.test"
respond = { status = 204 }
`)
	type inherited struct {
		To       string
		Redirect string
		MaxConns int
		MaxBody  config.Size
		Origins  map[string]string
	}
	for name, want := range map[string]inherited{
		"plain": {To: "http://two", MaxConns: 1, MaxBody: 2 * config.MB, Origins: map[string]string{
			"host": "route", "use": "defaults", "max_conns": "preset one", "timeout": "preset one", "max_body": "preset two",
			"to": "preset two", "allow": "defaults", "max_fails": "defaults"}},
		"own": {To: "http://own", MaxConns: 2, MaxBody: 5 * config.MB, Origins: map[string]string{
			"host": "route", "use": "route", "to": "route", "max_body": "route", "timeout": "route", "max_conns": "preset two",
			"allow": "defaults", "max_fails": "defaults"}},
		"none": {Redirect: "/defaults", Origins: map[string]string{
			"host": "route", "use": "route", "redirect": "defaults", "allow": "defaults"}},
		"php": {To: "fastcgi://three:9000", MaxConns: 2, MaxBody: 2 * config.MB, Origins: map[string]string{
			"host": "route", "use": "route", "to": "preset three", "static": "preset three", "root": "preset two",
			"max_conns": "preset two", "max_body": "preset two", "allow": "defaults", "max_fails": "defaults"}},
		"answer": {MaxConns: 1, MaxBody: 2 * config.MB, Origins: map[string]string{
			"host": "route", "respond": "route", "use": "defaults", "max_conns": "preset one", "max_body": "preset two", "allow": "defaults"}},
	} {
		r := c.Route(name)
		got := inherited{MaxConns: r.MaxConns, MaxBody: r.MaxBody, Origins: r.Origins}
		if len(r.To) > 0 {
			got.To = r.To[0].URL
		}
		if r.Redirect != nil {
			got.Redirect = r.Redirect.To.String()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
	if got := c.Route("own").Timeout.Dial.String(); got != "5s" {
		t.Errorf("a key is taken whole, yet dial of the preset came through: %s", got)
	}
}

// The routes are sorted by name, whatever their order in the file.
func TestRoutesAreSorted(t *testing.T) {
	c := parse(t, "[route.b]\nhost = \"b.test\"\nto = \"http://a\"\n[route.a]\nhost = \"a.test\"\nto = \"http://a\"\n")
	if c.Routes[0].Name != "a" || c.Routes[0].Line != 4 || c.Routes[1].Line != 1 {
		t.Errorf("%s of line %d first", c.Routes[0].Name, c.Routes[0].Line)
	}
}
