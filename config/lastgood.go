package config

import (
	"crypto/sha256"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// LastGood tells whether the running revision is the last good one, because the
// file could not run at the start, and since when. Problems then says why.
func (s *Store) LastGood() (since time.Time, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.goodSince, !s.goodSince.IsZero()
}

// keepGood writes the running text for the start that finds a broken file. A
// change that is not kept yet has not shown itself to be good.
func (s *Store) keepGood() error {
	text, sum := s.Current().Text, s.Current().Sum
	if s.state.dir == "" || s.pending != nil || s.state.good == sum {
		return nil
	}
	err := s.state.fs.MkdirAll(s.state.dir)
	if err == nil {
		err = s.state.file(goodName).Put(text)
	}
	if !failed(err) {
		s.state.good = sum
	}
	return err
}

// startLastGood runs the last good text in place of a file that cannot run. That
// of another file, for which the same directory was used, is not ours.
func (s *Store) startLastGood() bool {
	if s.state.dir == "" {
		return false
	}
	text, err := s.state.file(goodName).Read()
	if err != nil || s.history != nil && s.history.isOfAnother(sha256.Sum256(text)) {
		return false
	}
	rev, _ := s.check(text)
	if rev == nil || s.run(rev, atomicfile.VersionOf(text)) != nil {
		return false
	}
	s.mu.Lock()
	s.goodSince = rev.Loaded
	s.mu.Unlock()
	s.log.Warn("the configuration file cannot run: the last good one runs in its place", "path", s.path)
	_ = s.follow(true) // says what is wrong with the file
	return true
}

// isOfAnother tells whether the text is known, and only as one of another file.
func (h *History) isOfAnother(sum [sha256.Size]byte) (another bool) {
	for _, e := range h.entries {
		if e.Sum == sum {
			if e.of(h.file) {
				return false
			}
			another = true
		}
	}
	return another
}
