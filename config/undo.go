package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// Last describes the change that Undo would take back; false when there is none.
func (s *Store) Last() (Applied, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return Applied{}, false
	}
	return s.last.Applied, true
}

// Undo takes the last change back, as a change of its own, so that a second Undo
// makes it again. What was written to the file since the last change stays;
// where that is the same key, Undo returns Conflicts.
func (s *Store) Undo(ctx context.Context) error { return s.UndoChange(ctx, "undo", 0) }

// UndoChange takes change n back (0: the last), whoever made it and whenever.
// Its inverse is made in the file as it is now, as a change of its own; where
// the same key changed since, UndoChange returns Conflicts. Who as in Update.
// The change that waits to be kept goes back as by GoBack.
func (s *Store) UndoChange(ctx context.Context, who string, n int) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	c, err := s.change(n)
	if err != nil {
		return err
	}
	if p := s.pending; p != nil && bytes.Equal(p.after, c.after) {
		return s.goBack(ctx, who, p.base())
	}
	err = s.update(ctx, c.after, request{who: who, what: reversed(c.What), edit: inverse(c.before, c.after)})
	if errors.Is(err, errNothing) {
		return c.nothingLeft()
	}
	return err
}

// PreviewUndo shows what taking change n back (0: the last) would do to the file
// as it is now, and writes nothing. Applied is that change. Conflicts are
// returned as such, as by UndoChange.
func (s *Store) PreviewUndo(n int) (*Preview, Applied, error) {
	c, err := s.change(n)
	if err != nil {
		return nil, Applied{}, err
	}
	disk, err := s.look()
	if err != nil {
		return nil, c.Applied, err
	}
	before, base, waits := c.before, c.after, false
	s.mu.Lock()
	if p := s.pending; p != nil && bytes.Equal(p.after, c.after) {
		before, base, waits = p.before, p.base(), true
	}
	s.mu.Unlock()
	after, err := replay(base, disk.text, inverse(before, c.after))
	if err == nil && bytes.Equal(after, disk.text) {
		err = c.nothingLeft()
	}
	if err != nil {
		return nil, c.Applied, err
	}
	p := s.preview(disk.text, after)
	if waits {
		p.Confirm = 0
	}
	c.Undo = p.Diff
	return p, c.Applied, nil
}

// change finds change n. Where no history is kept, the last is known all the
// same.
func (s *Store) change(n int) (*change, error) {
	s.mu.Lock()
	last, h, err := s.last, s.history, s.noHistory
	s.mu.Unlock()
	if n == 0 && last == nil {
		return nil, errors.New("there is no change to take back")
	}
	if n == 0 || last != nil && n == last.N {
		c := *last
		return &c, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := h.change(n)
	if err == nil && c.first {
		err = fmt.Errorf("version %d is the first that is kept of the file: what was before it is not known", n)
	}
	return c, err
}

func (c *change) nothingLeft() error {
	return fmt.Errorf("nothing is left in the file of %q", c.What)
}

// reversed names the undoing of a change: undoing an undo is to redo.
func reversed(what string) string {
	if done, ok := strings.CutPrefix(what, "undo "); ok {
		return "redo " + done
	}
	what = strings.TrimPrefix(what, "redo ")
	return "undo " + what
}
