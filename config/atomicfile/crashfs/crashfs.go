// Package crashfs is a disk in memory for the tests of what has to survive a
// power cut: it knows what is only cached and what was synced, loses power or
// fails at the step it is told to, and lists every state that a disk may then be
// found in.
//
// It deliberately does not know what is written. A Disk is safe for concurrent
// use.
package crashfs

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"forge.home.arpa/portico/config/atomicfile"
)

// ErrPower is what every step gives once the power is gone.
var ErrPower = errors.New("power cut")

// file is what a name stands for.
type file struct {
	cache, disk []byte
	mode        fs.FileMode
}

// Disk is an atomicfile.FS.
type Disk struct {
	Busy        string // a file that is a mount of its own: nothing is renamed onto it
	LazyFiles   bool   // syncing a file does nothing, as in a program that forgot to
	LazyFolders bool   // the same for folders

	mu          sync.Mutex
	cache, disk map[string]*file // by name; folders too
	steps       int
	cut, fail   int // the power is gone from that step on; that step alone fails
	failure     error
}

// New is a disk that holds the files, all of them synced.
func New(files map[string]string) *Disk {
	d := &Disk{cache: map[string]*file{}}
	for name, text := range files {
		d.cache[name] = &file{[]byte(text), []byte(text), 0o644}
		d.folders(filepath.Dir(name))
	}
	d.disk = maps.Clone(d.cache)
	return d
}

func (d *Disk) folders(name string) {
	for ; name != "/" && name != "." && d.cache[name] == nil; name = filepath.Dir(name) {
		d.cache[name] = &file{mode: fs.ModeDir | 0o700}
	}
}

// CutAt takes the power away at a step, from 1 on; 0 for never.
func (d *Disk) CutAt(step int) { d.cut = step }

// FailAt makes one step fail.
func (d *Disk) FailAt(step int, err error) { d.fail, d.failure = step, err }

// Steps counts what was done so far: all that changes the disk, reads not.
func (d *Disk) Steps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

// Files are the names of all files and what they hold.
func (d *Disk) Files() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string]string{}
	for name, f := range d.cache {
		if !f.mode.IsDir() {
			files[name] = string(f.cache)
		}
	}
	return files
}

// Mode is a file's.
func (d *Disk) Mode(name string) fs.FileMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.cache[name]; f != nil {
		return f.mode
	}
	return 0
}

// After lists what the disk may hold after a power cut: of each name and of each
// file's content the cached state or the synced one, or of a content a part of
// both.
func (d *Disk) After() (list []*Disk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names, unsynced := d.open()
	for mask := range 1 << len(names) {
		for content := range 3 {
			if content > 0 && !unsynced {
				break
			}
			list = append(list, d.survivor(names, mask, content))
		}
	}
	return list
}

// open lists the names that are not synced, and tells whether a content is not.
func (d *Disk) open() (names []string, unsynced bool) {
	all := maps.Clone(d.disk)
	maps.Copy(all, d.cache)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if d.cache[name] != d.disk[name] {
			names = append(names, name)
		}
		unsynced = unsynced || !bytes.Equal(all[name].cache, all[name].disk)
	}
	return names, unsynced
}

func (d *Disk) survivor(names []string, mask, content int) *Disk {
	left := maps.Clone(d.disk)
	for k, name := range names {
		if mask>>k&1 == 0 {
			continue
		}
		if f := d.cache[name]; f != nil {
			left[name] = f
		} else {
			delete(left, name)
		}
	}
	after := &Disk{Busy: d.Busy, cache: map[string]*file{}}
	for name, f := range left {
		if up := filepath.Dir(name); left[up] != nil || up == "/" || up == "." {
			text := f.survives(content)
			after.cache[name] = &file{text, text, f.mode}
		}
	}
	after.disk = maps.Clone(after.cache)
	return after
}

// survives is what was synced, what was cached, or half of each.
func (f *file) survives(content int) []byte {
	switch half := len(f.cache) / 2; {
	case content == 0:
		return f.disk
	case content == 1 || bytes.Equal(f.disk, f.cache):
		return f.cache
	default:
		return append(bytes.Clone(f.cache[:half]), f.disk[min(half, len(f.disk)):]...)
	}
}

// step counts one and tells what becomes of it. The caller holds the lock.
func (d *Disk) step() error {
	d.steps++
	switch {
	case d.cut > 0 && d.steps >= d.cut:
		return ErrPower
	case d.steps == d.fail:
		return d.failure
	}
	return nil
}

// ReadFile gives what is cached.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.cache[name]
	switch {
	case f == nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case f.mode.IsDir():
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	return bytes.Clone(f.cache), nil
}

// Lstat knows names and modes.
func (d *Disk) Lstat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.cache[name]; f != nil {
		return info{filepath.Base(name), f.mode}, nil
	}
	return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
}

// Readlink finds no links: there are none.
func (*Disk) Readlink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}

// ReadDir lists a folder.
func (d *Disk) ReadDir(name string) (list []fs.DirEntry, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cache[name] == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	for _, path := range slices.Sorted(maps.Keys(d.cache)) {
		if filepath.Dir(path) == name {
			list = append(list, fs.FileInfoToDirEntry(info{filepath.Base(path), d.cache[path].mode}))
		}
	}
	return list, nil
}

// Create makes a file.
func (d *Disk) Create(name string) (atomicfile.Handle, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return nil, err
	}
	if d.cache[filepath.Dir(name)] == nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
	}
	if d.cache[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	d.cache[name] = &file{mode: 0o600}
	return &handle{disk: d, file: d.cache[name]}, nil
}

// OpenInPlace opens a file at its start.
func (d *Disk) OpenInPlace(name string) (atomicfile.Handle, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return nil, err
	}
	return &handle{disk: d, file: d.cache[name]}, nil
}

// Rename moves a name.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	if to == d.Busy {
		return syscall.EBUSY
	}
	d.cache[to] = d.cache[from]
	delete(d.cache, from)
	return nil
}

// Remove takes a name away.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	if d.cache[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(d.cache, name)
	return nil
}

// MkdirAll makes a folder, durably.
func (d *Disk) MkdirAll(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cache[name] != nil {
		return nil
	}
	if err := d.step(); err != nil {
		return err
	}
	d.folders(name)
	for path, f := range d.cache {
		if f.mode.IsDir() {
			d.disk[path] = f
		}
	}
	return nil
}

// SyncDir makes the names in a folder durable.
func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil || d.LazyFolders {
		return err
	}
	in := func(path string, _ *file) bool { return filepath.Dir(path) == name }
	maps.DeleteFunc(d.disk, in)
	for path, f := range d.cache {
		if in(path, f) {
			d.disk[path] = f
		}
	}
	return nil
}

// Save is somebody else's edit: whole, synced and no step of ours.
func (d *Disk) Save(name, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &file{[]byte(text), []byte(text), 0o644}
	if old := d.cache[name]; old != nil {
		f.mode = old.mode
	}
	d.cache[name], d.disk[name] = f, f
}
