package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// writeInPlace overwrites the target where it cannot be replaced. The journal
// beside it holds both texts on disk first, so that a power cut half way can be
// mended at the next start.
func (f File) writeInPlace(target string, old, data []byte) error {
	if err := f.writeJournal(target, journal{old, data}); err != nil {
		// It may be there all the same: the next start would finish what we refuse.
		return errors.Join(fmt.Errorf("journal: %w", err), f.dropJournal(target))
	}
	if _, err := f.expect(target, VersionOf(old)); err != nil {
		return errors.Join(err, f.dropJournal(target))
	}
	if err := f.overwrite(target, data); err != nil {
		// The disk may be full: the old text fits where it was.
		if back := f.overwrite(target, old); back != nil {
			return fmt.Errorf("%w; a part of the new text may stand in it until the next start mends it: %w", err, back)
		}
		return errors.Join(err, f.dropJournal(target))
	}
	if err := f.dropJournal(target); err != nil {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return nil
}

func (f File) overwrite(target string, data []byte) error {
	h, err := f.FS.OpenInPlace(target)
	if err != nil {
		return err
	}
	_, err = h.Write(data)
	if err == nil {
		err = h.Truncate(int64(len(data)))
	}
	if err == nil {
		err = h.Sync()
	}
	return errors.Join(err, h.Close())
}

func (f File) writeJournal(target string, j journal) error {
	temp := tempName(target)
	private := func(Handle) error { return nil } // as Create makes it
	err := f.put(temp, j.encode(), private)
	if err == nil {
		err = f.FS.Rename(temp, journalName(target))
	}
	if err != nil {
		f.discard(temp)
		return err
	}
	return f.FS.SyncDir(filepath.Dir(target))
}

func (f File) dropJournal(target string) error {
	err := f.FS.Remove(journalName(target))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.FS.SyncDir(filepath.Dir(target))
}
