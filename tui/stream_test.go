package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// put adds rows with the given statuses; the ID of each is its number.
func put(log *record.Log, statuses ...int) {
	for _, s := range statuses {
		r := record.Row{Status: uint16(s)}
		r.Total = time.Duration(s%7) * time.Millisecond
		log.Put(&r, nil, nil)
	}
}

func times200(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 200
	}
	return all
}

// window draws a stream as IDs from top to bottom, the cursor's in brackets.
func window(s *stream) string {
	var ids []string
	for _, r := range s.rows {
		id := fmt.Sprint(r.ID)
		if r.ID == s.cursor {
			id = "[" + id + "]"
		}
		if s.upward() {
			ids = append([]string{id}, ids...)
		} else {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " ")
}

func wantWindow(t *testing.T, s *stream, want string, unseen int) {
	t.Helper()
	if got := window(s); got != want || s.unseen != unseen {
		t.Fatalf("got %s (+%d), want %s (+%d)", got, s.unseen, want, unseen)
	}
}

func TestStreamFollows(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(3)
	s.pull()
	wantWindow(t, s, "", 0)
	put(log, 200, 200)
	if fresh := s.pull(); fresh != 2 {
		t.Errorf("%d are new, want 2", fresh)
	}
	wantWindow(t, s, "1 [2]", 0)
	put(log, 200, 200)
	s.pull()
	wantWindow(t, s, "2 3 [4]", 0)
	if fresh := s.pull(); fresh != 0 {
		t.Errorf("%d are new, want none", fresh)
	}
}

func TestStreamPins(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(3)
	put(log, times200(5)...)
	s.pull()
	s.move(-1)
	wantWindow(t, s, "3 [4] 5", 0)
	put(log, times200(4)...)
	s.pull()
	wantWindow(t, s, "3 [4] 5", 4)
	s.move(-2)
	wantWindow(t, s, "[2] 3 4", 5)
	s.move(-9)
	wantWindow(t, s, "[1] 2 3", 6)
	s.move(4)
	wantWindow(t, s, "3 4 [5]", 4)
	s.move(4)
	wantWindow(t, s, "7 8 [9]", 0)
	put(log, 200)
	s.pull()
	wantWindow(t, s, "8 9 [10]", 0) // on the newest, it follows again
}

func TestStreamPinsWhileShort(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(4)
	put(log, 200, 200)
	s.pull()
	s.move(-1)
	put(log, 200, 200, 200)
	s.pull()
	wantWindow(t, s, "[1] 2", 3)
	s.resize(6)
	wantWindow(t, s, "[1] 2 3 4 5", 0)
}

func TestStreamFilter(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(2)
	put(log, 200, 404, 200, 404, 200, 404, 200)
	s.pull()
	missing := func(r *record.Row) bool { return r.Status == 404 }
	s.setFilter(missing)
	wantWindow(t, s, "4 [6]", 0)
	s.move(-1)
	put(log, 200, 404, 200, 404, 200)
	s.pull()
	wantWindow(t, s, "[4] 6", 2)
	s.move(-1)
	wantWindow(t, s, "[2] 4", 3)
	s.move(2)
	wantWindow(t, s, "4 [6]", 2)
	s.setFilter(nil)
	wantWindow(t, s, "5 [6]", 6)
	s.newest()
	wantWindow(t, s, "11 [12]", 0)
}

func TestStreamEnds(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(3)
	put(log, times200(6)...)
	s.pull()
	s.top()
	wantWindow(t, s, "[1] 2 3", 3)
	s.bottom()
	wantWindow(t, s, "4 5 [6]", 0)
}

func TestStreamFreeze(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(3)
	put(log, times200(5)...)
	s.pull()
	s.freeze()
	put(log, times200(5)...)
	s.pull()
	wantWindow(t, s, "3 4 [5]", 5)
	s.move(-3)
	wantWindow(t, s, "[2] 3 4", 6)
	s.move(9)
	wantWindow(t, s, "3 4 [5]", 5)
	s.setFilter(func(r *record.Row) bool { return r.ID%2 == 0 })
	wantWindow(t, s, "2 [4]", 3)
	s.setFilter(nil)
	s.freeze()
	wantWindow(t, s, "8 9 [10]", 0)
}

// TestStreamOutlivesTheRing: what is on the screen stays while the ring
// overwrites it.
func TestStreamOutlivesTheRing(t *testing.T) {
	log := record.New(5, 2, 2)
	s := newStream(log)
	s.resize(3)
	put(log, times200(5)...)
	s.pull()
	s.move(-1)
	put(log, times200(50)...)
	s.pull()
	wantWindow(t, s, "3 [4] 5", 50)
	s.move(-3)
	wantWindow(t, s, "[3] 4 5", 50)
	if r := s.selected(); r == nil || r.ID != 3 {
		t.Error("the selected row is lost")
	}
	s.move(3)
	wantWindow(t, s, "4 5 [51]", 4)
}

func TestStreamResize(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(4)
	put(log, times200(8)...)
	s.pull()
	s.move(-3)
	wantWindow(t, s, "[5] 6 7 8", 0)
	s.resize(2)
	wantWindow(t, s, "[5] 6", 2)
	s.resize(5)
	wantWindow(t, s, "2 3 4 [5] 6", 2)
	s.resize(0)
	s.resize(2)
	s.pull()
	if len(s.rows) != 2 {
		t.Errorf("shows %s", window(s))
	}
}

func TestStreamSorted(t *testing.T) {
	log := record.New(100, 10, 10)
	s := newStream(log)
	s.resize(3)
	put(log, 200, 502, 404, 301, 502)
	s.pull()
	s.sortBy(byStatus, false)
	wantWindow(t, s, "[5] 2 3", 0)
	s.move(1)
	s.move(2)
	wantWindow(t, s, "2 3 [4]", 0)
	put(log, 504)
	s.pull()
	wantWindow(t, s, "2 3 [4]", 1)
	s.top()
	wantWindow(t, s, "[6] 5 2", 0)
	s.bottom()
	wantWindow(t, s, "3 4 [1]", 0)
	s.sortBy(byStatus, true)
	wantWindow(t, s, "[1] 4 3", 0)
	s.setFilter(func(r *record.Row) bool { return r.Status > 400 })
	wantWindow(t, s, "[3] 5 2", 0)
	s.sortBy(byTook, false)
	wantWindow(t, s, "[5] 3 2", 0) // 502 and 404 are 5, 5 and 5 ms: newest first
	s.sortBy(byTime, true)
	wantWindow(t, s, "[6] 5 3", 0)
	s.move(1)
	wantWindow(t, s, "6 [5] 3", 0)
	s.move(-1)
	s.sortBy(byTime, false)
	s.setFilter(nil)
	wantWindow(t, s, "4 5 [6]", 0)
}

// TestStreamAgainstModel moves at random and compares with the plain list of
// all rows.
func TestStreamAgainstModel(t *testing.T) {
	log := record.New(1000, 10, 10)
	s := newStream(log)
	s.resize(7)
	random := uint32(1)
	next := func(n uint32) int {
		random = random*1664525 + 1013904223
		return int(random >> 8 % n)
	}
	even := func(r *record.Row) bool { return r.Status%2 == 0 }
	all := make([]record.Row, 1000)
	for range 1500 {
		switch next(7) {
		case 0, 1:
			put(log, 200+next(3))
		case 2:
			s.move(next(9) - 4)
		case 3:
			s.pull()
		case 4:
			s.resize(1 + next(9))
		case 5:
			s.setFilter([]matcher{nil, even}[next(2)])
		case 6:
			if next(20) == 0 {
				s.newest()
			}
		}
		checkWindow(t, log, s, all)
	}
}

// checkWindow compares the rows shown with the wanted rows of the log next to
// each other, and unseen with those above.
func checkWindow(t *testing.T, log *record.Log, s *stream, all []record.Row) {
	t.Helper()
	all = all[:log.Before(s.seen, all, s.keep)]
	if s.seen == 0 {
		all = nil
	}
	if len(s.rows) == 0 {
		if len(all) > 0 && s.size > 0 && s.seen == log.Newest() {
			t.Fatalf("nothing shows of %d rows", len(all))
		}
		return
	}
	at := -1
	for i := range all {
		if all[i].ID == s.rows[0].ID {
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("%d shows and is not wanted", s.rows[0].ID)
	}
	for i := range s.rows {
		if at+i >= len(all) || all[at+i].ID != s.rows[i].ID {
			t.Fatalf("the rows do not lie together: %s", window(s))
		}
	}
	if s.unseen != at {
		t.Fatalf("says +%d, there are %d: %s", s.unseen, at, window(s))
	}
	if s.index() < 0 {
		t.Fatalf("the cursor %d is not on the screen: %s", s.cursor, window(s))
	}
}
