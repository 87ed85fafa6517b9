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

func tempName(target string) string    { return hidden(target) + ".tmp-" + rand.Text() }
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
	entries, err := f.FS.ReadDir(filepath.Dir(target))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	prefix := filepath.Base(hidden(target)) + ".tmp-"
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && e.Type().IsRegular() {
			err = errors.Join(err, f.FS.Remove(filepath.Join(filepath.Dir(target), e.Name())))
		}
	}
	return err
}
