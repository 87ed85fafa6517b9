package atomicfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/config/atomicfile"
)

const (
	accessList  = "system.posix_acl_access"
	defaultList = "system.posix_acl_default"
)

// acl lets the owner and user 1500 read and write, and nobody else.
func acl() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 6, ^uint32(0)}, {2, 6, 1500}, {4, 0, ^uint32(0)}, {16, 6, ^uint32(0)}, {32, 0, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

func setAttribute(t *testing.T, path, name string, value []byte) {
	t.Helper()
	err := unix.Setxattr(path, name, value, 0)
	if errors.Is(err, unix.ENOTSUP) {
		t.Skipf("the file system under %s has no %s", filepath.Dir(path), name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func attribute(path, name string) []byte {
	b := make([]byte, 1024)
	n, err := unix.Getxattr(path, name, b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// TestWriteKeepsAccessList: who may read and write stays the same, to the bit.
func TestWriteKeepsAccessList(t *testing.T) {
	_, name := home(t)
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	setAttribute(t, name, accessList, acl())
	setAttribute(t, name, "user.note", []byte("mine"))
	if err := atomicfile.New(name).Write([]byte(newText), was(oldText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, name, newText)
	if got := attribute(name, accessList); !bytes.Equal(got, acl()) {
		t.Errorf("the access list is %x, was %x", got, acl())
	}
	if got := attribute(name, "user.note"); string(got) != "mine" {
		t.Errorf("the note is %q", got)
	}
}

// TestWriteTakesNoListOfTheFolder: a file without an access list does not get
// the one that its folder gives to new files.
func TestWriteTakesNoListOfTheFolder(t *testing.T) {
	dir, name := home(t)
	setAttribute(t, dir, defaultList, acl())
	if err := atomicfile.New(name).Write([]byte(newText), was(oldText)); err != nil {
		t.Fatal(err)
	}
	if got := attribute(name, accessList); got != nil {
		t.Errorf("the access list is %x", got)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWriteKeepsSetuid(t *testing.T) {
	_, name := home(t)
	const mode = 0o640 | os.ModeSetuid | os.ModeSetgid
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.New(name).Write([]byte(newText), was(oldText)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != mode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
