package config

import (
	"context"
	"reflect"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// Reload reads the file now, and what it refers to: a new password may be in a
// file of its own. No change, no effect.
func (s *Store) Reload(ctx context.Context) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	before := s.Current()
	if err := s.follow(true); err != nil || s.Current() != before {
		return err
	}
	return s.readAgain(before)
}

// readAgain puts the running text in force once more where it means something
// else now.
func (s *Store) readAgain(now *Revision) error {
	rev, ps := s.check(now.Text)
	if rev == nil {
		return ps
	}
	if reflect.DeepEqual(rev.Config, now.Config) {
		return nil
	}
	changes, err := s.prepare(rev.Config)
	if err != nil {
		return err
	}
	s.commit(rev, changes, s.version)
	return nil
}

// follow applies what others wrote to the file. What cannot run leaves the
// running revision and is shown by Problems; it is tried a second time only
// when asked again.
func (s *Store) follow(again bool) error {
	disk, err := s.look()
	if again || err != nil || disk.version != s.refused {
		s.refused = atomicfile.Version{}
	}
	switch {
	case err != nil:
		return s.stand(Problems{{Message: "the file cannot be read, the running configuration stays: " + err.Error()}})
	case disk.version == s.version:
		s.settle()
		return nil
	case !disk.version.Exists:
		return s.stand(Problems{{
			Message: s.path + " is gone, the running configuration stays",
			Hint:    "put the file back, or make an edit here, which writes it anew",
		}})
	case len(disk.text) == 0:
		return s.stand(Problems{{Line: 1, Col: 1, Message: "the file is empty, the running configuration stays"}})
	case disk.version == s.refused:
		ps, _ := s.Problems()
		return ps
	}
	s.refused = disk.version
	rev, ps := s.check(disk.text)
	if rev == nil {
		return s.stand(ps)
	}
	// Not the context of whoever waits: an outside edit is applied by itself.
	before := s.Current().Text
	r := request{who: "disk", what: summary(before, rev.Text)}
	err = s.apply(context.Background(), rev, disk, before, r, nil)
	if err != nil {
		s.stand(refused(err))
	}
	return err
}

// stand shows what keeps the file from running, and logs it once.
func (s *Store) stand(ps Problems) error {
	s.mu.Lock()
	known := s.standing.Error() == ps.Error()
	if !known {
		s.standing, s.since = ps, time.Now()
	}
	s.mu.Unlock()
	for _, p := range ps.Errors() {
		if known {
			continue
		}
		where := []any{"path", s.path}
		if p.Line > 0 {
			where = append(where, "line", p.Line, "column", p.Col)
		}
		s.log.Warn("the configuration file cannot run", append(where, "problem", p.Message, "hint", p.Hint)...)
	}
	return ps
}

// settle says that the file on disk runs.
func (s *Store) settle() {
	s.refused = atomicfile.Version{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing, s.since = nil, time.Time{}
	s.goodSince = time.Time{}
}
