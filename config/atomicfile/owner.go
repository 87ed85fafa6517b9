package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// errOwner says that the file belongs to another user and that we may not make
// files for them. Only writing in place keeps such an owner.
var errOwner = errors.New("the owner of the file cannot be kept")

// errAttributes says the same of an access list.
var errAttributes = errors.New("the attributes of the file cannot be kept")

const newMode = 0o644

// dress gives a new file the owner, attributes and mode of the one it replaces.
func (f File) dress(h Handle, like string) error {
	info, err := f.FS.Lstat(like)
	if errors.Is(err, fs.ErrNotExist) {
		return h.Chmod(newMode)
	}
	if err != nil {
		return err
	}
	if err := keepOwner(h, info); err != nil {
		return err
	}
	if err := h.TakeAttributes(like); err != nil {
		return fmt.Errorf("%w: %w", errAttributes, err)
	}
	return h.Chmod(info.Mode() & modeBits) // after chown, which may clear bits
}

const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func keepOwner(h Handle, like fs.FileInfo) error {
	st, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	err := h.Chown(int(st.Uid), int(st.Gid))
	if errors.Is(err, os.ErrPermission) {
		return errOwner
	}
	return err
}

// needsInPlace tells whether a rename cannot do it: the file is a mount of its
// own (a single file bound into a container), another user's, or has an access
// list that a new file cannot get.
func needsInPlace(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) || errors.Is(err, errOwner) || errors.Is(err, errAttributes)
}
