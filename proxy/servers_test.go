package proxy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// public is a folder that servers under users of their own can use.
func public(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "portico-server-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, sub := range []string{"", "www"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// apache runs a real Apache with WebDAV on its root; over TLS where it is given
// a certificate.
func apache(t testing.TB, cert *signed) (addr, dir string) {
	t.Helper()
	binary := program(t, "apache2", "apache2")
	addr, dir = freeAddr(t), public(t)
	modules := "mpm_event authz_core dav dav_fs dir mime"
	over := ""
	if cert != nil {
		modules += " ssl"
		over = fmt.Sprintf("SSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\nSSLSessionCache none\n", cert.cert, cert.pem)
	}
	var b strings.Builder
	for _, m := range strings.Fields(modules) {
		fmt.Fprintf(&b, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	if os.Getuid() == 0 {
		b.WriteString("User www-data\nGroup www-data\n")
	}
	fmt.Fprintf(&b, `ServerRoot %[1]s
ServerName nas.home.arpa
Listen %[2]s
PidFile %[1]s/pid
Mutex file:%[1]s default
ErrorLog /dev/stderr
TypesConfig /dev/null
DavLockDB %[1]s/locks
DocumentRoot %[1]s/www
<Directory %[1]s/www>
Dav On
Require all granted
</Directory>
`, dir, addr)
	conf := filepath.Join(dir, "apache.conf")
	writeFile(t, conf, []byte(b.String()+over))
	started(t, []string{addr}, binary, "-f", conf, "-DFOREGROUND")
	return addr, dir
}

// nginx runs a real nginx for a folder; over TLS where it is given a
// certificate.
func nginxServer(t testing.TB, cert *signed) (addr, dir string) {
	t.Helper()
	binary := program(t, "nginx-light", "nginx")
	addr, dir = freeAddr(t), public(t)
	listen, user := "listen "+addr+";", ""
	if cert != nil {
		listen = fmt.Sprintf("listen %s ssl; ssl_certificate %s; ssl_certificate_key %s;", addr, cert.cert, cert.pem)
	}
	if os.Getuid() == 0 {
		user = "user www-data;"
	}
	conf := filepath.Join(dir, "nginx.conf")
	writeFile(t, conf, []byte(fmt.Sprintf(`%[3]s
daemon off; pid %[1]s/pid; error_log stderr; worker_processes 1;
events {}
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi; client_max_body_size 0;
  server { %[2]s root %[1]s/www; location /up/ { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; } }
}
`, dir, listen, user)))
	started(t, []string{addr}, binary, "-c", conf, "-p", dir, "-e", "stderr")
	return addr, dir
}

// curl asks through portico as a person would, and gives the status and the
// answer whole.
func curl(t testing.TB, s *site, path string, args ...string) (status, answer string) {
	t.Helper()
	args = append([]string{"-sS", "-i", "-m", "20", "-w", "\n%{http_code}", "--path-as-is", "-H", "Host: dav.example"}, args...)
	out, err := exec.Command(program(t, "curl", "curl"), append(args, "http://"+s.addr+path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("curl %q %s: %v\n%s", args, path, err, out)
	}
	text := string(out)
	i := strings.LastIndexByte(text, '\n')
	return text[i+1:], text[:i]
}

// TestWebDAV: a folder of a real Apache, over TLS and without, under a prefix
// that Apache knows nothing of.
func TestWebDAV(t *testing.T) {
	for name, cert := range map[string]*signed{"plain": nil, "over TLS": certificate(t, nil, nil)} {
		t.Run(name, func(t *testing.T) {
			addr, dir := apache(t, cert)
			to := "to = \"http://" + addr + "\""
			if cert != nil {
				to = fmt.Sprintf("to = \"https://%s\"\nupstream_tls = { pin = %q }", addr, cert.pin)
			}
			s := newSite(t, "[route.dav]\nhost = \"dav.example\"\npath = \"/dav/*\"\nstrip_prefix = \"/dav\"\n"+to+
				"\n[route.rest]\nhost = \"dav.example\"\nrespond = { status = 404 }\n")
			step := func(want, path string, args ...string) string {
				t.Helper()
				status, answer := curl(t, s, path, args...)
				if status != want {
					t.Fatalf("curl %q %s: %s, want %s\n%s", args, path, status, want, answer)
				}
				return answer
			}
			to2 := func(path string) string { return "Destination: http://dav.example" + path }

			step("201", "/dav/dir/", "-X", "MKCOL")
			step("201", "/dav/dir/a.txt", "-X", "PUT", "-d", "hello")
			if a := step("207", "/dav/dir/", "-X", "PROPFIND", "-H", "Depth: 1"); !strings.Contains(a, "/dir/a.txt") {
				t.Errorf("PROPFIND: %s", a)
			}
			if a := step("201", "/dav/dir/a.txt", "-X", "COPY", "-H", to2("/dav/dir/b%20c.txt")); !strings.Contains(a, "Location: http://dav.example/dav/dir/b%20c.txt") {
				t.Errorf("COPY: %s", a)
			}
			if a := step("200", "/dav/dir/b%20c.txt"); !strings.HasSuffix(a, "hello") {
				t.Errorf("GET: %s", a)
			}
			step("412", "/dav/dir/a.txt", "-X", "MOVE", "-H", to2("/dav/dir/b%20c.txt"), "-H", "Overwrite: F")
			step("204", "/dav/dir/a.txt", "-X", "MOVE", "-H", "Destination: /dav/dir/b%20c.txt")
			step("404", "/dav/dir/a.txt")

			lock := step("200", "/dav/dir/b%20c.txt", "-X", "LOCK", "-H", "Timeout: Second-600", "-H", "Content-Type: text/xml", "-d",
				`<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`)
			token := regexp.MustCompile(`(?i)Lock-Token: <([^>]+)>`).FindStringSubmatch(lock)
			if token == nil {
				t.Fatalf("LOCK: %s", lock)
			}
			step("423", "/dav/dir/b%20c.txt", "-X", "PUT", "-d", "stolen")
			step("204", "/dav/dir/b%20c.txt", "-X", "PUT", "-d", "mine", "-H", "If: (<"+token[1]+">)")
			step("204", "/dav/dir/b%20c.txt", "-X", "UNLOCK", "-H", "Lock-Token: <"+token[1]+">")

			for _, elsewhere := range []string{to2("/other/x"), to2("/dav/../other"), "Destination: http://other.example/dav/x", "Destination: //other.example/dav/x"} {
				step("403", "/dav/dir/b%20c.txt", "-X", "MOVE", "-H", elsewhere)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "www/dir/b c.txt")); err != nil || string(b) != "mine" {
				t.Errorf("on disk: %q, %v", b, err)
			}
			step("204", "/dav/dir/", "-X", "DELETE")
			// Apache redirects a folder without its slash, by the name it was asked.
			step("201", "/dav/deep/", "-X", "MKCOL")
			if a := step("301", "/dav/deep"); !strings.Contains(a, "Location: http://dav.example/dav/deep/") {
				t.Errorf("redirect: %s", a)
			}
		})
	}
}

// TestRealNginx: large files up and down, and ranges, through TLS of a real
// nginx whose certificate is its own.
func TestRealNginx(t *testing.T) {
	cert := certificate(t, nil, nil)
	addr, dir := nginxServer(t, cert)
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"dav.example\"\nto = \"https://%s\"\nupstream_tls = { pin = %q }\nhealth = { path = \"/small\", interval = \"200ms\" }\n", addr, cert.pin))
	big := strings.Repeat("0123456789abcdef", 1<<19) // 8 MB
	file := filepath.Join(dir, "big")
	writeFile(t, file, []byte(big))
	writeFile(t, filepath.Join(dir, "www/small"), []byte("small"))
	if err := os.Chmod(filepath.Join(dir, "www/small"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"-H", "Transfer-Encoding: chunked"}, {"-H", "Expect: 100-continue"}} {
		if status, a := curl(t, s, "/up/big", append([]string{"-T", file}, more...)...); status != "201" && status != "204" {
			t.Errorf("PUT %q: %s %s", more, status, a)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "www/up/big")); err != nil || string(b) != big {
			t.Errorf("PUT %q: %d bytes arrived, %v", more, len(b), err)
		}
	}
	down := filepath.Join(dir, "down")
	if out, err := exec.Command(program(t, "curl", "curl"), "-sSf", "-m", "30", "-o", down, "-H", "Host: dav.example", "http://"+s.addr+"/up/big").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if b, err := os.ReadFile(down); err != nil || string(b) != big {
		t.Errorf("%d bytes came down, %v", len(b), err)
	}
	if status, a := curl(t, s, "/small", "-r", "1-3"); status != "206" || !strings.HasSuffix(a, "mal") {
		t.Errorf("%s %s", status, a)
	}
	if u := s.server.Status().Upstreams[0]; u.Missed != 0 || u.Certificate == nil || u.Certificate.Refused != "" {
		t.Errorf("%+v", u)
	}
	// An nginx that speaks TLS says so to who does not.
	plain := probe(t, fmt.Sprintf("[route.a]\nhost = \"a\"\nto = \"http://%s\"\n", addr), "a")[0]
	if all := strings.Join(plain.Advice(), "\n"); !strings.Contains(all, "https://") {
		t.Errorf("probe of TLS without TLS: %+v", plain)
	}
}
