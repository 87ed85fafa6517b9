package config

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"
)

// Applied is one change that was applied.
type Applied struct {
	N         int // its version in the history; 0 where none is kept
	At        time.Time
	Who, What string
	Undo      []DiffLine // what Undo would do to the file as it is now
}

// Last describes the change that Undo would take back; false when there is
// none in this run.
func (s *Store) Last() (Applied, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return Applied{}, false
	}
	return s.last.Applied, true
}

// Undo takes the last change of this run back, as a change of its own, so that
// a second Undo makes it again. What was written to the file since the last
// change stays; where that is the same key, Undo returns a Conflict.
func (s *Store) Undo(ctx context.Context) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last == nil {
		return errors.New("nothing was changed in this run")
	}
	back, err := changes(last.after, last.before)
	if err != nil {
		return err
	}
	return s.update(ctx, last.after, "undo", reversed(last.What), func(f *File) error {
		if bytes.Equal(f.Bytes(), last.after) {
			return f.replaceText(last.before)
		}
		return f.carryOut(back)
	})
}

// reversed names the undoing of a change: undoing an undo is to redo.
func reversed(what string) string {
	if done, ok := strings.CutPrefix(what, "undo "); ok {
		return "redo " + done
	}
	what = strings.TrimPrefix(what, "redo ")
	return "undo " + what
}
