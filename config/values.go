package config

import (
	"math"
	"regexp"
	"strconv"
	"time"
)

// Size is a number of bytes, written "10MB" in the file (units of 1024).
type Size int64

// Units of a Size.
const (
	KB Size = 1 << (10 * (iota + 1))
	MB
	GB
)

var sizePattern = regexp.MustCompile(`^([0-9]{1,12})(B|KB|MB|GB)$`)

const sizeExample = `a whole number with B, KB, MB or GB, as "10MB"`

func parseSize(s string) (Size, error) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, flawed("is not a size", sizeExample)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // 12 digits always fit
	unit := map[string]Size{"B": 1, "KB": KB, "MB": MB, "GB": GB}[m[2]]
	if Size(n) > math.MaxInt64/unit {
		return 0, flawed("is too large", "")
	}
	return Size(n) * unit, nil
}

// text writes the size as the file would.
func (s Size) text() string {
	for _, u := range []struct {
		size Size
		name string
	}{{GB, "GB"}, {MB, "MB"}, {KB, "KB"}} {
		if s >= u.size && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// Rate is a number of events a second, written "20/s", "5/m" or "100/h".
type Rate float64

var ratePattern = regexp.MustCompile(`^([0-9]{1,9})/([smh])$`)

const rateExample = `as "20/s", "5/m" or "100/h"`

func parseRate(s string) (Rate, error) {
	m := ratePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, flawed("is not a rate", rateExample)
	}
	n, _ := strconv.Atoi(m[1])
	if n == 0 {
		return 0, flawed("lets nothing pass", "deny does that")
	}
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[m[2]]
	return Rate(float64(n) / per.Seconds()), nil
}
