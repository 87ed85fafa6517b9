package record

import (
	"strings"
	"sync"
)

// HeadSize is how much of a head is kept, in bytes.
const HeadSize = 1024

// DetailSize is how much of a row's Detail is kept, in bytes: what an upstream
// or a resolver says may be long, and thousands of rows hold on to it.
const DetailSize = 256

// batch is how many rows a reader copies before it lets writers in again.
const batch = 32

// Log holds the last rows, the last failures apart from them, and the heads of
// the newest. See New for the sizes.
type Log struct {
	mu     sync.Mutex
	all    shelf // a row's number is its ID
	failed shelf
}

// New makes a log of the last rows requests; failures of them are kept apart
// so that a phone's photo sync cannot push them out, and up to HeadSize bytes
// of each head of the newest heads requests and of all kept failures. A size
// of 0 or less keeps none. Memory is taken as the log fills.
func New(rows, failures, heads int) *Log {
	return &Log{all: newShelf(rows, heads), failed: newShelf(failures, failures)}
}

// Put writes a row and returns its ID; it does not keep r, request or
// response. It never blocks for longer than a reader copies a few rows, and
// allocates nothing once the log is full (except to cut a long Detail).
func (l *Log) Put(r *Row, request, response []byte) uint64 {
	detail := r.Detail
	if len(detail) > DetailSize {
		detail = strings.Clone(detail[:DetailSize]) // lets go of the long one
	}
	failed := r.Failed()
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.all.rows.newest + 1
	l.all.put(r, id, detail, request, response)
	if failed {
		l.failed.put(r, id, detail, request, response)
	}
	return id
}

// Newest returns the ID of the newest row; 0 when there is none.
func (l *Log) Newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.rows.newest
}

// Before copies into dst the newest rows with an ID of at most id (0 for the
// newest) that keep accepts (nil for all), newest first, and returns how many.
//
// It writes to all of dst: keep sees copies there, while writers go on, and
// must not hold on to its argument. Rows that are overwritten before they are
// reached are left out.
func (l *Log) Before(id uint64, dst []Row, keep func(*Row) bool) int {
	return l.before(&l.all, id, dst, keep)
}

// Failures is Before over the failures that are kept apart.
func (l *Log) Failures(id uint64, dst []Row, keep func(*Row) bool) int {
	return l.before(&l.failed, id, dst, keep)
}

func (l *Log) before(s *shelf, id uint64, dst []Row, keep func(*Row) bool) int {
	seq := l.start(s, id)
	n := 0
	for n < len(dst) {
		got := l.backward(s, seq, dst[n:])
		if got == 0 {
			break
		}
		seq -= uint64(got)
		n += filter(dst[n:n+got], keep)
	}
	return n
}

// start finds the number where a walk from id towards older rows begins.
func (l *Log) start(s *shelf, id uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id == 0 {
		return s.rows.newest
	}
	return s.seek(id)
}

func (l *Log) backward(s *shelf, seq uint64, dst []Row) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.backward(seq, dst[:min(len(dst), batch)])
}

// filter moves the rows that keep accepts to the front and counts them.
func filter(rows []Row, keep func(*Row) bool) int {
	if keep == nil {
		return len(rows)
	}
	n := 0
	for i := range rows {
		if !keep(&rows[i]) {
			continue
		}
		if n != i {
			rows[n] = rows[i]
		}
		n++
	}
	return n
}

// Since copies into dst the oldest rows after id, oldest first. missed counts
// those that were overwritten before they could be read: the last row copied
// has the ID id+n+missed.
func (l *Log) Since(id uint64, dst []Row) (n int, missed uint64) {
	for n < len(dst) {
		got, lost := l.forward(id+1, dst[n:])
		if got == 0 {
			break
		}
		n += got
		missed += lost
		id += lost + uint64(got)
	}
	return n, missed
}

// forward copies a batch of rows from number seq on; lost counts those that
// are gone already.
func (l *Log) forward(seq uint64, dst []Row) (got int, lost uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if oldest := l.all.rows.oldest(); seq < oldest {
		lost = oldest - seq
	}
	return l.all.forward(seq+lost, dst[:min(len(dst), batch)]), lost
}
