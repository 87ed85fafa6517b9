package config

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
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
	current   atomic.Pointer[Revision]

	turn    chan struct{}      // holds one token: whoever has it may change what follows
	version atomicfile.Version // of the file that current was read from
	refused atomicfile.Version // of a file that was looked at and cannot run

	mu       sync.Mutex // guards what follows
	standing Problems
	since    time.Time
	last     *change
}

// change is an applied change and the texts to take it back by.
type change struct {
	Applied
	before, after []byte
}

// Open reads the file (or the starter) and prepares and commits it. Problems
// are returned as Problems.
func Open(o Options, p ...Preparer) (*Store, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: o.Path, file: atomicfile.New(path), log: o.Log, preparers: p,
		timing: usual, turn: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.current.Store(&Revision{Text: bytes.Clone(o.Starter)})
	if err := s.tidy(); err != nil {
		return nil, err
	}
	disk, err := s.look()
	if err != nil {
		return nil, err
	}
	rev, ps := check(disk.text)
	if rev == nil {
		return nil, ps
	}
	if err := s.start(rev, disk); err != nil {
		return nil, err
	}
	return s, nil
}

// tidy mends and removes what an earlier run left when it was killed.
func (s *Store) tidy() error {
	finished, err := s.file.Recover()
	if err != nil {
		return fmt.Errorf("finish the interrupted write of %s: %w", s.path, err)
	}
	if finished {
		s.log.Info("finished an interrupted write of the configuration", "path", s.path)
	}
	if err := s.file.Sweep(); err != nil {
		s.log.Warn("cannot remove old temporary files", "path", s.path, "error", err)
	}
	return nil
}

// start is the road's last part for the first revision, which nothing runs yet.
func (s *Store) start(rev *Revision, disk onDisk) error {
	changes, err := s.prepare(rev.Config)
	if err != nil {
		return err
	}
	s.commit(rev, changes, disk.version)
	return nil
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
// the file the line belongs to (the new one for ' ').
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
	c, ps := Parse(after)
	return &Preview{Before: base.Text, After: after, Diff: lineDiff(base.Text, after), Problems: ps, Config: c}, nil
}

// check makes a revision of a text; nil when the problems have an error.
func check(text []byte) (*Revision, Problems) {
	c, ps := Parse(text)
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
