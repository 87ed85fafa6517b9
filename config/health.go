package config

import (
	"regexp"
	"strconv"
	"time"

	"forge.home.arpa/portico/config/tomldoc"
)

var healthKeys = keys[Health]{
	"path":     store(parsed(parseTarget).like(`^/`), func(h *Health) *string { return &h.Path }),
	"interval": store(atLeast(100*time.Millisecond), func(h *Health) *time.Duration { return &h.Interval }),
	"timeout":  store(atLeast(time.Millisecond), func(h *Health) *time.Duration { return &h.Timeout }),
	"expect":   store(asExpect, func(h *Health) *[]StatusRange { return &h.Expect }),
	"fall":     store(count(1, 1000), func(h *Health) *int { return &h.Fall }),
	"rise":     store(count(1, 1000), func(h *Health) *int { return &h.Rise }),
}

// asExpect reads the statuses of a healthy upstream: 200, "2xx", "200-399", or
// a list of these.
var asExpect = reader[[]StatusRange]{func(d *decoder, n *node) ([]StatusRange, bool) {
	if n.Kind() == tomldoc.Integer {
		r, ok := asStatusRange.read(d, n)
		return []StatusRange{r}, ok
	}
	return someStatuses.read(d, n)
}, func() schema { return anyOf(asStatus.shape(), someStatuses.shape()) }}

var someStatuses = some(list(asStatusRange))

var asStatusRange = reader[StatusRange]{func(d *decoder, n *node) (StatusRange, bool) {
	if n.Kind() == tomldoc.Integer {
		v, ok := asStatus.read(d, n)
		return StatusRange{v, v}, ok
	}
	return asStatusWord.read(d, n)
}, func() schema { return anyOf(asStatus.shape(), asStatusWord.shape()) }}

var (
	asStatus     = count(100, 599)
	asStatusWord = parsed(parseStatusRange).like(statusClass.String() + "|" + statusSpan.String())
)

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
