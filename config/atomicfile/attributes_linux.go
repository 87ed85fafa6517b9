package atomicfile

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// accessList holds a POSIX ACL. A new file may have one of its own, from the
// default of its folder.
const accessList = "system.posix_acl_access"

// TakeAttributes implements Handle. Labels of the system's own (security.,
// trusted.) are not ours to give, so they are kept where that is allowed.
func (h handle) TakeAttributes(from string) error {
	names, err := attributes(from)
	if err != nil {
		return err
	}
	fd := int(h.Fd())
	for _, name := range names {
		value, err := attribute(func(b []byte) (int, error) { return unix.Lgetxattr(from, name, b) })
		if err == nil {
			err = setAttribute(fd, name, value)
		}
		ofTheSystem := strings.HasPrefix(name, "security.") || strings.HasPrefix(name, "trusted.")
		if err != nil && !ofTheSystem {
			return &attributeError{name, err}
		}
	}
	if slices.Contains(names, accessList) {
		return nil
	}
	if err := unix.Fremovexattr(fd, accessList); err != nil && !noAttribute(err) {
		return &attributeError{accessList, err}
	}
	return nil
}

type attributeError struct {
	name  string
	cause error
}

func (e *attributeError) Error() string { return e.name + ": " + e.cause.Error() }
func (e *attributeError) Unwrap() error { return e.cause }

// attributes lists the names of a file's attributes; none where the file system
// knows no such thing.
func attributes(path string) (names []string, err error) {
	list, err := attribute(func(b []byte) (int, error) { return unix.Llistxattr(path, b) })
	if err != nil && !noAttribute(err) {
		return nil, &attributeError{"attributes", err}
	}
	for name := range strings.SplitSeq(string(list), "\x00") {
		if name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// setAttribute leaves alone what is so already: some may not be set even to
// what they are.
func setAttribute(fd int, name string, value []byte) error {
	is, err := attribute(func(b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
	if err == nil && bytes.Equal(is, value) {
		return nil
	}
	return unix.Fsetxattr(fd, name, value, 0)
}

// maxAttribute is the kernel's bound of a value, and of a list of names.
const maxAttribute = 64 << 10

func attribute(read func([]byte) (int, error)) ([]byte, error) {
	b := make([]byte, maxAttribute)
	n, err := read(b)
	return b[:max(n, 0)], err
}

func noAttribute(err error) bool {
	return errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS)
}
