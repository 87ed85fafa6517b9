package record_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/proxy/record"
)

func TestNoCounters(t *testing.T) {
	var c record.Counters
	if r := c.Rates(time.Now()); r != (record.Rates{}) {
		t.Errorf("rates of nothing are %+v", r)
	}
	for _, m := range c.Minutes(time.Now(), 3) {
		if m.Requests != 0 || m.Start.Second() != 0 {
			t.Errorf("a minute of nothing is %+v", m)
		}
	}
}

func TestRatesOfASteadyLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c record.Counters
		for i := range 100 * 20 {
			status := 200
			if i%10 == 0 {
				status = 502
			}
			c.Add(time.Now(), status, time.Duration(i%100+1)*time.Millisecond, 1000)
			time.Sleep(50 * time.Millisecond)
		}
		r := c.Rates(time.Now())
		near(t, "requests a second", r.PerSecond, 20, 0.01)
		near(t, "bytes a second", r.BytesPerSecond, 20_000, 0.01)
		near(t, "errors", r.Errors, 0.1, 0.01)
		near(t, "p50", r.P50.Seconds(), 0.050, 0.07)
		near(t, "p95", r.P95.Seconds(), 0.095, 0.07)
		near(t, "p99", r.P99.Seconds(), 0.099, 0.07)
		if r.Requests != 2000 || r.Failed != 200 || r.Recent < 1180 || r.Recent > 1200 {
			t.Errorf("totals are %+v", r)
		}
	})
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRatesForget(t *testing.T) {
	start := time.Unix(1_700_000_003, 0)
	var c record.Counters
	c.Add(start, 500, time.Hour, 1<<50)
	for _, tt := range []struct {
		after     time.Duration
		perSecond bool
		recent    uint64
	}{
		{0, true, 1},
		{9 * time.Second, true, 1},
		{11 * time.Second, false, 1},
		{59 * time.Second, false, 1},
		{60 * time.Second, false, 0},
		{64 * time.Second, false, 0},
		{64 * 3 * time.Second, false, 0},
		{365 * 24 * time.Hour, false, 0},
		{-time.Minute, false, 0},
		{-48 * time.Hour, false, 0},
	} {
		r := c.Rates(start.Add(tt.after))
		if (r.PerSecond > 0) != tt.perSecond || r.Recent != tt.recent {
			t.Errorf("after %v: %v a second, %d recent", tt.after, r.PerSecond, r.Recent)
		}
		if (r.P99 > 0) != (tt.recent > 0) || (r.Errors > 0) != (tt.recent > 0) {
			t.Errorf("after %v: p99 %v, errors %v of %d", tt.after, r.P99, r.Errors, tt.recent)
		}
		if r.Requests != 1 || r.Failed != 1 {
			t.Errorf("after %v the totals are %d and %d", tt.after, r.Requests, r.Failed)
		}
	}
}

// TestClockJumps counts on a clock that a suspended or clockless machine has:
// after each jump the new time alone counts, and nothing comes back.
func TestClockJumps(t *testing.T) {
	var c record.Counters
	var total uint64
	for _, now := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(5, 0), time.Unix(-100, 0),
		time.Unix(1_700_000_000, 0), time.Unix(1_700_000_000+5*86400, 0),
		time.Unix(1_700_000_000, 0), time.Unix(1_600_000_000, 0), time.Unix(1<<40, 0),
	} {
		for range 3 {
			c.Add(now, 200, time.Millisecond, 1)
		}
		total += 3
		r := c.Rates(now)
		if r.Requests != total || r.Recent < 3 || r.Recent > total || r.PerSecond > float64(total) {
			t.Errorf("at %v: %+v", now, r)
		}
		m := c.Minutes(now, 1440)
		if last := m[1439]; last.Requests < 3 || uint64(last.Requests) > total {
			t.Errorf("at %v the minute holds %d", now, last.Requests)
		}
	}
}

func TestMinutes(t *testing.T) {
	start := time.Unix(1_700_000_040, 0).Truncate(time.Minute)
	var c record.Counters
	for i := range 2 * 1440 { // two days, so that every minute is used again
		c.Add(start.Add(time.Duration(i)*time.Minute), 200, 0, 0)
	}
	end := start.Add(2*1440*time.Minute - time.Second)
	c.Add(end, 503, 0, 0)
	for _, n := range []int{-1, 0, 1, 60, 1440, 5000} {
		m := c.Minutes(end, n)
		if len(m) != min(max(n, 0), 1440) {
			t.Fatalf("asked for %d, got %d", n, len(m))
		}
		for i, x := range m {
			want := record.Minute{Start: end.Truncate(time.Minute).Add(time.Duration(i-len(m)+1) * time.Minute), Requests: 1}
			if i == len(m)-1 {
				want.Requests, want.Errors = 2, 1
			}
			if !x.Start.Equal(want.Start) || x.Requests != want.Requests || x.Errors != want.Errors {
				t.Fatalf("minute %d of %d is %+v, want %+v", i, n, x, want)
			}
		}
	}
	if m := c.Minutes(end.Add(30*time.Minute), 60); m[29].Requests != 2 || m[30].Requests != 0 {
		t.Errorf("half an hour later: %+v", m[28:32])
	}
}

func TestPercentilesAreNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c record.Counters
		now := time.Unix(1_700_000_000, 0)
		took := time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "took"))
		c.Add(now, 200, took, 0)
		r := c.Rates(now)
		longest := 2*time.Hour + 20*time.Minute // in the last bucket
		want := min(took, longest)
		slack := max(want/16, 5*time.Microsecond)
		if r.P50 != r.P99 || r.P50 < want-slack || r.P50 > want+slack {
			t.Fatalf("one request of %v has percentiles of %v and %v", took, r.P50, r.P99)
		}
	})
}

func TestAddAllocatesNothing(t *testing.T) {
	var c record.Counters
	now := time.Unix(1_700_000_000, 0)
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(7 * time.Second)
		c.Add(now, 500, time.Second, 5)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
