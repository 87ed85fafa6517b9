package config_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
)

func TestSchemaIsTheSameEachTime(t *testing.T) {
	first := config.Schema()
	for range 5 {
		if !bytes.Equal(config.Schema(), first) {
			t.Fatal("the schema differs from one call to the next")
		}
	}
}

// uncommented shows what the reference keeps in comments.
func uncommented() string {
	text := strings.ReplaceAll(string(assets.Reference), "\n## ", "\n")
	return regexp.MustCompile(`(?m)^# ([a-z_]+ = )`).ReplaceAllString(text, "$1")
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	files := map[string]string{
		"starter":               string(assets.Starter),
		"reference":             string(assets.Reference),
		"reference uncommented": uncommented(),
		"empty":                 "",
	}
	for _, name := range []string{"example.toml", "droplet.toml"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for name, text := range files {
		if faults, isTOML := against(t, text); !isTOML || len(faults) > 0 {
			t.Errorf("%s: TOML %v, %q", name, isTOML, faults)
		}
	}
}

// Each text with the place where the schema finds fault. The checker refuses
// every one of them too.
var schemaRefuses = []struct{ name, at, text string }{
	{"unknown table", "routes", "[routes.a]\nhost = \"a.test\""},
	{"route's key at the root", "to", "to = \"http://a\""},
	{"unknown key of server", "server.htp", "[server]\nhtp = \":80\""},
	{"unknown key of a route", "route.a.paht", "[route.a]\npaht = \"/x\""},
	{"case of a key", "route.a.HOST", "[route.a]\nHOST = \"a.test\""},
	{"name with a dot", "route.www.example", "[route.www.example]\nhost = \"a.test\""},
	{"unknown key of defaults", "defaults.hosts", "[defaults]\nhosts = \"a.test\""},
	{"unknown key of a preset", "preset.p.alow", "[preset.p]\nalow = \"lan\""},
	{"use in a preset", "preset.p.use", "[preset.p]\nuse = \"q\"\n[preset.q]"},
	{"unknown key of health", "route.a.health.intervall", "[route.a.health]\nintervall = \"1s\""},
	{"unknown key of health in a preset", "preset.p.health.every", "[preset.p.health]\nevery = \"1s\""},
	{"unknown key of eab", "acme.eab.hmac", "[acme.eab]\nkid = \"x\"\nkey = \"env:HOME\"\nhmac = \"x\""},
	{"unknown key of an upstream", "route.a.to", "[route.a]\nto = [{ url = \"http://a\", wieght = 2 }]"},
	{"unknown key of header fields", "route.a.request_headers.sett", "[route.a]\nrequest_headers = { sett = {} }"},
	{"unknown key of files", "route.a.files", "[route.a]\nfiles = { folder = \"/srv\" }"},

	{"server is a number", "server", "server = 1"},
	{"acme is a list", "acme", "[[acme]]"},
	{"routes as a list", "route", "[[route]]\nhost = \"a.test\""},
	{"route without a name", "route.host", "[route]\nhost = \"a.test\""},
	{"host is a number", "route.a.host", "[route.a]\nhost = 5"},
	{"host holds a number", "route.a.host", "[route.a]\nhost = [\"a.test\", 5]"},
	{"to is a table", "route.a.to", "[route.a]\nto = { url = \"http://a\" }"},
	{"flag is a word", "route.a.compress", "[route.a]\ncompress = \"yes\""},
	{"count is a word", "route.a.max_fails", "[route.a]\nmax_fails = \"3\""},
	{"count is a fraction", "route.a.max_conns", "[route.a]\nmax_conns = 1.5"},
	{"duration is a number", "server.idle_timeout", "[server]\nidle_timeout = 5"},
	{"size is a number", "server.max_header", "[server]\nmax_header = 32768"},
	{"rate is a number", "route.a.rate_limit.rate", "[route.a]\nrate_limit = { rate = 20 }"},
	{"network is a table", "networks.vpn", "[networks.vpn]\na = \"10.0.0.0/8\""},
	{"deny is a table", "route.a.deny", "[route.a]\ndeny = { lan = true }"},
	{"field set to a list", "route.a.request_headers.set.X-A", "[route.a]\nrequest_headers = { set = { X-A = [\"1\"] } }"},
	{"retry is a number", "defaults.retry", "[defaults]\nretry = 2"},

	{"unknown balance", "route.a.balance", "[route.a]\nbalance = \"leastconn\""},
	{"unknown plain_http", "route.a.plain_http", "[route.a]\nplain_http = \"redirct\""},
	{"unknown verify", "route.a.upstream_tls.verify", "[route.a]\nto = \"https://a\"\nupstream_tls = { verify = \"none\" }"},
	{"unknown provider", "ddns.a.provider", "[ddns.a]\nprovider = \"namecheep\""},
	{"unknown format", "log.format", "[log]\nformat = \"jsn\""},
	{"unknown event", "alert.on", "[alert]\nurl = \"https://ntfy.test/x\"\non = \"everything\""},
	{"unknown event in a list", "ban.on", "[ban]\non = [\"auth_faild\"]"},
	{"status that redirects nowhere", "route.a.status", "[route.a]\nredirect = \"/x\"\nstatus = 200"},

	{"duration without a unit", "server.header_timeout", "[server]\nheader_timeout = \"10\""},
	{"duration with a blank", "ban.for", "[ban]\nfor = \"1 h\""},
	{"duration with an unknown unit", "ddns.a.every", "[ddns.a]\nprovider = \"duckdns\"\ntoken = \"env:HOME\"\nevery = \"1d\""},
	{"size with an unknown unit", "log.size", "[log]\nsize = \"10MiB\""},
	{"size without a unit", "route.a.max_body", "[route.a]\nmax_body = \"10\""},
	{"rate without a unit", "route.a.rate_limit.rate", "[route.a]\nrate_limit = { rate = \"20\" }"},
	{"rate of days", "preset.p.rate_limit.rate", "[preset.p]\nrate_limit = { rate = \"20/d\" }"},
	{"status that is none", "route.a.health.expect", "[route.a]\nto = \"http://a\"\nhealth = { expect = \"9xx\" }"},
	{"status out of bounds", "route.a.health.expect", "[route.a]\nto = \"http://a\"\nhealth = { expect = [700] }"},
	{"count below its bound", "route.a.health.fall", "[route.a]\nto = \"http://a\"\nhealth = { fall = 0 }"},
	{"count above its bound", "log.keep", "[log]\nkeep = 1001"},

	{"empty word", "log.access", "[log]\naccess = \"\""},
	{"empty host", "route.a.host", "[route.a]\nhost = \"\""},
	{"empty list", "route.a.host", "[route.a]\nhost = []"},
	{"listed twice", "route.a.methods", "[route.a]\nmethods = [\"GET\", \"GET\"]"},
	{"host with a scheme", "route.a.host", "[route.a]\nhost = \"http://a.test\""},
	{"upstream without a scheme", "route.a.to", "[route.a]\nto = \"nas:3000\""},
	{"upstream with an unknown scheme", "route.a.to", "[route.a]\nto = [\"ws://nas\"]"},
	{"listener without a port", "server.http", "[server]\nhttp = \"localhost\""},
	{"network that is a name", "networks.a", "[networks]\na = [\"lan\"]"},
	{"path without a slash", "route.a.path", "[route.a]\npath = [\"/x\", \"y\"]"},
	{"prefix without a slash", "route.a.strip_prefix", "[route.a]\nto = \"http://a\"\nstrip_prefix = \"api\""},
	{"redirect to a bare name", "route.a.redirect", "[route.a]\nredirect = \"d.test\""},
	{"field that is none", "route.a.response_headers.remove", "[route.a]\nresponse_headers = { remove = \"Bad Name\" }"},
	{"field to set that is none", "route.a.response_headers.set.Bad Name", "[route.a]\nresponse_headers = { set = { \"Bad Name\" = \"x\" } }"},
	{"password in place of its hash", "route.a.auth.users", "[route.a]\nauth = { users = \"me:hunter2\" }"},
	{"pin that is too short", "route.a.upstream_tls.pin", "[route.a]\nto = \"https://a\"\nupstream_tls = { pin = \"sha256:00\" }"},
	{"card that is none", "route.a.wake_on_lan.mac", "[route.a]\nto = \"http://a\"\nwake_on_lan = { mac = \"00:11\" }"},
	{"address from nowhere", "ddns.a.address", "[ddns.a]\nprovider = \"duckdns\"\ntoken = \"env:HOME\"\naddress = \"dhcp\""},

	{"upstream without a URL", "route.a.to", "[route.a]\nto = [{ weight = 2 }]"},
	{"rewrite without match", "route.a.rewrite", "[route.a]\nto = \"http://a\"\nrewrite = { to = \"/x\" }"},
	{"certificate without a key", "cert.a", "[cert.a]\ncert = \"/x\""},
	{"dynamic DNS without a provider", "ddns.a", "[ddns.a]\ndomain = \"a.test\""},
	{"alert without a URL", "alert", "[alert]\non = \"disk\""},
}

func TestSchemaRefuses(t *testing.T) {
	for _, test := range schemaRefuses {
		t.Run(test.name, func(t *testing.T) {
			faults, isTOML := against(t, test.text)
			if !isTOML || !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, test.at+":") }) {
				t.Errorf("TOML %v, faults %q; want one at %s", isTOML, faults, test.at)
			}
			if _, ps := config.Parse([]byte(test.text)); !slices.ContainsFunc(ps.Errors(), func(p config.Problem) bool {
				return strings.HasPrefix(strings.ReplaceAll(p.Path, `"`, ""), test.at)
			}) {
				t.Errorf("the checker finds nothing at %s: %v", test.at, ps)
			}
		})
	}
}

