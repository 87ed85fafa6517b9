package tui

import "slices"

// resize tells how many rows fit; the selected one stays in sight.
func (s *stream) resize(n int) {
	n = max(n, 0)
	if n == s.size {
		return
	}
	grown := n > s.size
	s.size = n
	switch {
	case s.order != byTime || len(s.rows) == 0:
		s.reload()
	case grown:
		s.extend(n - len(s.rows))
		if !s.follow {
			s.newer(n - len(s.rows))
		}
	default:
		s.trim()
	}
}

// extend adds up to n older rows at the end.
func (s *stream) extend(n int) {
	if n > 0 && len(s.rows) > 0 {
		s.rows = append(s.rows, s.before(s.rows[len(s.rows)-1].ID-1, n)...)
	}
}

// trim cuts the window to its size without losing the cursor.
func (s *stream) trim() {
	if over := len(s.rows) - s.size; over > 0 {
		first := min(max(s.index()-s.size+1, 0), over)
		s.rows = slices.Clone(s.rows[first : first+s.size])
		s.recount()
	}
}

// move goes by rows on the screen, down when positive.
func (s *stream) move(by int) {
	if s.upward() {
		by = -by
	}
	i := s.index()
	if i < 0 || by == 0 {
		return
	}
	if s.order != byTime {
		s.moveSorted(by)
		return
	}
	s.follow = false
	switch i += by; {
	case i < 0:
		i += s.newer(-i)
	case i >= len(s.rows):
		i -= s.older(i - len(s.rows) + 1)
	}
	i = min(max(i, 0), len(s.rows)-1)
	s.cursor = s.rows[i].ID
	s.follow = i == 0 && s.unseen == 0 && !s.frozen
}

// upward tells whether the newest row is drawn at the bottom.
func (s *stream) upward() bool { return s.order == byTime && !s.reversed }

// newer shifts the window by up to n rows towards the newest.
func (s *stream) newer(n int) int {
	more := s.after(s.rows[0].ID, n)
	s.rows = append(more, s.rows...)
	s.rows = s.rows[:min(len(s.rows), s.size)]
	s.recount()
	return len(more)
}

// older shifts the window by up to n rows towards the oldest.
func (s *stream) older(n int) int {
	had := len(s.rows)
	s.extend(n)
	added := len(s.rows) - had
	s.rows = slices.Clone(s.rows[max(len(s.rows)-s.size, 0):])
	s.recount()
	return added
}

// newest goes to the newest row and follows again.
func (s *stream) newest() {
	s.follow = !s.frozen
	s.offset, s.rows = 0, nil
	s.reload()
	if len(s.rows) > 0 {
		s.cursor = s.rows[0].ID
	}
}

// oldest goes to the oldest row that is kept.
func (s *stream) oldest() {
	if s.log == nil || len(s.rows) == 0 {
		return
	}
	if s.order != byTime {
		s.moveSorted(len(s.ranks))
		return
	}
	s.rows = s.after(0, s.size)
	if len(s.rows) == 0 {
		return
	}
	s.cursor = s.rows[len(s.rows)-1].ID
	s.follow = false
	s.recount()
}

// freeze holds the rows as they are; again lets them go on.
func (s *stream) freeze() {
	s.frozen = !s.frozen
	if !s.frozen {
		s.newest()
		return
	}
	s.ceiling = s.seen
	s.follow = false
}

// pin holds the selected row where it is.
func (s *stream) pin() { s.follow = false }

// setFilter shows only what m wants from now on; nil for all.
func (s *stream) setFilter(m matcher) {
	s.keep = m
	s.offset = 0
	s.reload()
}

// top and bottom are the ends as drawn.
func (s *stream) top() {
	if s.upward() {
		s.oldest()
	} else {
		s.newest()
	}
}

func (s *stream) bottom() {
	if s.upward() {
		s.newest()
	} else {
		s.oldest()
	}
}
