package config

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// state is what a store keeps in the state directory. Nothing in it is needed to
// serve: where it cannot be written, edits go on. The store's turn guards it.
type state struct {
	dir     string // "" keeps nothing
	fs      atomicfile.FS
	failing bool              // the last write failed
	good    [sha256.Size]byte // of the last good text; zero where there is none
}

// The files in the state directory beside the history.
const (
	goodName    = "last-good.toml"
	pendingName = "pending.json"
)

func (st *state) file(name string) atomicfile.File {
	return atomicfile.File{Path: filepath.Join(st.dir, name), FS: st.fs}
}

// openState reads what the last run kept, and sweeps up behind it.
func (s *Store) openState() {
	if s.state.dir == "" {
		s.noHistory = errNoHistory
		return
	}
	s.history, s.noHistory = readHistory(s.state.fs, s.state.dir, s.file.Path)
	err := s.noHistory
	if err == nil {
		err = s.history.sweep()
	}
	err = errors.Join(err, s.state.file(goodName).Sweep(), s.state.file(pendingName).Sweep())
	if text, err := s.state.file(goodName).Read(); err == nil {
		s.state.good = sha256.Sum256(text)
	}
	if err != nil {
		s.kept(err)
	}
	s.loadPending()
}

// kept notes whether the state directory could be written. It says so once.
func (s *Store) kept(err error) {
	failing := err != nil
	if failing && !s.state.failing {
		s.log.Warn("the state directory cannot be used: edits go on without a history, and no restart takes them back",
			"state", s.state.dir, "error", err)
	}
	if !failing && s.state.failing {
		s.log.Info("the state directory can be used again", "state", s.state.dir)
	}
	s.state.failing = failing
}

// record notes in the history that text runs in place of before, and gives the
// number of its version; 0 where none is kept.
func (s *Store) record(before, text []byte, who, what string, at time.Time) (int, error) {
	if s.history == nil {
		return 0, nil
	}
	if err := s.found(before, at); failed(err) {
		return 0, err
	}
	err := s.add(Version{At: at, Who: who, What: what}, text)
	if failed(err) {
		return 0, err
	}
	return s.history.newest().N, err
}

// found records a text that is there unless it is the newest version: the first
// of all, an edit made while nobody looked, or one that could not be recorded.
func (s *Store) found(text []byte, at time.Time) error {
	if s.history == nil {
		return nil
	}
	v := Version{At: at, Who: "disk", What: "found at start"}
	if last := s.history.newest(); last.N > 0 {
		if last.Sum == sha256.Sum256(text) {
			return nil
		}
		if known, err := s.history.Text(last.N); err == nil {
			v.What = summary(known, text)
		}
	}
	return s.add(v, text)
}

func (s *Store) add(v Version, text []byte) error {
	h, err := s.history.with(v, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = h
	return err
}