// formal are the problems that one value shows alone, whatever else the file
// and the world hold.
var formal = regexp.MustCompile(`^unknown key | must be | is an empty list| is empty$|is not one of|is not a (duration|size|rate)| cannot stand in a preset`)

// The texts that the checker's own tests have problems with.
func TestSchemaAgreesWithTheChecker(t *testing.T) {
	takes, refuses := 0, 0
	for _, test := range problemTests {
		text := test.text[1:]
		faults, isTOML := against(t, text)
		if !isTOML {
			continue
		}
		_, ps := config.Parse([]byte(text))
		wrong := slices.ContainsFunc(ps.Errors(), func(p config.Problem) bool { return formal.MatchString(p.Message) })
		switch {
		case len(ps.Errors()) == 0:
			takes++
			if len(faults) > 0 {
				t.Errorf("%s: the schema alone refuses: %q", test.name, faults)
			}
		case wrong:
			refuses++
			if len(faults) == 0 {
				t.Errorf("%s: the checker alone refuses: %v", test.name, ps.Errors())
			}
		}
	}
	if takes < 4 || refuses < 25 {
		t.Errorf("only %d texts to take and %d to refuse", takes, refuses)
	}
}

// Each key of the schema is a key to the checker: it may not like the value,
// but it knows the name. And what is no key to one is none to the other.
func TestSchemaHasNoKeyOfItsOwn(t *testing.T) {
	seen := 0
	walk(t, theSchema(), nil, func(path []string, s map[string]any) {
		properties, isTable := s["properties"].(map[string]any)
		if !isTable {
			return
		}
		for name := range properties {
			seen++
			if ps := parseOnly(append(slices.Clone(path), name)); strings.Contains(ps.Error(), "unknown key") {
				t.Errorf("%q %s: %v", path, name, ps)
			}
		}
		other := append(slices.Clone(path), "nonesuch")
		if ps := parseOnly(other); !strings.Contains(ps.Error(), `unknown key "nonesuch"`) {
			t.Errorf("%q: the checker takes any key: %v", path, ps)
		}
		if faults, _ := against(t, only(other, "true")); len(faults) == 0 {
			t.Errorf("%q: the schema takes any key", path)
		}
	})
	if seen < 300 {
		t.Errorf("only %d keys", seen)
	}
}

