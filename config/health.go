package config

import (
	"regexp"
	"strconv"
	"time"

	"forge.home.arpa/portico/config/tomldoc"
)

var healthKeys = keys[Health]{
	"path":     store(parsed(parseTarget), func(h *Health) *string { return &h.Path }),
	"interval": store(atLeast(100*time.Millisecond), func(h *Health) *time.Duration { return &h.Interval }),
	"timeout":  store(atLeast(time.Millisecond), func(h *Health) *time.Duration { return &h.Timeout }),
	"expect":   store(asExpect, func(h *Health) *[]StatusRange { return &h.Expect }),
	"fall":     store(count(1, 1000), func(h *Health) *int { return &h.Fall }),
	"rise":     store(count(1, 1000), func(h *Health) *int { return &h.Rise }),
}

// asExpect reads the statuses of a healthy upstream: 200, "2xx", "200-399", or
// a list of these.
func asExpect(d *decoder, n *node) ([]StatusRange, bool) {
	if n.Kind() == tomldoc.Integer {
		r, ok := asStatusRange(d, n)
		return []StatusRange{r}, ok
	}
	return some(list(asStatusRange))(d, n)
}

func asStatusRange(d *decoder, n *node) (StatusRange, bool) {
	if n.Kind() == tomldoc.Integer {
		v, ok := count(100, 599)(d, n)
		return StatusRange{v, v}, ok
	}
	return parsed(parseStatusRange)(d, n)
}

var (
	statusClass = regexp.MustCompile(`^([1-5])xx$`)
	statusSpan  = regexp.MustCompile(`^([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?$`)
)

func parseStatusRange(s string) (StatusRange, error) {
	if m := statusClass.FindStringSubmatch(s); m != nil {
		class := int(m[1][0]-'0') * 100
		return StatusRange{class, class + 99}, nil
	}
	m := statusSpan.FindStringSubmatch(s)
	if m == nil {
		return StatusRange{}, flawed("is no status", `as 200, "2xx" or "200-399"`)
	}
	from, _ := strconv.Atoi(m[1])
	to := from
	if m[2] != "" {
		to, _ = strconv.Atoi(m[2])
	}
	if to < from {
		return StatusRange{}, flawed("ends before it begins", "")
	}
	return StatusRange{from, to}, nil
}

var retryKeys = keys[Retry]{
	"attempts": store(count(0, 100), func(r *Retry) *int { return &r.Attempts }),
	"wait":     store(atLeast(0), func(r *Retry) *time.Duration { return &r.Wait }),
}

var timeoutKeys = keys[Timeout]{
	"dial":            store(atLeast(time.Millisecond), func(t *Timeout) *time.Duration { return &t.Dial }),
	"response_header": store(atLeast(0), func(t *Timeout) *time.Duration { return &t.ResponseHeader }),
	"idle":            store(atLeast(0), func(t *Timeout) *time.Duration { return &t.Idle }),
}
