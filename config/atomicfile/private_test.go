package atomicfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
)

func TestPut(t *testing.T) {
	dir, name := home(t) // a file of mode 0640, which is too open
	for range 2 {
		if err := atomicfile.New(name).Put([]byte(newText)); err != nil {
			t.Fatal(err)
		}
		wantText(t, name, newText)
		wantNames(t, dir, "portico.toml")
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
			t.Errorf("mode %v (%v)", info.Mode(), err)
		}
		if err := os.Remove(name); err != nil { // and once more where there is none
			t.Fatal(err)
		}
	}
}

// TestPutReplacesALink: a link in a private folder would lead what is written
// out of it.
func TestPutReplacesALink(t *testing.T) {
	_, other := home(t)
	name := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(other, name); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.New(name).Put([]byte(newText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, name, newText)
	wantText(t, other, oldText)
}

func TestPutFailsAtEveryStep(t *testing.T) {
	for step := 1; ; step++ {
		dir, name := home(t)
		f := &faulty{target: name, failAt: step, err: syscall.ENOSPC}
		err := atomicfile.File{Path: name, FS: f}.Put([]byte(newText))
		if f.step < step {
			if step < 8 {
				t.Errorf("only %d steps were tried", step)
			}
			return
		}
		want := newText
		if !errors.Is(err, atomicfile.ErrUnconfirmed) {
			want = oldText
		}
		wantText(t, name, want)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("step %d (%s): error %v", step, f.trace[step-1], err)
		}
		if err := atomicfile.New(name).Sweep(); err != nil {
			t.Error(err)
		}
		wantNames(t, dir, "portico.toml")
	}
}

// TestPrivateFilesBelongToTheFoldersOwner: root may make the first edit of a
// service that runs under a user of its own.
func TestPrivateFilesBelongToTheFoldersOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 4321, 4322); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "state", "history")
	if err := (atomicfile.OS{}).MkdirAll(folder); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, "journal")
	if err := atomicfile.New(name).Put([]byte(newText)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Dir(folder), folder, name} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 4321 || st.Gid != 4322 || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s belongs to %d:%d, mode %v", path, st.Uid, st.Gid, info.Mode())
		}
	}
}

func TestMkdirAll(t *testing.T) {
	_, file := home(t)
	if err := (atomicfile.OS{}).MkdirAll(filepath.Join(file, "x")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
	if err := (atomicfile.OS{}).MkdirAll(filepath.Dir(file)); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
