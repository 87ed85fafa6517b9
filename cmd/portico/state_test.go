package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestStateDirectoryIsPrivateAndLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "state")
	first, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v; want 0700", info.Mode(), err)
	}
	_, err = openState(dir)
	var held *heldError
	if !errors.As(err, &held) || held.pid != os.Getpid() {
		t.Fatalf("a second lock: %v", err)
	}
	if !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%q names neither pid nor directory", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := openState(dir)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	third.Close()
}

func TestStateDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	touch(t, file)
	_, err := openState(filepath.Join(file, "state"))
	var held *heldError
	if err == nil || errors.As(err, &held) {
		t.Errorf("a directory under a file: %v", err)
	}
}

func TestLockThatIsALinkIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "precious")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	if s, err := openState(dir); err == nil {
		s.Close()
		t.Error("the link was followed")
	}
	if text, _ := os.ReadFile(target); string(text) != "precious" {
		t.Errorf("the target now reads %q", text)
	}
}

// What root writes into a service's directory the service could not read.
func TestRootKeepsOutOfAServicesDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	h := newHome(t)
	h.write("portico.toml", lab(8080))
	if err := os.Mkdir(h.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(h.path("state"), 12345, -1); err != nil {
		t.Fatal(err)
	}
	r := h.run("disable", "git", "--yes", "--state", h.path("state"))
	if r.code != 1 || !strings.Contains(r.err, "sudo -u #12345") {
		t.Errorf("%+v", r)
	}
	if entries, err := os.ReadDir(h.path("state")); err != nil || len(entries) > 0 {
		t.Errorf("it wrote %v, %v", entries, err)
	}
}
