package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
)

// faulty is the real file system with one step that fails.
type faulty struct {
	atomicfile.OS
	target string
	busy   bool // renames onto the target fail as on a mount of its own
	alien  bool // the owner cannot be kept
	failAt int  // the step that fails, from 1
	step   int
	err    error
	trace  []string
}

// next counts a step that changes something or that a change depends on.
func (f *faulty) next(what string) error {
	f.step++
	f.trace = append(f.trace, what)
	if f.step == f.failAt {
		return f.err
	}
	return nil
}

func (f *faulty) ReadFile(name string) ([]byte, error) {
	if err := f.next("read"); err != nil {
		return nil, err
	}
	return f.OS.ReadFile(name)
}

func (f *faulty) Lstat(name string) (fs.FileInfo, error) {
	if err := f.next("lstat"); err != nil {
		return nil, err
	}
	return f.OS.Lstat(name)
}

func (f *faulty) Create(name string) (atomicfile.Handle, error) {
	if err := f.next("create"); err != nil {
		return nil, err
	}
	h, err := f.OS.Create(name)
	return &faultyHandle{h, f}, err
}

func (f *faulty) OpenInPlace(name string) (atomicfile.Handle, error) {
	if err := f.next("open"); err != nil {
		return nil, err
	}
	h, err := f.OS.OpenInPlace(name)
	return &faultyHandle{h, f}, err
}

func (f *faulty) Rename(from, to string) error {
	if err := f.next("rename"); err != nil {
		return err
	}
	if f.busy && to == f.target {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EBUSY}
	}
	return f.OS.Rename(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.next("remove"); err != nil {
		return err
	}
	return f.OS.Remove(name)
}

func (f *faulty) SyncDir(name string) error {
	if err := f.next("sync folder"); err != nil {
		return err
	}
	return f.OS.SyncDir(name)
}

type faultyHandle struct {
	atomicfile.Handle
	fs *faulty
}

// Write fails half way, as a full disk does.
func (h *faultyHandle) Write(b []byte) (int, error) {
	if err := h.fs.next("write"); err != nil {
		n, _ := h.Handle.Write(b[:len(b)/2])
		return n, err
	}
	return h.Handle.Write(b)
}

func (h *faultyHandle) Chown(uid, gid int) error {
	if err := h.fs.next("chown"); err != nil {
		return err
	}
	if h.fs.alien {
		return &fs.PathError{Op: "chown", Err: syscall.EPERM}
	}
	return h.Handle.Chown(uid, gid)
}

func (h *faultyHandle) Chmod(mode fs.FileMode) error {
	if err := h.fs.next("chmod"); err != nil {
		return err
	}
	return h.Handle.Chmod(mode)
}

func (h *faultyHandle) Truncate(size int64) error {
	if err := h.fs.next("truncate"); err != nil {
		return err
	}
	return h.Handle.Truncate(size)
}

func (h *faultyHandle) Sync() error {
	if err := h.fs.next("sync"); err != nil {
		return err
	}
	return h.Handle.Sync()
}

func (h *faultyHandle) Close() error {
	err := h.fs.next("close")
	return errors.Join(err, h.Handle.Close())
}

func TestFailAtEveryStep(t *testing.T) {
	for _, c := range []struct {
		name        string
		busy, alien bool
		err         error
	}{
		{"disk full", false, false, syscall.ENOSPC},
		{"read-only disk", false, false, syscall.EROFS},
		{"disk full, file mounted by itself", true, false, syscall.ENOSPC},
		{"disk full, file of another user", false, true, syscall.ENOSPC},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := 0
			for failed := true; failed; {
				steps++
				failed = failAt(t, &faulty{busy: c.busy, alien: c.alien, failAt: steps, err: c.err})
			}
			if steps < 10 {
				t.Errorf("only %d steps were tried", steps)
			}
		})
	}
}

