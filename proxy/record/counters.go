package record

import "time"

// Counters sum up the requests of one route, upstream or server. The zero
// value is ready. Add costs a few atomic additions and no allocation.
type Counters struct{}

// Add counts one request that ended at now.
func (c *Counters) Add(now time.Time, status int, took time.Duration, bytes int64) {}

// Rates sums up the last seconds; Errors is the share of 5xx in them.
func (c *Counters) Rates(now time.Time) Rates { return Rates{} }

// Minute is what happened in one minute.
type Minute struct {
	Start            time.Time
	Requests, Errors uint32
}

// Minutes returns the last n minutes, oldest first; at most 24 hours.
func (c *Counters) Minutes(now time.Time, n int) []Minute { return nil }

// Rates describes the recent past: the last 10 seconds for PerSecond and
// BytesPerSecond, the last 60 for the percentiles and Errors.
type Rates struct {
	PerSecond      float64
	BytesPerSecond float64
	P50, P95, P99  time.Duration
	Errors         float64 // share of 5xx, 0 to 1
	Requests       uint64  // since the start
	Failed         uint64  // 5xx since the start
	Recent         uint64  // requests in the last 60 seconds
}
