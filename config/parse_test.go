package config_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
)

// parse wants a text without errors, by the schema too.
func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, ps := config.Parse([]byte(text))
	if c == nil {
		t.Fatalf("%v", ps.Errors())
	}
	if faults, isTOML := against(t, text); !isTOML || len(faults) > 0 {
		t.Errorf("the schema alone refuses: TOML %v, %q", isTOML, faults)
	}
	return c
}

func TestAcceptanceFilesHaveWarningsOnly(t *testing.T) {
	for file, routes := range map[string]int{"example.toml": 14, "droplet.toml": 1} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		c, ps := config.Parse(text)
		if c == nil {
			t.Fatalf("%s: %v", file, ps.Errors())
		}
		if len(c.Routes) != routes {
			t.Errorf("%s: %d routes, want %d", file, len(c.Routes), routes)
		}
	}
}

func TestStarterHasNoProblem(t *testing.T) {
	c, ps := config.Parse(assets.Starter)
	if len(ps) > 0 || len(c.Routes) != 1 {
		t.Errorf("%v, %d routes", ps, len(c.Routes))
	}
}

func TestEmptyFile(t *testing.T) {
	c := parse(t, "")
	want := config.Server{HTTP: []string{":80"}, HeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeader: 32 * config.KB}
	if !reflect.DeepEqual(c.Server, want) {
		t.Errorf("got %+v, want %+v", c.Server, want)
	}
	if c.ACME != nil || c.Ban != nil || c.Alert != nil || len(c.Routes) > 0 {
		t.Errorf("an empty file says something: %+v", c)
	}
}

func TestOnlyTLSListens(t *testing.T) {
	c := parse(t, `server.https = ":443"`)
	if len(c.Server.HTTP) > 0 {
		t.Errorf("listens on %v too", c.Server.HTTP)
	}
}

// A line in the place of each problem would take the file's author nowhere.
func TestProblemsAreBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("[route.a]\nhost = \"*\"\nto = \"http://a\"\n") // a warning
	for i := range 250 {
		fmt.Fprintf(&text, "k%d = 1\n", i)
	}
	c, ps := config.Parse([]byte(text.String()))
	if c != nil || len(ps) != 101 {
		t.Fatalf("%v, %d problems", c != nil, len(ps))
	}
	if last := ps[100]; last.Message != "151 more problems are not shown" || last.Warning || last.Line != ps[99].Line {
		t.Errorf("the last says %q", last)
	}
	for i, p := range ps[:100] {
		if want := fmt.Sprintf(`%d:1: unknown key "k%d" in route.a`, i+4, i); p.String() != want {
			t.Errorf("%d: %q, want %q", i, p, want)
		}
	}
}

func TestWarningsDoNotCrowdOutAnError(t *testing.T) {
	var text strings.Builder
	for i := range 150 {
		fmt.Fprintf(&text, "[route.r%d]\nhost = \"r%d.test\"\nto = \"http://a\"\nallow = []\n", i, i)
	}
	text.WriteString("[route.z]\nhost = 1\nto = \"http://a\"\n")
	c, ps := config.Parse([]byte(text.String()))
	if c != nil || len(ps.Errors()) != 1 || len(ps) != 101 {
		t.Fatalf("%v, %d errors of %d problems", c != nil, len(ps.Errors()), len(ps))
	}
	if last := ps[100]; last.Message != "51 more problems are not shown" || !last.Warning {
		t.Errorf("the last says %q", last)
	}
}

func TestTooLarge(t *testing.T) {
	c, ps := config.Parse(make([]byte, 5<<20))
	if c != nil || ps.Error() != "1:1: the file is larger than 4 MB" {
		t.Errorf("%v, %v", c != nil, ps)
	}
}

func TestDisabledRoutes(t *testing.T) {
	c := parse(t, `
[route.off]
host = "a.test"
to = "http://a"
enabled = false
[route.on]
host = "a.test"
to = "http://b"
`)
	if c.Route("off").Enabled || !c.Route("on").Enabled {
		t.Error("enabled is not what the file says")
	}
	if _, ps := config.Parse([]byte("[route.off]\nenabled = false\nhost = 1\nto = \"http://a\"\n")); len(ps.Errors()) != 1 {
		t.Errorf("a disabled route is not checked: %v", ps)
	}
}

// manyRoutes is a file of a size that no home has.
func manyRoutes(n int) string {
	var b strings.Builder
	b.WriteString("[defaults]\nuse = \"p\"\n[preset.p]\nallow = [\"lan\", \"10.0.0.0/8\"]\nresponse_headers = { set = { A = \"{host}\" } }\n")
	for i := range n {
		fmt.Fprintf(&b, "[route.r%d]\nhost = [\"r%d.example.com\", \"all.example.com\"]\npath = [\"/r%d/*\", \"~^/r%d-\"]\nto = [\"http://10.0.%d.%d:80\"]\n",
			i, i, i, i, i/250%250, i%250)
	}
	return b.String()
}

func TestManyRoutes(t *testing.T) {
	c := parse(t, manyRoutes(10_000))
	if len(c.Routes) != 10_000 {
		t.Errorf("%d routes", len(c.Routes))
	}
}

// A small text must not ask for much work by lists that are multiplied.
func TestListsThatMultiply(t *testing.T) {
	var hosts, paths strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&hosts, "\"h%d.test\",", i)
		fmt.Fprintf(&paths, "\"/p%d\",", i)
	}
	text := "[defaults]\nhost = [" + hosts.String() + "]\npath = [" + paths.String() + "]\nto = \"http://a\"\n[route.a]\n[route.b]\n"
	c, ps := config.Parse([]byte(text))
	want := "5:8: route.a: hosts times paths times methods of all routes are more than 1000000"
	if c != nil || ps.Error() != want {
		t.Errorf("got %v, want %s", ps, want)
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(manyRoutes(10_000))
	for b.Loop() {
		if c, ps := config.Parse(text); c == nil {
			b.Fatal(ps)
		}
	}
}