// failAt reports whether the step that was to fail was reached.
func failAt(t *testing.T, f *faulty) bool {
	t.Helper()
	dir, name := home(t)
	f.target = name
	inode := inodeOf(t, name)
	err := atomicfile.File{Path: name, FS: f}.Write([]byte(newText), was(oldText))
	what := "nothing"
	if f.step >= f.failAt {
		what = f.trace[f.failAt-1]
	}
	got, readErr := os.ReadFile(name)
	if readErr != nil {
		t.Fatalf("step %d (%s): %v", f.failAt, what, readErr)
	}
	want := newText
	if err != nil && !errors.Is(err, atomicfile.ErrUnconfirmed) {
		want = oldText
	}
	if string(got) != want {
		t.Errorf("step %d (%s) gave %v and %q", f.failAt, what, err, got)
	}
	if err != nil && !errors.Is(err, f.err) {
		t.Errorf("step %d (%s): the error %v does not say why", f.failAt, what, err)
	}
	if f.busy || f.alien {
		if inodeOf(t, name) != inode {
			t.Errorf("step %d (%s): the file was replaced", f.failAt, what)
		}
	}
	if err := atomicfile.New(name).Sweep(); err != nil {
		t.Error(err)
	}
	if _, err := atomicfile.New(name).Recover(); err != nil {
		t.Errorf("step %d (%s): recover: %v", f.failAt, what, err)
	}
	wantNames(t, dir, "portico.toml")
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Errorf("step %d (%s): mode %v (%v)", f.failAt, what, info.Mode(), err)
	}
	if after, _ := os.ReadFile(name); string(after) != want {
		t.Errorf("step %d (%s) gave %v, the next start %q", f.failAt, what, err, after)
	}
	return f.step >= f.failAt
}

func inodeOf(t *testing.T, name string) uint64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// TestRecoverLeavesLaterEdits: a journal is older than what someone wrote since.
func TestRecoverLeavesLaterEdits(t *testing.T) {
	for _, c := range []struct {
		name, is, want string
		finished       bool
	}{
		{"half written", newText[:5] + oldText[5:], newText, true},
		{"not begun", oldText, newText, true},
		{"not truncated", newText + oldText[len(newText):], newText, true},
		{"finished", newText, newText, true},
		{"edited since", "a new route\n", "a new route\n", false},
		{"edited since, same length", "T" + oldText[1:], "T" + oldText[1:], false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, name := home(t)
			// The power goes when the journal is written: at the next step all fails.
			f := &faulty{target: name, busy: true, failAt: 1 << 30, err: syscall.EIO}
			cut := &powerCut{faulty: f}
			err := atomicfile.File{Path: name, FS: cut}.Write([]byte(newText), was(oldText))
			if err == nil {
				t.Fatal("the write went through")
			}
			wantNames(t, dir, ".portico.toml.journal", "portico.toml")
			write(t, name, c.is)
			finished, err := atomicfile.New(name).Recover()
			if err != nil || finished != c.finished {
				t.Errorf("finished %v, error %v", finished, err)
			}
			wantText(t, name, c.want)
			wantNames(t, dir, "portico.toml")
		})
	}
	t.Run("a damaged journal", func(t *testing.T) {
		dir, name := home(t)
		write(t, filepath.Join(dir, ".portico.toml.journal"), "portico journal 1 3 3 00\nabcxyz")
		if finished, err := atomicfile.New(name).Recover(); err != nil || finished {
			t.Errorf("finished %v, error %v", finished, err)
		}
		wantText(t, name, oldText)
		wantNames(t, dir, "portico.toml")
	})
}

// powerCut fails everything once the target is opened for writing in place.
type powerCut struct {
	*faulty
	off bool
}

func (p *powerCut) OpenInPlace(string) (atomicfile.Handle, error) {
	p.off = true
	return nil, syscall.EIO
}

func (p *powerCut) Remove(name string) error {
	if p.off {
		return syscall.EIO
	}
	return p.faulty.Remove(name)
}
