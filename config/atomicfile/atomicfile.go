// Package atomicfile owns the durable write of a small file that people edit
// too: after a power cut there is the old text or the new one, never a part, and
// an edit made by somebody else in the meantime is not overwritten. Mode, owner,
// access lists and symbolic links are kept. The same for private files, which nobody else
// edits, such as those of a state directory.
//
// It deliberately does not know what the file says.
//
// A File may be read concurrently. Writers of one path within a process have to
// take turns; against those of other processes each write compares first.
package atomicfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// ErrChanged says that the file is not what the writer took it for.
var ErrChanged = errors.New("the file was changed by someone else")

// ErrUnconfirmed says that the new text is in place but that the disk did not
// confirm it: a power cut may bring the old one back.
var ErrUnconfirmed = errors.New("the disk could not confirm the write")

// Version is a state of a file's content. The zero Version is that of a file
// that does not exist.
type Version struct {
	Exists bool
	Sum    [sha256.Size]byte
}

// VersionOf is the version of a file that holds data.
func VersionOf(data []byte) Version { return Version{true, sha256.Sum256(data)} }

// File is a path and the file system it is on.
type File struct {
	Path string // may be a symbolic link, or lead nowhere yet
	FS   FS
}

// New is a file of the operating system.
func New(path string) File { return File{path, OS{}} }

// Read returns the content; an error that is fs.ErrNotExist when there is none.
func (f File) Read() ([]byte, error) { return f.FS.ReadFile(f.Path) }

// Write replaces the content if it is still the version was, else it returns
// ErrChanged. With any error but ErrUnconfirmed the old content stands.
func (f File) Write(data []byte, was Version) error {
	target, err := f.Target()
	if err != nil {
		return err
	}
	old, err := f.expect(target, was)
	if err != nil {
		return err
	}
	err = f.replace(target, data,
		func(h Handle) error { return f.dress(h, target) },
		func() error { _, err := f.expect(target, was); return err })
	if needsInPlace(err) {
		err = f.writeInPlace(target, old, data)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Path, err)
	}
	return nil
}

// maxLinks is what the kernel follows too.
const maxLinks = 40

// Target is the path with symbolic links followed; it may not exist.
func (f File) Target() (string, error) {
	path := f.Path
	for range maxLinks {
		info, err := f.FS.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		link, err := f.FS.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", fmt.Errorf("%s: more than %d symbolic links", f.Path, maxLinks)
}

// expect returns the content if it is the version was.
func (f File) expect(target string, was Version) ([]byte, error) {
	data, err := f.FS.ReadFile(target)
	is := VersionOf(data)
	if errors.Is(err, fs.ErrNotExist) {
		is, err = Version{}, nil
	}
	if err != nil {
		return nil, err
	}
	if is != was {
		return nil, ErrChanged
	}
	return data, nil
}

// replace writes beside the target and renames over it if compare has nothing
// against it. That stands as late as can be: what is left is the time between
// two system calls.
func (f File) replace(target string, data []byte, dress func(Handle) error, compare func() error) error {
	temp := tempName(target)
	err := f.put(temp, data, dress)
	if err == nil {
		err = compare()
	}
	if err == nil {
		err = f.FS.Rename(temp, target)
	}
	if err != nil {
		f.discard(temp)
		return err
	}
	if err := f.FS.SyncDir(filepath.Dir(target)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return nil
}

// put makes a new file with the data on disk.
func (f File) put(name string, data []byte, dress func(Handle) error) error {
	h, err := f.FS.Create(name)
	if err != nil {
		return err
	}
	_, err = h.Write(data)
	if err == nil {
		err = dress(h) // after the write, which clears a setuid bit
	}
	if err == nil {
		err = h.Sync()
	}
	return errors.Join(err, h.Close())
}

// discard removes a file of ours. What cannot be removed is swept at the next
// start.
func (f File) discard(name string) { _ = f.FS.Remove(name) }
