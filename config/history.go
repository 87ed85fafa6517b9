package config

import (
	"context"
	"errors"
	"time"
)

// maxVersions is how many texts the history keeps.
const maxVersions = 50

// Version is a text that ran, and the change that made it run.
type Version struct {
	N    int // counts from 1 and is never given twice
	At   time.Time
	Who  string // a user's name, "console", "disk" or "undo"
	What string // "add route photos", "changed route.git.to"; "found at start" for the first
	Sum  [32]byte
	Runs bool // this text runs now
}

// errNoHistory is the answer where Options.State is empty.
var errNoHistory = errors.New("no history is kept: there is no state directory")

// History lists the versions that are kept, the newest first.
func (s *Store) History() ([]Version, error) { return nil, errNoHistory }

// VersionText is the text of version n.
func (s *Store) VersionText(n int) ([]byte, error) { return nil, errNoHistory }

// VersionDiff is what version n changed in the one before it; of the first that
// is kept, its whole text. 0 is the last change.
func (s *Store) VersionDiff(n int) ([]DiffLine, error) { return nil, errNoHistory }

// ReadHistory reads the versions in a state directory without a Store, and
// changes nothing there: a running portico may use it meanwhile. Runs is set
// for the newest.
func ReadHistory(state string) (*History, error) { return nil, errNoHistory }

// History is a state directory's versions as they were when it was read.
type History struct{}

// Versions lists them, the newest first.
func (h *History) Versions() []Version { return nil }

// Text is Store.VersionText.
func (h *History) Text(n int) ([]byte, error) { return nil, errNoHistory }

// Diff is Store.VersionDiff.
func (h *History) Diff(n int) ([]DiffLine, error) { return nil, errNoHistory }

// PreviewUndo shows what taking change n back (0: the last) would do to the file
// as it is now, and writes nothing. Applied is that change. Conflicts are
// returned as such, as by UndoChange.
func (s *Store) PreviewUndo(n int) (*Preview, Applied, error) { return nil, Applied{}, errNoHistory }

// UndoChange takes change n back (0: the last), whoever made it and whenever.
// Its inverse is made in the file as it is now, as a change of its own; where
// the same key changed since, UndoChange returns Conflicts. Who as in Update.
// The change that waits to be kept goes back as by GoBack.
func (s *Store) UndoChange(ctx context.Context, who string, n int) error { return errNoHistory }
