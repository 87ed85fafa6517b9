package tui

import (
	"cmp"
	"slices"
	"strings"

	"forge.home.arpa/portico/proxy/record"
)

// order is what the rows are sorted by.
type order uint8

const (
	byTime order = iota
	byStatus
	byTook
	orders
)

func (o order) String() string { return [...]string{"time", "status", "ms"}[o] }

// sortNames are the orders as :sort takes them.
func sortNames() string {
	var names []string
	for o := range orders {
		names = append(names, o.String())
	}
	return strings.Join(names, " ")
}

// sortNamed sorts by the order of that name, without one by the next.
func (m *model) sortNamed(ws []string) {
	m.show(m.requests)
	s := m.requests.stream
	if len(ws) == 0 {
		s.sortBy(s.order+1, s.reversed)
		return
	}
	m.withOne(ws, "of "+sortNames(), func(name string) {
		for o := range orders {
			if o.String() == name {
				s.sortBy(o, s.reversed)
				return
			}
		}
		m.say(bad, "there is no order "+name+"; there are "+sortNames())
	})
}

// sorting is the part of a stream that is in use while it is sorted by
// something else than time.
type sorting struct {
	order    order
	reversed bool
	ranks    []rank // of all wanted rows, best first
	offset   int    // of the window in ranks
}

// rank is a row's place in the order, without the row.
type rank struct {
	value int64
	id    uint64
}

// sortBy takes an order; the list begins at its first row.
func (s *stream) sortBy(o order, reversed bool) {
	s.order, s.reversed = o%orders, reversed
	s.ranks = nil
	s.newest()
}

// pullSorted ranks the rows anew while the cursor is on the first; once it
// moved, the list stands still like any other.
func (s *stream) pullSorted() int {
	if s.still() {
		s.count()
		return 0
	}
	if s.log.Newest() == s.seen {
		return 0
	}
	s.rankAll()
	return len(s.rows)
}

// rankAll walks once over the ring, notes each wanted row's place and copies
// only those that show.
func (s *stream) rankAll() {
	newest := s.log.Newest()
	s.seen, s.unseen = newest, 0
	if s.frozen {
		newest = s.ceiling
	}
	s.ranks = s.ranks[:0]
	s.log.Before(newest, s.buffer(32), func(r *record.Row) bool {
		if s.wants(r) {
			s.ranks = append(s.ranks, rank{s.value(r), r.ID})
		}
		return false
	})
	slices.SortStableFunc(s.ranks, s.compare)
	s.window()
	s.settle()
}

// compare puts the highest first; equal ones stay newest first.
func (s *stream) compare(a, b rank) int {
	if s.reversed {
		return cmp.Compare(a.value, b.value)
	}
	return cmp.Compare(b.value, a.value)
}

func (s *stream) value(r *record.Row) int64 {
	if s.order == byStatus {
		return int64(r.Status)
	}
	return int64(r.Total)
}

// window copies the rows from offset on. One that the ring has overwritten
// since is shown from the copy where there is one, else left out.
func (s *stream) window() {
	s.offset = min(s.offset, max(len(s.ranks)-s.size, 0))
	shown := s.ranks[s.offset:min(s.offset+s.size, len(s.ranks))]
	rows := make([]record.Row, 0, len(shown))
	one := make([]record.Row, 1)
	for _, k := range shown {
		if s.log.Before(k.id, one, nil) == 1 && one[0].ID == k.id {
			rows = append(rows, one[0])
		} else if i := slices.IndexFunc(s.rows, func(r record.Row) bool { return r.ID == k.id }); i >= 0 {
			rows = append(rows, s.rows[i])
		}
	}
	s.rows = rows
}

// moveSorted moves the cursor in ranks and scrolls the window after it.
func (s *stream) moveSorted(by int) {
	i := slices.IndexFunc(s.ranks, func(k rank) bool { return k.id == s.cursor })
	i = min(max(i+by, 0), len(s.ranks)-1)
	s.cursor = s.ranks[i].id
	s.offset = min(max(s.offset, i-s.size+1), i)
	s.window()
	s.follow = i == 0 && !s.frozen
	s.settle()
}
