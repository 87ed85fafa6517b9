package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Hours are a part of every day, by the console's clock: From and To since
// midnight, over midnight where From is the later. The zero value is never.
type Hours struct{ From, To time.Duration }

// ParseHours reads hours as the command line takes them: "23:00-07:00"; "" is
// never.
func ParseHours(s string) (Hours, error) {
	if s == "" {
		return Hours{}, nil
	}
	from, to, _ := strings.Cut(s, "-")
	var h Hours
	var wrong [2]error
	h.From, wrong[0] = sinceMidnight(from)
	h.To, wrong[1] = sinceMidnight(to)
	if errors.Join(wrong[:]...) != nil || h.From == h.To {
		return Hours{}, fmt.Errorf("%q are no hours of a day, write them as 23:00-07:00", s)
	}
	return h, nil
}

func sinceMidnight(clock string) (time.Duration, error) {
	t, err := time.Parse("15:04", strings.TrimSpace(clock))
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// contain tells whether t is within the hours.
func (h Hours) contain(t time.Time) bool {
	hour, minute, second := t.Clock()
	at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	if h.From > h.To {
		return at >= h.From || at < h.To
	}
	return at >= h.From && at < h.To
}
