package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// state is the state directory with its lock, which is held until Close. Two
// portico on one directory would undo each other's history, so the second is
// refused.
type state struct {
	dir  string
	lock *os.File
}

// heldError says that another portico uses the directory.
type heldError struct {
	dir string
	pid int // 0 when it has not written it
}

func (e *heldError) Error() string {
	who := "another portico"
	if e.pid > 0 {
		who += fmt.Sprintf(" (pid %d)", e.pid)
	}
	return fmt.Sprintf("%s uses %s; stop it, or name another directory with --state", who, e.dir)
}

// openState makes the directory where it is missing, takes the lock and writes
// the pid into it. It returns a heldError where another process has the lock;
// any other error means that the directory cannot be used, as on a read-only
// disk.
func openState(dir string) (*state, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := takeLock(f); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &heldError{dir, lockHolder(path)}
		}
		return nil, fmt.Errorf("state directory: lock %s: %w", path, err)
	}
	// The lock is what counts; a full disk may keep the pid out of it.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	return &state{dir, f}, nil
}

func takeLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func lockHolder(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// Close lets the lock go. The file stays: removing it would let a third
// process lock a name that a second has already opened.
func (s *state) Close() error { return s.lock.Close() }

// directory is where the state is kept; "" where there is none.
func (s *state) directory() string {
	if s == nil {
		return ""
	}
	return s.dir
}
