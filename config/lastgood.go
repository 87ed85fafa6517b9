package config

import "time"

// LastGood tells whether the running revision is the last good one, because the
// file could not run at the start, and since when. Problems then says why.
func (s *Store) LastGood() (since time.Time, running bool) { return time.Time{}, false }
