package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// attempts bounds how often an edit is replayed on a file that changes while it
// is written.
const attempts = 5

// Update applies the edit, checks, prepares, writes durably, commits. When the
// file changed since base (nil for the current revision), the edit is replayed
// on the new bytes, so it may be called more than once; a Conflict says that
// both changed the same key. Any failure before the write leaves file and proxy
// as they were; Problems are returned as such. Who is "console", "disk" or a
// user's name; what summarises the edit ("add route photos").
func (s *Store) Update(ctx context.Context, base *Revision, who, what string, edit func(*File) error) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if base == nil {
		base = s.Current()
	}
	return s.update(ctx, base.Text, who, what, edit)
}

func (s *Store) update(ctx context.Context, base []byte, who, what string, edit func(*File) error) error {
	for range attempts {
		err := s.attempt(ctx, base, who, what, edit)
		if !errors.Is(err, atomicfile.ErrChanged) {
			return err
		}
	}
	return fmt.Errorf("%s keeps changing while it is written: try again", s.path)
}

// attempt is the road for one state of the file.
func (s *Store) attempt(ctx context.Context, base []byte, who, what string, edit func(*File) error) error {
	// What others wrote is a change of its own: taking ours back must not take
	// theirs. If it cannot run, this edit may be the one that mends it.
	broken := s.follow(false)
	disk, err := s.look()
	if err != nil {
		return err
	}
	text, err := replay(base, disk.text, edit)
	var conflict *Conflict
	if ps := (Problems)(nil); errors.As(err, &conflict) && errors.As(broken, &ps) {
		return ps // there is no deciding between keys of a file that is broken
	}
	if err != nil {
		return err
	}
	if bytes.Equal(text, disk.text) && disk.version == s.version {
		return nil
	}
	rev, ps := check(text)
	if rev == nil {
		return ps
	}
	return s.apply(ctx, rev, disk, disk.text, who, what)
}

// apply prepares the revision, writes it unless the disk has it already, and
// commits it. Before is the text that undoing it gives.
func (s *Store) apply(ctx context.Context, rev *Revision, disk onDisk, before []byte, who, what string) error {
	changes, err := s.prepare(rev.Config)
	if err != nil {
		return err
	}
	version := atomicfile.VersionOf(rev.Text)
	if disk.version != version {
		err = ctx.Err()
		if err == nil {
			err = s.file.Write(rev.Text, disk.version)
		}
		if err != nil && !errors.Is(err, atomicfile.ErrUnconfirmed) {
			discard(changes)
			return fmt.Errorf("nothing was changed: %w", err)
		}
	}
	if err != nil {
		s.log.Warn("the configuration is written and runs, but a power cut may undo it", "path", s.path, "error", err)
	}
	s.commit(rev, changes, version)
	s.note(&change{
		Applied: Applied{At: rev.Loaded, Who: who, What: what, Undo: lineDiff(rev.Text, before)},
		before:  before, after: rev.Text,
	})
	s.log.Info("configuration applied", "path", s.path, "who", who, "what", what, "warnings", len(rev.Warnings))
	return nil
}

// prepare asks everybody; when one refuses, the others drop what they prepared.
func (s *Store) prepare(c *Config) ([]Change, error) {
	var changes []Change
	for _, p := range s.preparers {
		ch, err := p.Prepare(c)
		if err != nil {
			discard(changes)
			return nil, fmt.Errorf("the configuration cannot run, nothing was changed: %w", err)
		}
		changes = append(changes, ch)
	}
	return changes, nil
}

func discard(changes []Change) {
	for _, ch := range slices.Backward(changes) {
		ch.Discard()
	}
}

// commit puts a revision in force that was read from the given version of the
// file.
func (s *Store) commit(rev *Revision, changes []Change, version atomicfile.Version) {
	for _, ch := range changes {
		ch.Commit()
	}
	rev.Loaded = time.Now()
	s.current.Store(rev)
	s.version = version
	s.settle()
}

func (s *Store) note(c *change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = c
}
