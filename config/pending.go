package config

import (
	"context"
	"errors"
	"time"
)

// usualConfirm is how long an edit that needs it waits to be kept.
const usualConfirm = 30 * time.Second

// ErrPending says that an edit has to wait until the one before it, of
// listeners, TLS or certificates, is kept or taken back.
var ErrPending = errors.New("the last change of listeners, TLS or certificates is not kept yet: keep it, or go back, first")

// Pending is a change that runs and goes back by itself unless it is kept.
type Pending struct {
	Until     time.Time // when it goes back; past where it could not
	Who, What string    // as given to Update
	Version   int       // in the history; 0 where none is kept
	// Stuck is why it did not go back when it was time: Conflicts where the same
	// keys were changed since. It then waits for Keep or GoBack.
	Stuck error
}

// Pending is the change that waits to be kept; false when there is none.
func (s *Store) Pending() (Pending, bool) { return Pending{}, false }

// Keep makes the change that waits a lasting one.
func (s *Store) Keep(ctx context.Context, who string) error { return errors.ErrUnsupported }

// GoBack takes the change that waits back, in the file as it is now. Where the
// same key changed since, it returns Conflicts and the change stays; asked once
// more, the values from before the change take the place of both.
func (s *Store) GoBack(ctx context.Context, who string) error { return errors.ErrUnsupported }
