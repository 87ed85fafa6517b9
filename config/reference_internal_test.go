package config

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"forge.home.arpa/portico/config/tomldoc"
)

func reference(t *testing.T) []byte {
	b, err := os.ReadFile("../assets/reference.toml")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parsedReference(t *testing.T, text []byte) *Config {
	t.Helper()
	c, ps := Parse(text)
	if c == nil {
		t.Fatalf("%v", ps.Errors())
	}
	c.places = nil // what differs without meaning
	for _, r := range c.Routes {
		r.Line, r.Origins = 0, nil
	}
	return c
}

func TestReferenceParsesWithoutAProblem(t *testing.T) {
	if _, ps := Parse(reference(t)); len(ps) > 0 {
		t.Errorf("%v", ps)
	}
}

func TestReferenceServesWhatAnEmptyFileDoes(t *testing.T) {
	got, want := parsedReference(t, reference(t)), parsedReference(t, nil)
	got.Routes = nil // of the example
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Each line "# key = value" of the reference states a default: with the line
// and without it the configuration is the same.
func TestReferenceStatesTheDefaults(t *testing.T) {
	examples := exampleLine.ReplaceAll(reference(t), nil)
	lines := defaultLine.FindAllIndex(examples, -1)
	if len(lines) < 30 {
		t.Fatalf("only %d lines state a default", len(lines))
	}
	want := parsedReference(t, examples)
	for _, line := range lines {
		text := slices.Concat(examples[:line[0]], examples[line[0]+len("# "):])
		if got := parsedReference(t, text); !reflect.DeepEqual(got, want) {
			end := line[0] + slices.Index(examples[line[0]:], '\n')
			t.Errorf("not the default: %s", examples[line[0]:end])
		}
	}
}

func TestReferenceHasEveryKey(t *testing.T) {
	text := exampleLine.ReplaceAll(reference(t), nil)
	text = defaultLine.ReplaceAll(text, []byte("$1"))
	doc, err := tomldoc.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]bool{}
	gather(doc.Root(), "", seen)
	for table, keys := range knownKeys() {
		slices.Sort(keys)
		if got := slices.Sorted(maps.Keys(seen[table])); !slices.Equal(got, keys) {
			t.Errorf("table %q\nhas    %q\nmisses from %q", table, got, keys)
		}
	}
}

// knownKeys are those of every table, routes and their like without their names.
func knownKeys() map[string][]string {
	return map[string][]string{
		"":                  rootKeys,
		"server":            keysOf(serverKeys),
		"acme":              keysOf(acmeKeys),
		"acme eab":          keysOf(eabKeys),
		"cert":              keysOf(certKeys),
		"ddns":              keysOf(ddnsKeys),
		"ban":               keysOf(banKeys),
		"log":               keysOf(logKeys),
		"alert":             keysOf(alertKeys),
		"route":             keysOf(routeKeys),
		"route to":          keysOf(upstreamKeys),
		"route rewrite":     keysOf(rewriteKeys),
		"route respond":     keysOf(respondKeys),
		"route files":       keysOf(filesKeys),
		"route health":      keysOf(healthKeys),
		"route retry":       keysOf(retryKeys),
		"route timeout":     keysOf(timeoutKeys),
		"route auth":        keysOf(authKeys),
		"route rate_limit":  keysOf(rateLimitKeys),
		"route maintenance": keysOf(maintenanceKeys),

		"route upstream_tls":    keysOf(upstreamTLSKeys),
		"route request_headers": keysOf(headerKeys),
		"route forward_auth":    keysOf(forwardAuthKeys),
		"route wake_on_lan":     keysOf(wakeKeys),
	}
}

// gather notes the keys of every table, those of a family under its name.
func gather(n *node, name string, seen map[string]map[string]bool) {
	for _, e := range n.Elems() {
		gather(e, name, seen)
	}
	family := slices.Contains(families, name)
	for _, key := range n.Keys() {
		if family {
			gather(n.Get(key), name+" ", seen)
			continue
		}
		table := name
		if table != "" && table[len(table)-1] == ' ' {
			table = table[:len(table)-1]
		}
		if seen[table] == nil {
			seen[table] = map[string]bool{}
		}
		seen[table][key] = true
		below := key
		if table != "" {
			below = table + " " + key
		}
		gather(n.Get(key), below, seen)
	}
}