// only is a text with a value at one path; a step "[]" is into a list.
func only(path []string, value string) string {
	for _, key := range slices.Backward(path[1:]) {
		if key == "[]" {
			value = "[" + value + "]"
		} else {
			value = "{ \"" + key + "\" = " + value + " }"
		}
	}
	return path[0] + " = " + value + "\n"
}

func parseOnly(path []string) config.Problems {
	_, ps := config.Parse([]byte(only(path, "true")))
	return ps
}

// walk shows every shape with the path of a value that has it.
func walk(t testing.TB, s map[string]any, path []string, see func([]string, map[string]any)) {
	if ref, ok := s["$ref"].(string); ok {
		s = judge{t}.definition(ref)
	}
	see(path, s)
	under := func(key string, kid any) {
		if kid, ok := kid.(map[string]any); ok {
			walk(t, kid, append(slices.Clone(path), key), see)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		under(name, properties[name])
	}
	under("name", s["additionalProperties"])
	under("[]", s["items"])
	alternatives, _ := s["anyOf"].([]any)
	for _, kid := range alternatives {
		walk(t, kid.(map[string]any), path, see)
	}
}

func TestSchemaExplainsEveryKey(t *testing.T) {
	walk(t, theSchema(), nil, func(path []string, s map[string]any) {
		properties, _ := s["properties"].(map[string]any)
		for name, kid := range properties {
			kid := kid.(map[string]any)
			if ref, ok := kid["$ref"].(string); ok {
				kid = judge{t}.definition(ref)
			}
			if words, _ := kid["description"].(string); len(words) < 5 {
				t.Errorf("%q %s: the reference has no words for it", path, name)
			}
		}
	})
}

func TestSchemaTakesItsDefaults(t *testing.T) {
	seen := 0
	walk(t, theSchema(), nil, func(path []string, s map[string]any) {
		if v, ok := s["default"]; ok {
			seen++
			if faults := (judge{t}).faults(s, v, strings.Join(path, ".")); len(faults) > 0 {
				t.Errorf("%q is no default: %q", v, faults)
			}
		}
	})
	if seen < 30 {
		t.Errorf("only %d defaults", seen)
	}
}

// Editors read the patterns as ECMAScript or Rust does; what Go has beyond
// these would be an error there.
func TestSchemaHasPlainPatterns(t *testing.T) {
	beyond := regexp.MustCompile(`\(\?[^:]|\\[^.${}+]|\[\[:`)
	walk(t, theSchema(), nil, func(path []string, s map[string]any) {
		if pattern, ok := s["pattern"].(string); ok && beyond.MatchString(pattern) {
			t.Errorf("%q: %s", path, pattern)
		}
	})
}

// taplo ignores what stands beside a $ref, words for people included.
func TestSchemaHasNothingBesideAReference(t *testing.T) {
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"]; ok && len(v) > 1 {
				t.Errorf("%v has %d words beside it", ref, len(v)-1)
			}
			for _, kid := range v {
				look(kid)
			}
		case []any:
			for _, kid := range v {
				look(kid)
			}
		}
	}
	var s any
	if err := json.Unmarshal(config.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	look(s)
}

