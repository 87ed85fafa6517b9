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
