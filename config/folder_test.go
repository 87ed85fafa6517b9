package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// Every key that takes a path, each with a relative one.
const relativePaths = `
[acme]
email = "me@example.com"
ca = "tls/ca.pem"
[cert.own]
cert = "tls/own.pem"
key = "tls/own.key"
[ddns.home]
provider = "duckdns"
domain = "x.duckdns.org"
token = "file:token"
[log]
access = "log/access.log"
[route.files]
host = "files.test"
files = "www"
auth = { file = "htpasswd" }
[route.list]
host = "list.test"
files = { dir = "./www" }
[route.php]
host = "php.test"
to = "fastcgi://127.0.0.1:9000"
root = "/srv/www"
static = "tls/../www"
[route.nas]
host = "nas.test"
to = "https://nas.test"
upstream_tls = { ca = "tls/ca.pem", cert = "tls/own.pem", key = "tls/own.key" }
`

// folderOf makes a folder with all that relativePaths names.
func folderOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"tls", "www"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tls/ca.pem", "tls/own.pem", "tls/own.key", "token", "htpasswd"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("# "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRelativePathsLeadFromTheFolderOfTheFile(t *testing.T) {
	dir := folderOf(t)
	c, ps := config.ParseFile(filepath.Join(dir, "portico.toml"), []byte(relativePaths))
	for _, p := range ps {
		if !strings.Contains(p.Message, "yet") {
			t.Errorf("%s", p)
		}
	}
	if c == nil {
		t.FailNow()
	}
	nas := c.Route("nas").TLS
	for got, want := range map[string]string{
		c.ACME.CA:                     "tls/ca.pem",
		c.Certs[0].Cert:               "tls/own.pem",
		c.Certs[0].Key:                "tls/own.key",
		c.Log.Access:                  "log/access.log",
		c.Route("files").Files.Dir:    "www",
		c.Route("files").Auth.File:    "htpasswd",
		c.Route("list").Files.Dir:     "www",
		c.Route("php").FastCGI.Static: "www",
		nas.CA:                        "tls/ca.pem",
		nas.Cert:                      "tls/own.pem",
		nas.Key:                       "tls/own.key",
	} {
		if got != filepath.Join(dir, want) {
			t.Errorf("%q, want %s in %s", got, want, dir)
		}
	}
	if root := c.Route("php").FastCGI.Root; root != "/srv/www" {
		t.Errorf("root %q", root)
	}
	if token := c.DDNS[0].Token.Reveal(); token != "# token" {
		t.Errorf("token %q", token)
	}
}

// What is not there is named by where it was looked for.
func TestMissingRelativePaths(t *testing.T) {
	dir := t.TempDir()
	_, ps := config.ParseFile(filepath.Join(dir, "portico.toml"), []byte(relativePaths))
	missing := 0
	for _, p := range ps {
		if strings.Contains(p.Message, "cannot be read") {
			missing++
			if !strings.Contains(p.Message, `"`+dir) && !strings.Contains(p.Message, `"file:`+dir) {
				t.Errorf("%s", p)
			}
		}
	}
	if missing != 11 {
		t.Errorf("%d of 11 paths are missed:\n%v", missing, ps)
	}
}

// TestRelativePathsOfALink: what a link leads to may lie anywhere; the person
// sees the folder of the link.
func TestRelativePathsOfALink(t *testing.T) {
	dir, elsewhere := folderOf(t), t.TempDir()
	target := filepath.Join(elsewhere, "real.toml")
	if err := os.WriteFile(target, []byte(relativePaths), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "portico.toml")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	s, err := config.Open(config.Options{Path: link})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Current().Config.DDNS[0].Token.Reveal(); got != "# token" {
		t.Errorf("token %q", got)
	}
	p, err := s.Preview(nil, func(f *config.File) error { return f.Set("y.test", "route", "nas", "host") })
	if err != nil || p.Config.ACME.CA != filepath.Join(dir, "tls/ca.pem") {
		t.Errorf("a preview's path is %q (%v)", p.Config.ACME.CA, err)
	}
	for _, w := range p.Problems {
		if strings.Contains(w.Message, "cannot be read") {
			t.Errorf("%s", w)
		}
	}
}