func TestSchemaLineIsKept(t *testing.T) {
	const line = "#:schema ./portico.schema.json\n"
	text := line + "[route.a]\nhost = \"a.test\"\nto = \"http://a\"\n"
	if _, ps := config.Parse([]byte(text)); len(ps) > 0 {
		t.Errorf("%v", ps)
	}
	for name, edit := range map[string]func(*config.File) error{
		"set":    func(f *config.File) error { return f.Set("http://b", "route", "a", "to") },
		"delete": func(f *config.File) error { return f.Delete("route", "a") },
		"rename": func(f *config.File) error { return f.RenameRoute("a", "b") },
		"table":  func(f *config.File) error { return f.Set("me@a.test", "acme", "email") },
		"add": func(f *config.File) error {
			return f.AddRoute("b", []config.KeyValue{{Key: "host", Value: "b.test"}, {Key: "to", Value: "http://b"}})
		},
	} {
		for _, before := range []string{text, line + "\n" + strings.TrimPrefix(text, line)} {
			f, err := config.NewFile([]byte(before))
			if err != nil {
				t.Fatal(err)
			}
			if err := edit(f); err != nil || !strings.HasPrefix(string(f.Bytes()), line) || string(f.Bytes()) == before {
				t.Errorf("%s: %v, of\n%sbecame\n%s", name, err, before, f.Bytes())
			}
		}
	}
}
