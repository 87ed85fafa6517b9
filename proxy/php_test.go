package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/cgi"
	"forge.home.arpa/portico/proxy/record"
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

// phpSite has a route to PHP's socket for home.test.
func phpSite(t testing.TB, root, more string, settings ...string) *site {
	socket, _ := phpFPM(t, settings...)
	return newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = \"fastcgi+unix://%s\"\nroot = %q\n%s", socket, root, more))
}

func TestPHPAnswers(t *testing.T) {
	root := tree(t, map[string]string{
		"hello.php":   `<?php header("Content-Type: text/plain"); echo "hello ", $_SERVER["REQUEST_METHOD"];`,
		"status.php":  `<?php http_response_code(418); header("X-A: b"); echo "tea";`,
		"gone.php":    `<?php header("HTTP/1.1 410 Away"); echo "gone";`,
		"go.php":      `<?php header("Location: /elsewhere");`,
		"for.php":     `<?php header("Location: /elsewhere", true, 307);`,
		"cookies.php": `<?php setcookie("a", "1"); setcookie("b", "2"); echo "two";`,
		"nothing.php": `<?php http_response_code(204);`,
		"length.php":  `<?php header("Content-Length: 5"); echo "hello";`,
		"long.php":    `<?php for ($i = 0; $i < 1000; $i++) echo str_repeat(chr(65 + $i % 26), 10000);`,
		"die.php":     `<?php posix_kill(posix_getpid(), 9); sleep(5);`,
		"cut.php":     `<?php header("Content-Length: 100"); echo "hello"; while (ob_get_level()) ob_end_flush(); flush(); posix_kill(posix_getpid(), 9); sleep(5);`,
		"form.php":    `<?php header("Content-Type: text/plain"); echo strlen(file_get_contents("php://input")), " ", hash("crc32b", file_get_contents("php://input"));`,
		"file.php":    `<?php header("Content-Type: text/plain"); echo $_POST["text"], " ", $_FILES["file"]["name"], " ", $_FILES["file"]["size"];`,
	})
	socket, addr := phpFPM(t, "php_admin_value[post_max_size] = 20M")
	for name, to := range map[string]string{"socket": "fastcgi+unix://" + socket, "port": "fastcgi://" + addr} {
		t.Run(name, func(t *testing.T) {
			phpAnswers(t, newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = %q\nroot = %q\n", to, root)))
		})
	}
}

func phpAnswers(t *testing.T, s *site) {
	for path, want := range map[string]struct {
		status   int
		location string
		body     string
	}{
		"/hello.php":   {200, "", "hello GET"},
		"/status.php":  {418, "", "tea"},
		"/gone.php":    {410, "", "gone"},
		"/go.php":      {302, "/elsewhere", ""},
		"/for.php":     {307, "/elsewhere", ""},
		"/cookies.php": {200, "", "two"},
		"/nothing.php": {204, "", ""},
		"/length.php":  {200, "", "hello"},
	} {
		resp, body := s.get("home.test", path)
		if resp.StatusCode != want.status || body != want.body || resp.Header.Get("Location") != want.location || resp.Header.Get("Status") != "" {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, body, resp.Header)
		}
		if path == "/cookies.php" && len(resp.Header["Set-Cookie"]) != 2 {
			t.Errorf("cookies: %q", resp.Header["Set-Cookie"])
		}
	}
	if _, body := s.get("home.test", "/long.php"); len(body) != 10_000_000 {
		t.Errorf("%d bytes, want 10,000,000", len(body))
	}
	t.Run("HEAD", func(t *testing.T) {
		req, _ := http.NewRequest("HEAD", "http://"+s.addr+"/length.php", nil)
		req.Host = "home.test"
		if resp, _ := s.do(req); resp.StatusCode != 200 || resp.ContentLength != 5 {
			t.Errorf("%d, %d bytes", resp.StatusCode, resp.ContentLength)
		}
	})
	t.Run("dying", func(t *testing.T) {
		if resp, _ := s.get("home.test", "/die.php"); resp.StatusCode != 502 {
			t.Errorf("%d, want 502", resp.StatusCode)
		}
		if row := s.rowOf("/die.php"); row.Cause != record.CauseReset {
			t.Errorf("%v: %s", row.Cause, row.Detail)
		}
		answer := s.raw("GET /cut.php HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
		if row := s.rowOf("/cut.php"); !row.Aborted || row.Cause != record.CauseReset || !strings.HasSuffix(answer, "hello") {
			t.Errorf("aborted %v, %v: %s\n%s", row.Aborted, row.Cause, row.Detail, answer)
		}
		for range 4 {
			if resp, body := s.get("home.test", "/hello.php"); resp.StatusCode != 200 || body != "hello GET" {
				t.Errorf("then %d %q", resp.StatusCode, body)
			}
		}
	})
	t.Run("uploads", func(t *testing.T) {
		for _, size := range []int{0, 5, 1 << 20, 1<<20 + 1, 9 << 20} {
			data := bytes.Repeat([]byte("abcdefg\n"), size/8+1)[:size]
			want := fmt.Sprintf("%d %08x", size, crc32.ChecksumIEEE(data))
			for _, body := range []io.Reader{bytes.NewReader(data), io.MultiReader(bytes.NewReader(data))} {
				req, _ := http.NewRequest("POST", "http://"+s.addr+"/form.php", body)
				req.Host = "home.test"
				if resp, got := s.do(req); resp.StatusCode != 200 || got != want {
					t.Errorf("%d bytes (said: %d): %d %q, want %q", size, req.ContentLength, resp.StatusCode, got, want)
				}
			}
		}
	})
}

// rowOf waits for the record of a path.
func (s *site) rowOf(path string) record.Row {
	s.t.Helper()
	rows := make([]record.Row, 1)
	waitFor(s.t, "the record of "+path, func() bool {
		return s.server.Records().Before(0, rows, func(r *record.Row) bool { return r.Path.String() == path }) == 1
	})
	return rows[0]
}

// TestPHPFlush: what the script flushes is there before it goes on.
func TestPHPFlush(t *testing.T) {
	root := tree(t, map[string]string{"slow.php": `<?php header("Content-Type: text/event-stream"); while (ob_get_level()) ob_end_flush();
for ($i = 0; $i < 3; $i++) { echo "data: $i\n\n"; flush(); while (!file_exists("$_SERVER[DOCUMENT_ROOT]/$i")) { clearstatcache(); usleep(1000); } }`})
	s := phpSite(t, root, "")
	c := s.dial()
	defer c.Close()
	fmt.Fprintf(c, "GET /slow.php HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
	r := bufio.NewReader(c)
	for i := range 3 {
		for line := ""; line != fmt.Sprintf("data: %d\n", i); {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		writeFile(t, fmt.Sprintf("%s/%d", root, i), nil)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
}

// TestPHPErrors: what a script complains of is in the log and in the record, and
// never in the page.
func TestPHPErrors(t *testing.T) {
	root := tree(t, map[string]string{
		"bad.php":   `<?php error_log("first\x1b[31m line\nsecond"); http_response_code(500); echo "sorry";`,
		"fatal.php": `<?php nosuch();`,
		"flood.php": `<?php for ($i = 0; $i < 20000; $i++) error_log(str_repeat("complaint $i ", 40)); echo "done";`,
	})
	var log syncBuffer
	socket, _ := phpFPM(t, "php_admin_flag[log_errors] = on", "php_admin_flag[display_errors] = off", "php_admin_value[error_log] =")
	s := newLoggedSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = \"fastcgi+unix://%s\"\nroot = %q\n", socket, root),
		slog.New(slog.NewTextHandler(&log, nil)))
	if resp, body := s.get("home.test", "/bad.php"); resp.StatusCode != 500 || body != "sorry" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if row := s.lastRow(1); !strings.Contains(row.Detail, `first\x1b[31m line`) {
		t.Errorf("the record says %q", row.Detail)
	}
	text := log.String()
	if !strings.Contains(text, "first") || !strings.Contains(text, "second") || !strings.Contains(text, "route=php") || strings.Contains(text, "\x1b") {
		t.Errorf("the log says %q", text)
	}
	if resp, body := s.get("home.test", "/fatal.php"); resp.StatusCode != 500 || strings.Contains(body, "nosuch") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if !strings.Contains(log.String(), "nosuch") {
		t.Errorf("the log says %q", log.String())
	}
	if resp, body := s.get("home.test", "/flood.php"); resp.StatusCode != 200 || body != "done" {
		t.Errorf("%d %q", resp.StatusCode, cut(body))
	}
	if n := strings.Count(log.String(), "\n"); n > 2000 {
		t.Errorf("%d lines in the log", n)
	}
}

// TestPHPHealth asks PHP by its own ping.
func TestPHPHealth(t *testing.T) {
	s := phpSite(t, tree(t, map[string]string{"index.php": "<?php echo 1;"}), "health = { interval = \"100ms\" }\n")
	waitFor(t, "a check that passed", func() bool { return s.server.Status().Upstreams[0].State == proxy.StateOK })
}

// TestPHPPing asks a worker: a pool whose workers are all busy does not answer.
func TestPHPPing(t *testing.T) {
	_, addr := phpFPM(t)
	root := tree(t, map[string]string{"wait.php": `<?php header("Content-Length: 1"); echo "x"; while (ob_get_level()) ob_end_flush(); flush();
while (!file_exists("$_SERVER[DOCUMENT_ROOT]/go")) { clearstatcache(); usleep(1000); }`})
	s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"home.test\"\nto = \"fastcgi://%s\"\nroot = %q\n", addr, root))
	ping := func(wait time.Duration) error {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(wait))
		return cgi.PingFastCGI(c)
	}
	if err := ping(20 * time.Second); err != nil {
		t.Error(err)
	}
	for range 2 { // the answer is complete, the script is not
		if resp, body := s.get("home.test", "/wait.php"); resp.StatusCode != 200 || body != "x" {
			t.Fatalf("%d %q", resp.StatusCode, body)
		}
	}
	if err := ping(300 * time.Millisecond); err == nil {
		t.Error("a busy pool answers")
	}
	writeFile(t, root+"/go", nil)
	if err := ping(20 * time.Second); err != nil {
		t.Error(err)
	}
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
