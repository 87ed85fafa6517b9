package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxSize bounds what is read: a configuration is text that people wrote.
const maxSize = 32 << 20

// FS is what a write needs of a file system. Tests bring one that fails at
// every step, and one that loses power.
type FS interface {
	ReadFile(name string) ([]byte, error)
	Lstat(name string) (fs.FileInfo, error)
	Readlink(name string) (string, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Create(name string) (Handle, error)      // new, mode 0600; fails if name exists
	OpenInPlace(name string) (Handle, error) // existing, at its start, not truncated
	Rename(from, to string) error
	Remove(name string) error
	MkdirAll(name string) error // mode 0700, the parent's owner; durable
	SyncDir(name string) error
}

// Handle is an open file.
type Handle interface {
	io.WriteCloser
	Chown(uid, gid int) error
	Chmod(mode fs.FileMode) error
	// TakeAttributes gives a new file the extended attributes of another,
	// access lists among them, so far as they can be kept. An access list or a
	// person's attribute that cannot is an error.
	TakeAttributes(from string) error
	Truncate(size int64) error
	Sync() error
}

// handle is a file of the operating system.
type handle struct{ *os.File }

// OS is the operating system's FS.
type OS struct{}

// ReadFile reads a regular file of at most 32 MB. A pipe is refused rather than
// waited for.
func (OS) ReadFile(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = fmt.Errorf("%s is larger than %d MB", name, maxSize>>20)
	}
	return data, err
}

// Lstat is os.Lstat.
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

// Readlink is os.Readlink.
func (OS) Readlink(name string) (string, error) { return os.Readlink(name) }

// ReadDir is os.ReadDir.
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Create makes a file that did not exist, for our eyes only.
func (OS) Create(name string) (Handle, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return handle{f}, err
}

// OpenInPlace opens a file for overwriting.
func (OS) OpenInPlace(name string) (Handle, error) {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	return handle{f}, err
}

// Rename is os.Rename.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove is os.Remove.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll makes a folder, and those above it, for our eyes only. What root
// makes in another's folder belongs to that other.
func (o OS) MkdirAll(name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(name)
	if err := o.MkdirAll(parent); err != nil {
		return err
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		return err
	}
	info, err = os.Stat(parent)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		err = os.Lchown(name, int(st.Uid), int(st.Gid))
	}
	return errors.Join(err, o.SyncDir(parent))
}

// SyncDir makes the names in a directory durable. Some file systems cannot and
// say so with EINVAL or ENOTSUP; there is nothing better to do on them.
func (OS) SyncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
