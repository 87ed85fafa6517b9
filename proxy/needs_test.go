package proxy_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// program finds a real server's binary by the first of its names that is
// installed. Without one the test is skipped with the Debian package to
// install; where PORTICO_REQUIRE_SERVERS is set a missing server is a failure.
func program(t testing.TB, debian string, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, candidate := range []string{name, "/usr/sbin/" + name} {
			if path, err := exec.LookPath(candidate); err == nil {
				return path
			}
		}
	}
	if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
		t.Fatalf("%s is not installed (apt-get install %s)", names[0], debian)
	}
	t.Skipf("%s is not installed (apt-get install %s)", names[0], debian)
	return ""
}

// deadAddr is a loopback address that nobody will listen on while the test
// runs: its port is taken, by a socket that does not listen.
func deadAddr(t testing.TB) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
}
