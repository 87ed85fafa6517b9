package proxy_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
		_ = cmd.Process.Signal(os.Interrupt)
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
			s := newSite(t, fmt.Sprintf("[route.php]\nhost = \"php.test\"\npath = \"/blog/*\"\nto = %q\nroot = %q\nstatic = %q\nstrip_prefix = \"/blog\"\n", to, root, root))
			_, body := s.get("php.test:8080", "/blog/sub/page.php/a%20b/c?x=1&y=%20")
			if !strings.Contains(body, "SCRIPT_NAME=/blog/sub/page.php\n") {
				t.Error(body)
			}
		})
	}
}
