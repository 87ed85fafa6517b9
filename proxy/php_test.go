package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started runs a real server until the test ends and waits until it listens at
// each address, a path or host:port.
func started(t testing.TB, listens []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	log, err := os.Create(filepath.Join(cmd.Dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", filepath.Base(name), text[max(0, len(text)-4000):])
		}
	})
	for _, addr := range listens {
		awaitListener(t, addr, ended)
	}
}

func awaitListener(t testing.TB, addr string, ended chan struct{}) {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial(network, addr)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server for %s ended", addr)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens on %s: %v", addr, err)
		}
	}
}

// phpFPM runs PHP on a socket and on a port, with few workers: a connection that
// were kept would stop the next request.
func phpFPM(t testing.TB, settings ...string) (socket, addr string) {
	t.Helper()
	fpm := program(t, "php-fpm", "php-fpm8.2", "php-fpm8.4", "php-fpm8.3", "php-fpm")
	dir := t.TempDir()
	socket, addr = filepath.Join(dir, "php.sock"), freeAddr(t)
	pool := func(name, listen string) string {
		return fmt.Sprintf("[%s]\nlisten = %s\nuser = root\ngroup = root\npm = static\npm.max_children = 2\ncatch_workers_output = yes\n%s\n",
			name, listen, strings.Join(settings, "\n"))
	}
	file := filepath.Join(dir, "fpm.conf")
	writeFile(t, file, []byte("[global]\ndaemonize = no\nerror_log = "+dir+"/error.log\n"+pool("socket", socket)+pool("port", addr)))
	started(t, []string{socket, addr}, fpm, "-R", "-F", "-y", file)
	return socket, addr
}

// tables of what PHP is told are printed one a line.
const printServer = `<?php header("Content-Type: text/plain");
foreach ($_SERVER as $k => $v) if (is_string($v)) echo "$k=$v\n";
`

func TestPHPEnvironment(t *testing.T) {
	socket, addr := phpFPM(t)
	root := tree(t, map[string]string{"index.php": printServer, "sub/page.php": printServer})
	for name, to := range map[string]string{"socket": "fastcgi+unix://" + socket, "port": "fastcgi://" + addr} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\npath = \"/blog/*\"\nto = %q\nroot = %q\nstatic = %q\nstrip_prefix = \"/blog\"\n", to, root, root))
			want := map[string]string{
				"REQUEST_URI": "/blog/sub/page.php/a%20b/c?x=1&y=%20z", "SCRIPT_NAME": "/blog/sub/page.php", "PATH_INFO": "/a b/c",
				"SCRIPT_FILENAME": root + "/sub/page.php", "DOCUMENT_ROOT": root, "PHP_SELF": "/blog/sub/page.php/a b/c",
			}
			checkEnvironment(t, s, "/blog/sub/page.php/a%20b/c?x=1&y=%20z", want, printed)
		})
	}
}

// printed reads what printServer wrote.
func printed(body string) map[string]string {
	env := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return env
}

// checkEnvironment asks in a way that only a hostile client would, and compares
// what the application was told; read takes it from the answer's body.
func checkEnvironment(t *testing.T, s *site, target string, want map[string]string, read func(body string) map[string]string) {
	t.Helper()
	answer := s.raw("POST " + target + " HTTP/1.1\r\nHost: home.test:8080\r\nConnection: close\r\n" +
		"Proxy: http://evil.test\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX.Real.IP: 8.8.8.8\r\nMy_Own: 1\r\n" +
		"X-Two: 1\r\nx-two: 2\r\nCookie: a=1\r\nCookie: b=2\r\nAuthorization: Basic eDp5\r\nContent-Type: text/x\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
	_, body, _ := strings.Cut(answer, "\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Fatal(answer)
	}
	if strings.Contains(answer[:len(answer)-len(body)], "chunked") {
		body = dechunked(t, body)
	}
	env := read(body)
	for name, value := range map[string]string{
		"REQUEST_METHOD": "POST", "QUERY_STRING": "x=1&y=%20z", "SERVER_PROTOCOL": "HTTP/1.1",
		"SERVER_NAME": "home.test", "SERVER_PORT": "8080", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "home.test:8080",
		"CONTENT_LENGTH": "5", "CONTENT_TYPE": "text/x", "HTTP_X_TWO": "1, 2", "HTTP_COOKIE": "a=1; b=2",
		"HTTP_AUTHORIZATION": "Basic eDp5", "HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1",
		"HTTP_X_FORWARDED_PROTO": "http", "HTTP_X_FORWARDED_HOST": "home.test:8080", "HTTP_X_FORWARDED_PORT": "8080",
	} {
		want[name] = value
	}
	for name, value := range want {
		if env[name] != value {
			t.Errorf("%s is %q, want %q", name, env[name], value)
		}
	}
	for _, name := range []string{"HTTPS", "HTTP_PROXY", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_LENGTH", "HTTP_MY_OWN", "HTTP_X.REAL.IP", "HTTP_CONNECTION"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s is %q, want none", name, value)
		}
	}
	if port, err := strconv.Atoi(env["REMOTE_PORT"]); err != nil || port == 0 {
		t.Errorf("REMOTE_PORT is %q", env["REMOTE_PORT"])
	}
}

func dechunked(t *testing.T, body string) string {
	t.Helper()
	b, err := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPHPBehindProxy: who the client is and how it came is judged by portico.
func TestPHPBehindProxy(t *testing.T) {
	socket, _ := phpFPM(t)
	root := tree(t, map[string]string{"index.php": printServer})
	s := newSite(t, "")
	s.apply(fmt.Sprintf("[server]\nhttp = %q\ntrusted_proxies = \"127.0.0.1/32\"\n[route.php]\nhost = \"home.test\"\nto = \"fastcgi+unix://%s\"\nroot = %q\n", s.addr, socket, root))
	req, _ := http.NewRequest("GET", "http://"+s.addr+"/any/page?q", nil)
	req.Host = "home.test"
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	req.Header.Set("X-Forwarded-Proto", "https")
	_, body := s.do(req)
	env := printed(body)
	for name, want := range map[string]string{"REMOTE_ADDR": "203.0.113.9", "HTTPS": "on", "SERVER_PORT": "443", "REQUEST_SCHEME": "https",
		"SCRIPT_NAME": "/index.php", "REQUEST_URI": "/any/page?q", "PATH_INFO": ""} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if port, ok := env["REMOTE_PORT"]; ok {
		t.Errorf("REMOTE_PORT is %q, which nobody knows", port)
	}
}
