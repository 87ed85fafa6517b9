package proxy_test

import (
	"os"
	"os/exec"
	"testing"
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
