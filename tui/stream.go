package tui

import (
	"slices"

	"forge.home.arpa/portico/proxy/record"
)

// stream is a window on the records: the rows that are on the screen, copied,
// so that the ring may go on. While the cursor is on the newest row the window
// follows; once it moved, the rows stand still and what comes is only counted.
type stream struct {
	log  *record.Log
	keep matcher // nil for all

	size   int          // rows that fit on the screen
	rows   []record.Row // newest first, or best first when sorted
	cursor uint64       // ID of the selected row, 0 for none

	follow  bool
	frozen  bool
	ceiling uint64 // while frozen, no newer row is shown
	seen    uint64 // the newest ID that was looked at
	unseen  int    // wanted rows newer than the window

	sorting
	scratch []record.Row
}

func newStream(log *record.Log) *stream {
	return &stream{log: log, follow: true}
}

// pull looks for new rows and returns how many of those shown are new.
func (s *stream) pull() int {
	switch {
	case s.log == nil || s.size == 0:
		return 0
	case s.order != byTime:
		return s.pullSorted()
	case s.still():
		s.count()
		return 0
	}
	return s.takeNew()
}

// still tells whether the rows on the screen stay as they are.
func (s *stream) still() bool { return s.frozen || !s.follow && len(s.rows) > 0 }

// takeNew puts new rows before the others. A scan costs what is new: at the
// first known row it stops.
func (s *stream) takeNew() int {
	newest, known := s.log.Newest(), s.seen
	if newest == known {
		return 0
	}
	got := s.log.Before(newest, s.buffer(s.size), func(r *record.Row) bool {
		return r.ID <= known || s.wants(r)
	})
	fresh := s.scratch[:got]
	for len(fresh) > 0 && fresh[len(fresh)-1].ID <= known {
		fresh = fresh[:len(fresh)-1]
	}
	s.seen = newest
	s.rows = slices.Insert(s.rows, 0, fresh...)
	s.rows = s.rows[:min(len(s.rows), s.size)]
	s.unseen = 0
	s.settle()
	return len(fresh)
}

// count adds the wanted rows since the last look to unseen.
func (s *stream) count() {
	newest, known := s.log.Newest(), s.seen
	if newest == known {
		return
	}
	s.seen = newest
	if s.keep == nil {
		s.unseen += int(newest - known)
		return
	}
	s.log.Before(newest, s.buffer(32), func(r *record.Row) bool {
		if r.ID <= known {
			return true
		}
		if s.wants(r) {
			s.unseen++
		}
		return false
	})
}

func (s *stream) wants(r *record.Row) bool { return s.keep == nil || s.keep(r) }

// buffer is scratch space of n rows.
func (s *stream) buffer(n int) []record.Row {
	if cap(s.scratch) < n {
		s.scratch = make([]record.Row, n)
	}
	s.scratch = s.scratch[:cap(s.scratch)]
	return s.scratch[:n]
}

// settle puts the cursor on a row that is there.
func (s *stream) settle() {
	if len(s.rows) == 0 {
		s.cursor = 0
		return
	}
	if s.follow || s.index() < 0 {
		s.cursor = s.rows[0].ID
	}
}

// index is where the cursor stands in rows; -1 when it does not.
func (s *stream) index() int {
	return slices.IndexFunc(s.rows, func(r record.Row) bool { return r.ID == s.cursor })
}

// selected is the row under the cursor; nil without one.
func (s *stream) selected() *record.Row {
	if i := s.index(); i >= 0 {
		return &s.rows[i]
	}
	return nil
}

// reload fills the window anew, from where it stands or from the newest row.
func (s *stream) reload() {
	if s.log == nil || s.size == 0 {
		return
	}
	if s.order != byTime {
		s.rankAll()
		return
	}
	from := s.log.Newest()
	s.seen, s.unseen = from, 0
	if s.frozen {
		from = s.ceiling
	} else if s.still() {
		from = s.rows[0].ID
	}
	s.rows = s.before(from, s.size)
	if len(s.rows) == 0 && !s.frozen {
		s.rows = s.before(s.seen, s.size)
	}
	s.recount()
	s.settle()
}

// recount counts the wanted rows that are newer than the window. One that
// follows has none: what is newer than its newest look is still to be pulled.
func (s *stream) recount() {
	if len(s.rows) > 0 && !s.follow {
		s.seen, s.unseen = s.rows[0].ID, 0
		s.count()
	}
}

// before returns the n newest wanted rows with an ID of at most id.
func (s *stream) before(id uint64, n int) []record.Row {
	if id == 0 || n <= 0 {
		return nil
	}
	return slices.Clone(s.scratchBefore(id, n))
}

func (s *stream) scratchBefore(id uint64, n int) []record.Row {
	return s.scratch[:s.log.Before(id, s.buffer(n), s.keep)]
}

// after returns up to n wanted rows next newer than id, newest first.
func (s *stream) after(id uint64, n int) []record.Row {
	var found []record.Row
	for len(found) < n {
		batch := s.buffer(64)
		got, missed := s.log.Since(id, batch)
		if got == 0 {
			break
		}
		for i := range batch[:got] {
			if r := &batch[i]; len(found) < n && s.wants(r) && (!s.frozen || r.ID <= s.ceiling) {
				found = append(found, *r)
			}
		}
		id += uint64(got) + missed
		if s.frozen && id >= s.ceiling {
			break
		}
	}
	slices.Reverse(found)
	return found
}
