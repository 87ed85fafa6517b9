package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// Beside portico.toml stand .portico.toml.tmp-RANDOM for the time of a write,
// and .portico.toml.journal for that of a write in place.
func hidden(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target))
}

const tempMark = ".tmp-"

func tempName(target string) string    { return hidden(target) + tempMark + rand.Text() }
func journalName(target string) string { return hidden(target) + ".journal" }

// Recover finishes a write in place that was interrupted, and tells whether
// there was one. A text that someone wrote since then stands. Call it before the
// first Read of a run.
func (f File) Recover() (finished bool, err error) {
	target, err := f.Target()
	if err != nil {
		return false, err
	}
	b, err := f.FS.ReadFile(journalName(target))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	j, ok := decodeJournal(b)
	is, err := f.FS.ReadFile(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if ok && err == nil && j.left(is) {
		if err := f.overwrite(target, j.data); err != nil {
			return false, err
		}
		finished = true
	}
	return finished, f.dropJournal(target)
}

// Sweep removes the temporary files that writes left when they were killed. Call
// it at start: another process that writes the same file would lose its own.
func (f File) Sweep() error {
	target, err := f.Target()
	if err != nil {
		return err
	}
	prefix := filepath.Base(hidden(target)) + tempMark
	return sweep(f.FS, filepath.Dir(target), func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// SweepFolder is Sweep for all files of a folder that is ours alone.
func SweepFolder(disk FS, dir string) error {
	return sweep(disk, dir, func(name string) bool { return name[0] == '.' && strings.Contains(name, tempMark) })
}

func sweep(disk FS, dir string, ours func(name string) bool) error {
	entries, err := disk.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if ours(e.Name()) && e.Type().IsRegular() {
			err = errors.Join(err, disk.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
