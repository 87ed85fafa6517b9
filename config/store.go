package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// Options of a Store.
type Options struct {
	// Path of the file. When it does not exist the store starts from Starter
	// and the first edit creates it.
	Path    string
	Starter []byte
	Log     *slog.Logger
	// State is the directory for the history, the last good text and the change
	// that waits to be kept. It is made where it is missing. "" keeps none.
	State string
	// Strict refuses to start from a file that cannot run. Without it the last
	// good one runs then, and Problems says what is wrong.
	Strict bool
	// Confirm is how long an edit of listeners, TLS or certificates waits to be
	// kept before it goes back; 0 is 30 s. Negative, for a store that serves
	// nobody, lets every edit stand at once.
	Confirm time.Duration
}

// Store owns the file, what runs of it, and the road every change takes:
// parse, check, prepare, write, commit. It is safe for concurrent use; changes
// take turns, so a Preparer must not ask for one.
type Store struct {
	path      string
	file      atomicfile.File
	log       *slog.Logger
	preparers []Preparer
	timing    timing
	confirm   time.Duration // how long a guarded change waits; none does if negative
	current   atomic.Pointer[Revision]
	wake      chan struct{} // of the countdown

	turn    chan struct{}      // holds one token: whoever has it may change what follows
	version atomicfile.Version // of the file that current was read from
	refused atomicfile.Version // of a file that was looked at and cannot run
	state   state

	mu        sync.Mutex // guards what follows; only who has the turn changes it
	standing  Problems
	since     time.Time
	last      *change
	history   *History
	noHistory error // why history is nil
	pending   *pending
	goodSince time.Time // the last good text runs; zero when the file does
}

// change is an applied change and the texts to take it back by.
type change struct {
	Applied
	before, after []byte
	first         bool // what was before is not known
}

// Path is the file's path as given.
func (s *Store) Path() string { return s.path }

// Current is the revision that runs.
func (s *Store) Current() *Revision { return s.current.Load() }

// Problems lists what is wrong with the file on disk while an older revision
// runs, and since when; nil when the file runs.
func (s *Store) Problems() (Problems, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing, s.since
}

// Preview is an edit before it is applied.
type Preview struct {
	Before, After []byte
	Diff          []DiffLine
	Problems      Problems // errors and warnings of After
	Config        *Config  // nil when Problems has an error
	// Confirm is how long the change, once made, waits to be kept before it goes
	// back; 0 when it stands at once.
	Confirm time.Duration
}

// DiffLine is one line of a diff; Op is ' ', '-' or '+'. Line counts from 1 in
// the file the line belongs to (the new one for ' '). Text hides secrets that
// stand in the file in plain.
type DiffLine struct {
	Op   byte
	Line int
	Text string
}

// Preview applies the edit to the text of base (nil for the current revision)
// and writes nothing.
func (s *Store) Preview(base *Revision, edit func(*File) error) (*Preview, error) {
	if base == nil {
		base = s.Current()
	}
	after, err := edited(base.Text, edit)
	if err != nil {
		return nil, err
	}
	return s.preview(base.Text, after), nil
}

func (s *Store) preview(before, after []byte) *Preview {
	c, ps := parseIn(s.file.Path, after)
	p := &Preview{Before: before, After: after, Diff: shownDiff(before, after), Problems: ps, Config: c}
	if s.guards(before, after) {
		p.Confirm = s.confirm
	}
	return p
}

// guards tells whether an edit made here has to be confirmed.
func (s *Store) guards(before, after []byte) bool {
	return s.confirm > 0 && needsConfirming(before, after)
}

// History lists the versions that are kept, the newest first.
func (s *Store) History() ([]Version, error) {
	h, err := s.versions()
	if err != nil {
		return nil, err
	}
	return h.versions(s.Current().Sum), nil
}

// VersionText is the text of version n; 0 is the newest.
func (s *Store) VersionText(n int) ([]byte, error) {
	h, err := s.versions()
	if err != nil {
		return nil, err
	}
	return h.Text(n)
}

// VersionDiff is what version n changed in the one before it, all of its lines
// if it is the first; 0 is the newest.
func (s *Store) VersionDiff(n int) ([]DiffLine, error) {
	h, err := s.versions()
	if err != nil {
		return nil, err
	}
	return h.Diff(n)
}

func (s *Store) versions() (*History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history, s.noHistory
}

// check makes a revision of a text; nil when the problems have an error.
func (s *Store) check(text []byte) (*Revision, Problems) {
	c, ps := parseIn(s.file.Path, text)
	if len(ps.Errors()) > 0 {
		return nil, ps
	}
	return &Revision{Config: c, Text: text, Sum: sha256.Sum256(text), Warnings: ps.Warnings()}, ps
}

// onDisk is the file as it stands. Where there is none, text is the running one.
type onDisk struct {
	text    []byte
	version atomicfile.Version
}

func (s *Store) look() (onDisk, error) {
	text, err := s.file.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return onDisk{text: s.Current().Text}, nil
	}
	if err != nil {
		return onDisk{}, err
	}
	return onDisk{text, atomicfile.VersionOf(text)}, nil
}

// take waits for the turn; the caller gives it back by calling the result.
func (s *Store) take(ctx context.Context) (giveBack func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
