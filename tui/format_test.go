package tui

import (
	"testing"
	"time"
)

func TestShortDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0": 0, "<0.1": 40 * time.Microsecond, "0.4": 400 * time.Microsecond, "9.9": 9900 * time.Microsecond, "10": 9960 * time.Microsecond,
		"31": 31 * time.Millisecond, "999": 999 * time.Millisecond, "1.0s": 999600 * time.Microsecond,
		"5.0s": 5 * time.Second, "42s": 42 * time.Second, "10s": 9960 * time.Millisecond,
		"3m": 3 * time.Minute, "3h": 3 * time.Hour, "9d": 9 * 24 * time.Hour,
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	for d := time.Duration(1); d < 300*24*time.Hour; d = d*5/4 + 1 {
		if s := shortDuration(d); len(s) > 4 {
			t.Errorf("%v takes %d cells: %s", d, len(s), s)
		}
	}
}

func TestShortBytes(t *testing.T) {
	for want, n := range map[string]int64{
		"0": -5, "512": 512, "999": 999, "1.0K": 1000, "34K": 34 << 10, "1.0M": 1023 << 10, "20G": 20 << 30, "5.0M": 5 << 20,
	} {
		if got := shortBytes(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for n := int64(1); n > 0 && n < 1<<61; n = n*5/4 + 1 {
		if s := shortBytes(n); len(s) > 4 {
			t.Errorf("%d takes %d cells: %s", n, len(s), s)
		}
	}
}

func TestRates(t *testing.T) {
	for want, v := range map[string]float64{"0": 0, "<0.1": 0.02, "0.3": 0.3, "9.9": 9.94, "10": 9.96, "142": 142.3, "50k": 50000} {
		if got := perSecond(v); got != want {
			t.Errorf("perSecond(%v) = %s, want %s", v, got, want)
		}
	}
	for want, v := range map[string]float64{"0%": 0, "<0.1%": 0.0002, "0.2%": 0.002, "41%": 0.41, "100%": 1} {
		if got := percent(v); got != want {
			t.Errorf("percent(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 3, 2, 0, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, ""},
		{now.Add(-30 * time.Second), "since 00:04 (30s)"},
		{now.Add(-4 * time.Hour), "since 03-01 20:05 (4h)"},
		{now.Add(time.Minute), "since 00:06 (0s)"},
	} {
		if got := since(c.at, now); got != c.want {
			t.Errorf("since(%v) = %q, want %q", c.at, got, c.want)
		}
	}
}
