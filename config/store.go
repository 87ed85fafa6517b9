package config

import (
	"context"
	"log/slog"
	"time"
)

// Options of a Store.
type Options struct {
	// Path of the file. When it does not exist the store starts from Starter
	// and the first edit creates it.
	Path    string
	Starter []byte
	Log     *slog.Logger
}

// Store owns the file, what runs of it, and the road every change takes:
// parse, check, prepare, write, commit. It is safe for concurrent use; changes
// take turns.
type Store struct{}

// Open reads the file (or the starter) and prepares and commits it. Problems
// are returned as Problems.
func Open(o Options, p ...Preparer) (*Store, error) { return nil, nil }

// Path is the file's path as given.
func (s *Store) Path() string { return "" }

// Current is the revision that runs.
func (s *Store) Current() *Revision { return nil }

// Problems lists what is wrong with the file on disk while an older revision
// runs, and since when; nil when the file runs.
func (s *Store) Problems() (Problems, time.Time) { return nil, time.Time{} }

// Preview is an edit before it is applied.
type Preview struct {
	Before, After []byte
	Diff          []DiffLine
	Problems      Problems // errors and warnings of After
	Config        *Config  // nil when Problems has an error
}

// DiffLine is one line of a diff; Op is ' ', '-' or '+'. Line counts from 1 in
// the file the line belongs to (the new one for ' ').
type DiffLine struct {
	Op   byte
	Line int
	Text string
}

// Preview applies the edit to the text of base and writes nothing.
func (s *Store) Preview(base *Revision, edit func(*File) error) (*Preview, error) { return nil, nil }

// Update applies the edit, checks, prepares, writes durably, commits. When the
// file changed since base, the edit is replayed on the new bytes; a Conflict
// says that both changed the same key. Any failure before the write leaves
// file and proxy as they were. Who is "console", "disk" or a user's name; what
// summarises the edit ("add route photos").
func (s *Store) Update(ctx context.Context, base *Revision, who, what string, edit func(*File) error) error {
	return nil
}

// Last describes the change that Undo would take back; false when there is
// none in this run.
func (s *Store) Last() (Applied, bool) { return Applied{}, false }

// Applied is one change that this run applied.
type Applied struct {
	At        time.Time
	Who, What string
	Undo      []DiffLine // what Undo would do to the file as it is now
}

// Undo takes the last change of this run back, as a change of its own.
func (s *Store) Undo(ctx context.Context) error { return nil }

// Reload reads the file now; no change, no effect.
func (s *Store) Reload(ctx context.Context) error { return nil }

// Run follows changes of the file made by others until ctx ends.
func (s *Store) Run(ctx context.Context) error { <-ctx.Done(); return nil }
