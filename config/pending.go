package config

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// usualConfirm is how long an edit that needs it waits to be kept.
const usualConfirm = 30 * time.Second

// ErrPending says that an edit has to wait until the one before it, of
// listeners, TLS or certificates, is kept or taken back.
var ErrPending = errors.New("the last change of listeners, TLS or certificates is not kept yet: keep it, or go back, first")

var errNonePending = errors.New("no change waits to be kept")

// Pending is a change that runs and goes back by itself unless it is kept.
type Pending struct {
	Until     time.Time // when it goes back; past where it could not
	Who, What string    // as given to Update
	Version   int       // in the history; 0 where none is kept
	// Stuck is why it did not go back when it was time, or when asked: Conflicts
	// where the same keys were changed since. It waits for Keep or GoBack.
	Stuck error
	// Unwritten is why its deadline is not on disk: then a restart does not take
	// it back.
	Unwritten error
}

// pending is a change that waits, with the texts to take it back by. Its fields
// change under the store's turn and lock.
type pending struct {
	Pending
	before, after []byte
	shown         []byte    // the text in which a person was shown conflicts
	next          time.Time // when it goes back by itself; zero when it cannot as things are
}

// again is when a change tries once more to go back that could not: the disk may
// have been full for a moment.
const again = time.Minute

// pendingRecord is a pending change on disk.
type pendingRecord struct {
	Until  time.Time `json:"until"`
	Who    string    `json:"who"`
	What   string    `json:"what"`
	File   string    `json:"file"`
	Before string    `json:"before"`
	After  string    `json:"after"`
}

// Pending is the change that waits to be kept; false when there is none.
func (s *Store) Pending() (Pending, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		return Pending{}, false
	}
	return s.pending.Pending, true
}

// Keep makes the change that waits a lasting one.
func (s *Store) Keep(ctx context.Context, who string) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if s.pending == nil {
		return errNonePending
	}
	what := s.pending.What
	if err := s.release(); err != nil {
		return fmt.Errorf("kept, but the next start takes it back: remove %s by hand: %w", s.state.file(pendingName).Path, err)
	}
	s.log.Info("the change is kept", "path", s.path, "who", who, "what", what)
	return nil
}

// GoBack takes the change that waits back, in the file as it is now. Where the
// same key changed since, it returns Conflicts and the change stays; asked once
// more, the values from before the change take the place of both.
func (s *Store) GoBack(ctx context.Context, who string) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if s.pending == nil {
		return errNonePending
	}
	return s.goBack(ctx, who, s.pending.base())
}

// base is the text that a person took the change back from.
func (p *pending) base() []byte {
	if p.shown != nil {
		return p.shown
	}
	return p.after
}

func (p *pending) request(who string) request {
	return request{who: who, what: "go back: " + p.What, edit: inverse(p.before, p.after), stands: true}
}

// goBack takes the pending change back from what base became.
func (s *Store) goBack(ctx context.Context, who string, base []byte) error {
	p := s.pending
	err := s.update(ctx, base, p.request(who))
	if err == nil || errors.Is(err, errNothing) {
		s.kept(s.release())
		return nil
	}
	if conflicts := (Conflicts)(nil); errors.As(err, &conflicts) {
		s.stick(p, err, s.Current().Text)
	}
	return err
}

// stick shows why a change could not go back in the text.
func (s *Store) stick(p *pending, err error, text []byte) {
	s.mu.Lock()
	known := p.Stuck != nil && p.Stuck.Error() == err.Error()
	p.Stuck, p.shown = err, nil
	if conflicts := (Conflicts)(nil); errors.As(err, &conflicts) {
		p.shown = text
	}
	s.mu.Unlock()
	if !known {
		s.log.Warn("a change that nobody kept cannot go back: keep it, or go back by hand", "path", s.path, "what", p.What, "error", err)
	}
}

// hold writes the change down before it is made. Its deadline is on disk before
// it can run, so that no way of dying makes it a lasting one.
func (s *Store) hold(p *pending) error {
	if s.state.dir == "" {
		return nil
	}
	if err := s.state.fs.MkdirAll(s.state.dir); err != nil {
		return err
	}
	return s.state.file(pendingName).Save(pendingRecord{p.Until, p.Who, p.What, s.file.Path, string(p.before), string(p.after)})
}

// release forgets the pending change, whose outcome is what runs.
func (s *Store) release() error {
	s.setPending(nil)
	err := s.unhold()
	return errors.Join(err, s.keepGood())
}

func (s *Store) unhold() error {
	if s.state.dir == "" {
		return nil
	}
	return s.state.file(pendingName).Remove()
}

// number tells a pending change its version.
func (s *Store) number(p *pending, n int) {
	if p != nil {
		s.mu.Lock()
		p.Version = n
		s.mu.Unlock()
	}
}

func (s *Store) setPending(p *pending) {
	s.mu.Lock()
	s.pending = p
	s.mu.Unlock()
	s.nudge()
}

// nudge lets the countdown look again.
func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it is about to look
	}
}

// loadPending finds the change that the last run did not see kept. What a clock
// that was set says of the deadline is held against the time it may take.
func (s *Store) loadPending() {
	var r pendingRecord
	if err := s.state.file(pendingName).Load(&r); err != nil {
		s.log.Warn("the change that waits to be kept cannot be read: it stays", "state", s.state.dir, "error", err)
		return
	}
	if r.File != s.file.Path {
		return
	}
	until, wait := r.Until, s.confirm
	if wait < 0 {
		wait = usualConfirm // of the run that the change was made in
	}
	if most := time.Now().Add(wait); until.After(most) {
		until = most
	}
	s.pending = &pending{
		Pending: Pending{Until: until, Who: r.Who, What: r.What, Version: s.history.numberOf(r.After)},
		before:  []byte(r.Before), after: []byte(r.After), next: until,
	}
}

// countDown takes a change back when its time is over, until ctx ends.
func (s *Store) countDown(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
			s.expire(ctx)
		}
		timer.Stop()
		if wait, counting := s.remaining(); counting {
			timer.Reset(wait)
		}
	}
}

// remaining is how long the change may still be kept; false when there is none,
// or none that may go back by itself as things are.
func (s *Store) remaining() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil || s.pending.next.IsZero() {
		return 0, false
	}
	return time.Until(s.pending.next), true
}

func (s *Store) expire(ctx context.Context) {
	giveBack, err := s.take(ctx)
	if err != nil {
		return
	}
	defer giveBack()
	if wait, counting := s.remaining(); !counting || wait > 0 {
		return
	}
	p := s.pending
	err = s.goBack(ctx, "undo", p.after)
	if err == nil || ctx.Err() != nil {
		return
	}
	s.stick(p, err, s.Current().Text)
	next := time.Now().Add(again)
	if conflicts := (Conflicts)(nil); errors.As(err, &conflicts) {
		next = time.Time{} // that is for a person to decide
	}
	s.setNext(next)
}

// setNext says when the pending change, if any, is to go back.
func (s *Store) setNext(at time.Time) {
	s.mu.Lock()
	if s.pending != nil {
		s.pending.next = at
	}
	s.mu.Unlock()
	s.nudge()
}
