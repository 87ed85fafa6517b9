package atomicfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// A memory of what is in the cache and what is on the disk, to ask what a power
// cut may leave.

type inode struct{ cache, disk []byte }

// crashFS loses power after budget steps.
type crashFS struct {
	cache, disk  map[string]*inode // names
	budget       int
	busy         bool // the target is a mount of its own
	lazy, lazier bool // mutants: files, or folders, are not synced
}

const (
	crashPath    = "/etc/portico.toml"
	crashJournal = "/etc/.portico.toml.journal"
)

var errPower = errors.New("power cut")

func newCrashFS(files map[string][]byte) *crashFS {
	c := &crashFS{cache: map[string]*inode{}, disk: map[string]*inode{}, budget: 1 << 30}
	for name, data := range files {
		c.cache[name] = &inode{data, data}
		c.disk[name] = c.cache[name]
	}
	return c
}

func (c *crashFS) tick() error {
	if c.budget--; c.budget < 0 {
		return errPower
	}
	return nil
}

func (c *crashFS) ReadFile(name string) ([]byte, error) {
	if i := c.cache[name]; i != nil {
		return bytes.Clone(i.cache), nil
	}
	return nil, fs.ErrNotExist
}

func (c *crashFS) Lstat(name string) (fs.FileInfo, error) {
	if c.cache[name] == nil {
		return nil, fs.ErrNotExist
	}
	return plainFile(name), nil
}

func (c *crashFS) Readlink(string) (string, error)       { return "", fs.ErrInvalid }
func (c *crashFS) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrInvalid }

func (c *crashFS) Create(name string) (atomicfile.Handle, error) {
	if err := c.tick(); err != nil {
		return nil, err
	}
	c.cache[name] = &inode{}
	return &crashHandle{c, c.cache[name], 0}, nil
}

func (c *crashFS) OpenInPlace(name string) (atomicfile.Handle, error) {
	return &crashHandle{c, c.cache[name], 0}, c.tick()
}

func (c *crashFS) Rename(from, to string) error {
	if err := c.tick(); err != nil {
		return err
	}
	if c.busy && to == crashPath {
		return syscall.EBUSY
	}
	c.cache[to] = c.cache[from]
	delete(c.cache, from)
	return nil
}

func (c *crashFS) Remove(name string) error {
	if err := c.tick(); err != nil {
		return err
	}
	delete(c.cache, name)
	return nil
}

func (c *crashFS) SyncDir(string) error {
	if err := c.tick(); err != nil || c.lazier {
		return err
	}
	c.disk = maps.Clone(c.cache)
	return nil
}

type crashHandle struct {
	fs *crashFS
	i  *inode
	at int
}

// Write goes in pieces, so that a cut can tear it.
func (h *crashHandle) Write(b []byte) (int, error) {
	n := 0
	for piece := range slices.Chunk(b, len(b)/4+1) {
		if err := h.fs.tick(); err != nil {
			return n, err
		}
		grown := make([]byte, max(len(h.i.cache), h.at+len(piece)))
		copy(grown, h.i.cache)
		copy(grown[h.at:], piece)
		h.i.cache = grown
		h.at += len(piece)
		n += len(piece)
	}
	return n, nil
}

func (h *crashHandle) Truncate(size int64) error {
	h.i.cache = bytes.Clone(h.i.cache[:size])
	return h.fs.tick()
}

func (h *crashHandle) Sync() error {
	if err := h.fs.tick(); err != nil || h.fs.lazy {
		return err
	}
	h.i.disk = h.i.cache
	return nil
}

func (h *crashHandle) Chown(int, int) error    { return nil }
func (h *crashHandle) Chmod(fs.FileMode) error { return nil }
func (h *crashHandle) Close() error            { return nil }

// afterwards lists what the disk may hold: of each name and of each file's
// content the cached state or the synced one.
func (c *crashFS) afterwards() (list []*crashFS) {
	all := maps.Clone(c.cache)
	maps.Copy(all, c.disk)
	names := slices.Sorted(maps.Keys(all))
	for mask := range 1 << len(names) {
		for content := range 3 {
			files := map[string][]byte{}
			for k, name := range names {
				i := c.disk[name]
				if mask>>k&1 == 1 {
					i = c.cache[name]
				}
				if i != nil {
					files[name] = i.survives(content)
				}
			}
			list = append(list, newCrashFS(files))
		}
	}
	return list
}

// survives is what was synced, what was cached, or half of each.
func (i *inode) survives(content int) []byte {
	switch half := len(i.cache) / 2; {
	case content == 0:
		return i.disk
	case content == 1 || bytes.Equal(i.disk, i.cache):
		return i.cache
	default:
		return append(bytes.Clone(i.cache[:half]), i.disk[min(half, len(i.disk)):]...)
	}
}

func TestPowerCut(t *testing.T) {
	for _, c := range []struct {
		name               string
		busy, lazy, lazier bool
		torn               bool
	}{
		{"rename", false, false, false, false},
		{"in place", true, false, false, false},
		// The simulation must find what the code would be without its syncs.
		{"rename without syncing the file", false, true, false, true},
		{"rename without syncing the folder", false, false, true, true},
		{"in place without syncing the files", true, true, false, true},
	} {
		for _, text := range []struct{ name, old, data string }{
			{"shorter", oldText, newText}, {"longer", newText, oldText},
		} {
			t.Run(c.name+", "+text.name, func(t *testing.T) {
				states, torn := cutEverywhere(func(cut int) *crashFS {
					f := newCrashFS(map[string][]byte{crashPath: []byte(text.old)})
					f.budget, f.busy, f.lazy, f.lazier = cut, c.busy, c.lazy, c.lazier
					return f
				}, text.old, text.data)
				if (torn != "") != c.torn {
					t.Errorf("of %d states: %q", states, torn)
				}
			})
		}
	}
}

// cutEverywhere cuts the power after every step and describes the first state
// that Recover does not make whole.
func cutEverywhere(fresh func(cut int) *crashFS, old, data string) (states int, torn string) {
	for cut := range 60 {
		f := fresh(cut)
		writeErr := atomicfile.File{Path: crashPath, FS: f}.Write([]byte(data), was(old))
		for _, disk := range f.afterwards() {
			states++
			_, err := atomicfile.File{Path: crashPath, FS: disk}.Recover()
			is := string(disk.cache[crashPath].cache)
			switch {
			case err != nil:
				return states, fmt.Sprintf("cut %d: recover: %v", cut, err)
			case is != old && is != data, disk.cache[crashJournal] != nil:
				return states, fmt.Sprintf("cut %d: left %q", cut, is)
			case writeErr == nil && is != data:
				return states, fmt.Sprintf("cut %d: the write was confirmed, the disk has %q", cut, is)
			}
		}
	}
	return states, ""
}

type plainFile string

func (n plainFile) Name() string     { return filepath.Base(string(n)) }
func (plainFile) Size() int64        { return 0 }
func (plainFile) Mode() fs.FileMode  { return 0o644 }
func (plainFile) ModTime() time.Time { return time.Time{} }
func (plainFile) IsDir() bool        { return false }
func (plainFile) Sys() any           { return nil }
