package record

import (
	"sync/atomic"
	"time"
)

const (
	secondsLen = 64
	minutesLen = 24 * 60

	// One cell counts requests in its lower bits and 5xx above them. A second
	// holds 16 million requests and 65,535 errors; a minute 268 million and
	// one million. What is more is not counted.
	secondWidth, secondErrors = 40, 24
	minuteWidth, minuteErrors = 48, 28

	byteWidth = 40 // a second holds 1 TB
)

// Counters sum up the requests of one route, upstream or server. The zero
// value is ready and costs one pointer; the first Add makes 25 KB. Add costs a
// few atomic additions and no allocation after that.
//
// All times are what the wall clock says. When it jumps, forward or backward,
// what it left behind is forgotten and only the totals go on.
type Counters struct{ state atomic.Pointer[counts] }

type counts struct {
	requests, failed atomic.Uint64

	seconds [secondsLen]struct{ requests, bytes cell }
	minutes [minutesLen]cell
	took    latencies
}

// Add counts one request that ended at now.
func (c *Counters) Add(now time.Time, status int, took time.Duration, bytes int64) {
	s := c.counts()
	var failed uint64
	if status >= 500 {
		failed = 1
		s.failed.Add(1)
	}
	s.requests.Add(1)

	t := second(now)
	sec := &s.seconds[t%secondsLen]
	sec.requests.add(t/secondsLen, secondWidth, 1|failed<<secondErrors)
	if bytes > 0 {
		sec.bytes.add(t/secondsLen, byteWidth, min(uint64(bytes), 1<<byteWidth-1))
	}
	m := t / 60
	s.minutes[m%minutesLen].add(m/minutesLen, minuteWidth, 1|failed<<minuteErrors)
	s.took.add(t, took)
}

// counts returns the state and makes it first where there is none.
func (c *Counters) counts() *counts {
	if s := c.state.Load(); s != nil {
		return s
	}
	c.state.CompareAndSwap(nil, new(counts))
	return c.state.Load()
}

// dayZero moves times up by a day, so that a machine that starts without a
// clock, in 1970, can look back 24 hours without going below zero.
const dayZero = 24 * 60 * 60

// second numbers the seconds; all before 1970 are one.
func second(now time.Time) uint64 { return uint64(max(now.Unix(), 0)) + dayZero }

// Minute is what happened in one minute.
type Minute struct {
	Start            time.Time
	Requests, Errors uint32
}

// Minutes returns the last n minutes, oldest first, those without a request
// too; at most 24 hours. The last one is the minute of now.
func (c *Counters) Minutes(now time.Time, n int) []Minute {
	s := c.state.Load()
	out := make([]Minute, min(max(n, 0), minutesLen))
	m := second(now)/60 + 1 - uint64(len(out))
	for i := range out {
		out[i].Start = time.Unix(int64(m*60)-dayZero, 0)
		if s != nil {
			sum := s.minutes[m%minutesLen].sum(m/minutesLen, minuteWidth)
			out[i].Requests, out[i].Errors = split(sum, minuteErrors)
		}
		m++
	}
	return out
}

func split(sum uint64, at uint) (requests, errors uint32) {
	return uint32(sum & (1<<at - 1)), uint32(sum >> at)
}
