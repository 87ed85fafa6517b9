package config_test

import (
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestDiffsHideSecrets(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":          {"[ddns.a]\ntoken = \"abc\" # mine", "[ddns.a]\ntoken = \"(hidden)\" # mine"},
		"single quotes":  {"[ddns.a]\nsecret = 'abc'", "[ddns.a]\nsecret = '(hidden)'"},
		"dotted":         {"ddns.a.password = \"abc\"", "ddns.a.password = \"(hidden)\""},
		"inline":         {"acme = { eab = { kid = \"k\", key = \"abc\" } }", "acme = { eab = { kid = \"k\", key = \"(hidden)\" } }"},
		"an array":       {"[route.a.auth]\nusers = [\n  \"ann:abc\", # ann\n]", "[route.a.auth]\nusers = [\n  \"(hidden)\", # ann\n]"},
		"an alert":       {"[alert]\nurl = \"https://n/abc\"", "[alert]\nurl = \"(hidden)\""},
		"the same twice": {"[ddns.a]\ntoken = \"abc\"\n[x]\ny = \"abc\"", "[ddns.a]\ntoken = \"(hidden)\"\n[x]\ny = \"(hidden)\""},
		"references":     {"[ddns.a]\ntoken = \"env:ABC\"\nkey = \"file:/abc\"", "[ddns.a]\ntoken = \"env:ABC\"\nkey = \"file:/abc\""},
		"a path":         {"[cert.a]\nkey = \"/etc/abc.pem\"", "[cert.a]\nkey = \"/etc/abc.pem\""},
		"an upstream":    {"[route.a]\nto = { url = \"http://abc\" }", "[route.a]\nto = { url = \"http://abc\" }"},
		"a login":        {"[route.a]\nto = [\"http://u:abc@b\", 'http://abc/x@y']", "[route.a]\nto = [\"(hidden)\", 'http://abc/x@y']"},
		"a mark before":  {"\ufeff[ddns.a]\ntoken = \"abc\"", "\ufeff[ddns.a]\ntoken = \"(hidden)\""},
		"escapes":        {"[ddns.a]\ntoken = \"a\\u0062c\"", "[ddns.a]\ntoken = \"(hidden)\""},
		"escapes, twice": {"[ddns.a]\ntoken = \"a\\u0062c\" # \"abc\"", "[ddns.a]\ntoken = \"(hidden)\" # \"(hidden)\""},
		"no string":      {"[ddns.a]\ntoken = 4711", "(hidden)\n(hidden)"},
		"a name":         {"[route.token]\nhost = \"abc\"\n[ddns.key]\nserver = \"abc\"", "[route.token]\nhost = \"abc\"\n[ddns.key]\nserver = \"abc\""},
		"a header":       {"[route.a.request_headers.set]\ntoken = \"abc\"", "[route.a.request_headers.set]\ntoken = \"(hidden)\""},
		"an update":      {"[ddns.a]\nurl = \"https://u:abc@n/?k=abc\"", "[ddns.a]\nurl = \"(hidden)\""},
		"an Authorization": {"[route.a]\nrequest_headers = { set = { Authorization = \"Bearer abc\", X-A = \"b\" } }",
			"[route.a]\nrequest_headers = { set = { Authorization = \"(hidden)\", X-A = \"b\" } }"},
		"several keys": {"[route.a]\nrequest_headers.add.X-Api-Key = [\"abc\", \"abd\"]",
			"[route.a]\nrequest_headers.add.X-Api-Key = [\"(hidden)\", \"(hidden)\"]"},
		"lines":           {"[ddns.a]\ntoken = \"\"\"\na\nbc\"\"\"", "(hidden)\n(hidden)\n(hidden)\n(hidden)"},
		"what is no TOML": {"[ddns.a\ntoken = \"abc\"", "(hidden)\n(hidden)"},
	} {
		var got []string
		for _, l := range config.ShownDiff(nil, []byte(c.text)) {
			got = append(got, l.Text)
		}
		if text := strings.Join(got, "\n"); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

// What changed stays visible as a change, and what was a secret before is one
// in the text after, where it may have become a comment.
func TestDiffOfASecret(t *testing.T) {
	before := "[ddns.a]\ntoken = \"abc\"\nzone = \"x\"\n"
	for after, want := range map[string]string{
		"[ddns.a]\ntoken = \"abd\"\nzone = \"x\"\n":         "-token = \"(hidden)\"\n+token = \"(hidden)\"\n",
		"[ddns.a]\n# token = \"abc\"\nzone = \"x\"\n":       "-token = \"(hidden)\"\n+# token = \"(hidden)\"\n",
		"[ddns.a]\ntoken = \"env:ABC\"\nzone = \"abc\"\n":   "-token = \"(hidden)\"\n-zone = \"x\"\n+token = \"env:ABC\"\n+zone = \"(hidden)\"\n",
		"[ddns.a]\ntoken = \"\"\"abc\"\"\"\nzone = \"x\"\n": "-token = \"(hidden)\"\n+token = \"(hidden)\"\n",
	} {
		if got := signed(config.ShownDiff([]byte(before), []byte(after))); got != want {
			t.Errorf("%q is shown as\n%s\nwant\n%s", after, got, want)
		}
	}
}

// TestPlainSecretsWarn: what a diff hides is warned of where it stands in the
// file, and a reference takes its place.
func TestPlainSecretsWarn(t *testing.T) {
	t.Setenv("BEARER", "Bearer abc")
	const route, update = "[route.a]\nhost = \"a.test\"\nto = \"http://b:1\"\n", "[ddns.a]\nprovider = \"url\"\nsuccess = \"ok\"\nurl = "
	for text, warned := range map[string]bool{
		route + "request_headers.set.Authorization = \"Bearer abc\"":  true,
		route + "request_headers.set.Authorization = \"env:BEARER\"":  false,
		route + "request_headers.set.Authorization = \"env:NO_SUCH\"": true,
		route + "request_headers.add.X-Api-Key = [\"abc\"]":           true,
		route + "request_headers.set.X-Forwarded-Key-Id = \"{host}\"": false,
		route + "request_headers.set.X-Name = \"abc\"":                false,
		route + "response_headers.set.Set-Cookie = \"a=b\"":           false,
		route + update + "\"https://u:abc@n.test/?ip={ip}\"":          true,
		route + update + "\"https://n.test/?k=abc&ip={ip}\"":          true,
		route + update + "\"https://n.test/{name}?ip={ip}\"":          false,
		route + update + "\"env:NO_SUCH\"":                            true,
	} {
		c, problems := config.Parse([]byte(text))
		if c == nil || (len(problems) > 0) != warned {
			t.Errorf("%s\n%v", text, problems)
		}
	}
	c, _ := config.Parse([]byte(route + "request_headers.set.Authorization = \"env:BEARER\""))
	if got := c.Route("a").RequestHeaders.Set[0].Value.String(); got != "Bearer abc" {
		t.Errorf("the field is %q", got)
	}
}

// TestErrorHidesLogins: what is wrong with such a URL is said without it.
func TestErrorHidesLogins(t *testing.T) {
	for _, url := range []string{"http://ann:s3cr3t@10.0.0.1", "ann:s3cr3t@10.0.0.1:80"} {
		if _, err := config.ParseUpstream(url); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v", err)
		}
	}
}
