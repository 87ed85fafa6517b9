package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// Open reads the file (or the starter) and prepares and commits it. A file that
// cannot run gives way to the last good text where there is one; otherwise what
// is wrong is returned, as Problems where it is in the file. A change that waited
// to be kept when the last run ended goes back now if its time is over, and
// waits on if not.
func Open(o Options, p ...Preparer) (*Store, error) { return open(atomicfile.OS{}, o, p...) }

func open(disk atomicfile.FS, o Options, p ...Preparer) (*Store, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: o.Path, file: atomicfile.File{Path: path, FS: disk}, log: o.Log, preparers: p,
		state: state{dir: o.State, fs: disk}, confirm: o.Confirm,
		timing: usual, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.confirm == 0 {
		s.confirm = usualConfirm
	}
	s.current.Store(&Revision{Text: bytes.Clone(o.Starter)})
	if err := s.tidy(); err != nil {
		return nil, err
	}
	s.openState()
	if err := s.begin(); err != nil && (o.Strict || !s.startLastGood()) {
		return nil, err
	}
	s.remember()
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

// begin puts the file in force.
func (s *Store) begin() error {
	disk, err := s.look()
	if err != nil {
		return err
	}
	if disk.version.Exists && len(disk.text) == 0 {
		return Problems{empty}
	}
	rev, ps := s.check(disk.text)
	if rev == nil {
		return ps
	}
	if s.goBackAtStart(disk) {
		return nil
	}
	if err := s.run(rev, disk.version); err != nil {
		return err
	}
	if disk.version.Exists {
		s.kept(errors.Join(s.found(disk.text, rev.Loaded), s.keepGood()))
	}
	return nil
}

// run is the road of a text that is on disk already.
func (s *Store) run(rev *Revision, version atomicfile.Version) error {
	changes, err := s.prepare(rev.Config)
	if err != nil {
		return err
	}
	s.commit(rev, changes, version)
	return nil
}

// goBackAtStart takes a change back whose time is over, before anything runs of
// it, and tells whether it did.
func (s *Store) goBackAtStart(disk onDisk) bool {
	p := s.pending
	if p == nil {
		return false
	}
	r := p.request("undo")
	text, err := replay(p.after, disk.text, r.edit)
	if err == nil && bytes.Equal(text, disk.text) {
		s.kept(s.unhold()) // it was never written, or is back already
		s.setPending(nil)
		return false
	}
	if time.Now().Before(p.Until) {
		return false
	}
	if err == nil {
		rev, ps := s.check(text)
		if err = ps; rev != nil {
			err = s.apply(context.Background(), rev, disk, disk.text, r, nil)
		}
	}
	if err != nil {
		s.stick(p, err, disk.text)
		return false
	}
	s.kept(s.release())
	return true
}

// remember finds the change of an earlier run that Undo would take back.
func (s *Store) remember() {
	if s.history == nil || s.history.newest().Sum != s.Current().Sum {
		return
	}
	c, err := s.history.change(0)
	if err != nil || c.first {
		return
	}
	c.Undo = shownDiff(c.after, c.before)
	s.note(c)
}
