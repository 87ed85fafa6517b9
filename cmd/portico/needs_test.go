package main

import (
	"os"
	"os/exec"
	"testing"
)

// program finds a program that a test needs. Without it the test is skipped, or
// fails where PORTICO_REQUIRE_SERVERS is set.
func program(t *testing.T, debian, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("PORTICO_REQUIRE_SERVERS") != "":
		t.Fatalf("%s is not installed (apt-get install %s)", name, debian)
	default:
		t.Skipf("%s is not installed (apt-get install %s)", name, debian)
	}
	return path
}
