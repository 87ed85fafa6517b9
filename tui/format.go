package tui

import (
	"fmt"
	"time"
)

// shortDuration fits four cells: 0.4 31 950 5.0s 42s 12m 3h 2d. Below a second
// it is milliseconds without a unit.
func shortDuration(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d <= 0:
		return "0"
	case ms < 0.05:
		return "<0.1"
	case ms < 9.95:
		return fmt.Sprintf("%.1f", ms)
	case ms < 999.5:
		return fmt.Sprintf("%.0f", ms)
	case d < 10*time.Second-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return longDuration(d)
}

// unitDuration is shortDuration with its unit always.
func unitDuration(d time.Duration) string {
	s := shortDuration(d)
	if s[len(s)-1] <= '9' {
		return s + "ms"
	}
	return s
}

// longDuration is a span of seconds or more in its largest unit.
func longDuration(d time.Duration) string {
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}

// shortBytes fits four cells: 0 512 1.2K 34K 5.0M 20G, in units of 1024.
func shortBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprint(max(n, 0))
	}
	v, units := float64(n)/1024, "KMGTPE"
	for v >= 999.5 && len(units) > 1 {
		v, units = v/1024, units[1:]
	}
	if v < 9.95 {
		return fmt.Sprintf("%.1f%c", v, units[0])
	}
	return fmt.Sprintf("%.0f%c", v, units[0])
}

// perSecond is a rate in at most four cells before "/s".
func perSecond(v float64) string {
	switch {
	case v <= 0:
		return "0"
	case v < 0.1:
		return "<0.1"
	case v < 9.95:
		return fmt.Sprintf("%.1f", v)
	case v < 9999.5:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.0fk", v/1000)
}

// percent of a share: 0% 0.2% 41%.
func percent(share float64) string {
	switch p := share * 100; {
	case p <= 0:
		return "0%"
	case p < 0.1:
		return "<0.1%"
	case p < 9.95:
		return fmt.Sprintf("%.1f%%", p)
	default:
		return fmt.Sprintf("%.0f%%", p)
	}
}

// timeOfDay is the time of day of t, with its date when that is not now's.
func timeOfDay(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("01-02 15:04")
}

// since says when something began and how long ago that was.
func since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "since " + timeOfDay(t, now) + " (" + longDuration(max(now.Sub(t), 0)) + ")"
}

// count is a number with its noun: "1 problem", "3 problems".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// times says how often, when more than once: " x3".
func times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" x%d", n)
}

// group is a count that stays readable when it is large: 132, 12k, 3.1M.
func group(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprint(n)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprintf("%.1fM", float64(n)/1e6)
}
