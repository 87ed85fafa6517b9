package record

import "time"

const (
	rateSeconds  = 10
	shareSeconds = 60
)

// Rates describes the recent past: the last 10 seconds for PerSecond and
// BytesPerSecond, the last 60 for the percentiles and Errors.
type Rates struct {
	PerSecond      float64
	BytesPerSecond float64
	P50, P95, P99  time.Duration // within 6%
	Errors         float64       // share of 5xx, 0 to 1
	Requests       uint64        // since the start
	Failed         uint64        // 5xx since the start
	Recent         uint64        // requests in the last 60 seconds
}

// Rates sums up the last seconds; Errors is the share of 5xx in them.
func (c *Counters) Rates(now time.Time) Rates {
	s := c.state.Load()
	if s == nil {
		return Rates{}
	}
	r := Rates{Requests: s.requests.Load(), Failed: s.failed.Load()}
	r.PerSecond, r.BytesPerSecond = s.perSecond(now)
	r.Recent, r.Errors = s.recent(now)
	if r.Recent > 0 {
		p := s.took.percentiles(second(now), 0.50, 0.95, 0.99)
		r.P50, r.P95, r.P99 = p[0], p[1], p[2]
	}
	return r
}

// perSecond weighs the oldest second by the part of it that is still within
// the window, so that a steady load shows no steps.
func (s *counts) perSecond(now time.Time) (requests, bytes float64) {
	newest := second(now)
	weight := 1 - float64(now.Nanosecond())/1e9
	for t := newest - rateSeconds; t <= newest; t++ {
		n, _, b := s.second(t)
		requests += weight * float64(n)
		bytes += weight * float64(b)
		weight = 1
	}
	return requests / rateSeconds, bytes / rateSeconds
}

func (s *counts) recent(now time.Time) (requests uint64, errorShare float64) {
	var failed uint64
	newest := second(now)
	for t := newest - shareSeconds + 1; t <= newest; t++ {
		n, e, _ := s.second(t)
		requests += uint64(n)
		failed += uint64(e)
	}
	return requests, float64(failed) / float64(max(requests, 1))
}

func (s *counts) second(t uint64) (requests, errors uint32, bytes uint64) {
	sec := &s.seconds[t%secondsLen]
	requests, errors = split(sec.requests.sum(t/secondsLen, secondWidth), secondErrors)
	return requests, errors, sec.bytes.sum(t/secondsLen, byteWidth)
}
