package config_test

import (
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// Each key can be said in a route: Parse knows it, and every word offered for
// it is one of its values.
func TestRouteKeysAreThoseOfARoute(t *testing.T) {
	keys := config.RouteKeys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
		for _, word := range append(k.Words, "some") {
			value := `"` + word + `"`
			if word == "true" || word == "false" || strings.Trim(word, "0123456789") == "" {
				value = word
			}
			_, ps := config.Parse([]byte("[route.a]\n" + k.Name + " = " + value + "\n"))
			for _, p := range ps {
				known := !strings.Contains(p.Message, "unknown key")
				fits := word == "some" || !strings.Contains(p.Message, "not one of") && !strings.Contains(p.Message, " must be ")
				if !known || !fits {
					t.Errorf("%s = %s: %s", k.Name, value, p)
				}
			}
		}
		if k.About == "" {
			t.Errorf("%s has no explanation", k.Name)
		}
	}
	for _, want := range []string{"host", "to", "use", "timeout.dial", "auth.users", "balance"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
}
