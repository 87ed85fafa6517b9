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
//
// An edit of [server], [acme], [cert.*], cert or plain_http runs at once, but goes
// back by itself unless Keep is called in time; see Pending. While one waits
// there is no second: ErrPending.
func (s *Store) Update(ctx context.Context, base *Revision, who, what string, edit func(*File) error) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if base == nil {
		base = s.Current()
	}
	err = s.update(ctx, base.Text, request{who: who, what: what, edit: edit})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// request is an edit that somebody asks for.
type request struct {
	who, what string
	edit      func(*File) error
	stands    bool // it needs no confirming
}

// errNothing says that the file has already all that an edit would change.
var errNothing = errors.New("there is nothing to change")

func (s *Store) update(ctx context.Context, base []byte, r request) error {
	for range attempts {
		err := s.attempt(ctx, base, r)
		if !errors.Is(err, atomicfile.ErrChanged) {
			return err
		}
	}
	return fmt.Errorf("%s keeps changing while it is written: try again", s.path)
}

// attempt is the road for one state of the file.
func (s *Store) attempt(ctx context.Context, base []byte, r request) error {
	// What others wrote is a change of its own: taking ours back must not take
	// theirs. If it cannot run, this edit may be the one that mends it.
	broken := s.follow(false)
	disk, err := s.look()
	if err != nil {
		return err
	}
	text, err := replay(base, disk.text, r.edit)
	var conflict *Conflict
	if ps := (Problems)(nil); errors.As(err, &conflict) && errors.As(broken, &ps) {
		return ps // there is no deciding between keys of a file that is broken
	}
	if err != nil {
		return err
	}
	if bytes.Equal(text, disk.text) && disk.version == s.version {
		return errNothing
	}
	rev, ps := s.check(text)
	if rev == nil {
		return ps
	}
	var waits *pending
	if !r.stands && s.guards(disk.text, text) {
		if s.pending != nil {
			return ErrPending
		}
		waits = &pending{Pending: Pending{Who: r.who, What: r.what}, before: disk.text, after: text}
	}
	return s.apply(ctx, rev, disk, s.Current().Text, r, waits)
}

// apply prepares the revision, writes it unless the disk has it already, commits
// it and notes it. Before is the text that ran; waits, if any, is the change as
// one that has to be kept.
func (s *Store) apply(ctx context.Context, rev *Revision, disk onDisk, before []byte, r request, waits *pending) error {
	changes, err := s.prepare(rev.Config)
	if err != nil {
		return err
	}
	version := atomicfile.VersionOf(rev.Text)
	var held error
	if disk.version != version {
		held, err = s.write(ctx, rev.Text, disk.version, waits)
		if failed(err) {
			discard(changes)
			return fmt.Errorf("nothing was changed: %w", err)
		}
	}
	if err != nil {
		s.log.Warn("the configuration is written and runs, but a power cut may undo it", "path", s.path, "error", err)
	}
	s.commit(rev, changes, version)
	if waits != nil {
		s.setPending(waits)
	}
	n, recorded := s.record(before, rev.Text, r.who, r.what, rev.Loaded)
	s.number(waits, n)
	s.note(&change{
		Applied: Applied{N: n, At: rev.Loaded, Who: r.who, What: r.what, Undo: shownDiff(rev.Text, before)},
		before:  before, after: rev.Text,
	})
	s.kept(errors.Join(held, recorded, s.keepGood()))
	s.log.Info("configuration applied", "path", s.path, "who", r.who, "what", r.what, "warnings", len(rev.Warnings))
	return nil
}

// write puts the text on disk, and before that the deadline of a change that has
// to be kept. That one may fail: the running store still knows it, and tells.
func (s *Store) write(ctx context.Context, text []byte, was atomicfile.Version, waits *pending) (held, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if waits != nil {
		waits.Until = time.Now().Add(s.confirm)
		waits.next = waits.Until
		held = s.hold(waits)
		waits.Unwritten = held
	}
	err = s.file.Write(text, was)
	if waits != nil && failed(err) {
		held = errors.Join(held, s.unhold())
	}
	return held, err
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
	if p := s.pending; p != nil {
		s.setNext(p.Until) // what kept it from going back may be over
	}
}

func (s *Store) note(c *change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = c
}
