package atomicfile

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Put makes the content data, whatever it was, in a file of mode 0600 that
// belongs to the owner of its folder. It is for files that nobody else writes;
// a link in its place is replaced. With any error but ErrUnconfirmed the old
// content stands.
func (f File) Put(data []byte) error {
	return f.replace(f.Path, data, f.dressPrivate, func() error { return nil })
}

// dressPrivate lets the folder decide whose the file is: what root writes into
// a service's directory, the service must be able to read.
func (f File) dressPrivate(h Handle) error {
	info, err := f.FS.Lstat(filepath.Dir(f.Path))
	if err != nil {
		return err
	}
	if err := keepOwner(h, info); err != nil && !errors.Is(err, errOwner) {
		return err
	}
	return h.Chmod(privateMode)
}

const privateMode = 0o600

// Remove removes the file durably; none is no error.
func (f File) Remove() error {
	err := f.FS.Remove(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.FS.SyncDir(filepath.Dir(f.Path))
}
