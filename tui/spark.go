package tui

import (
	"strings"

	"forge.home.arpa/portico/proxy/record"
)

// spark draws the requests of each minute in n cells, the newest at the right,
// as heights of five against the busiest cell.
func (l *look) spark(minutes []record.Minute, n int) string {
	if n <= 0 {
		return ""
	}
	sums, most := buckets(minutes, n)
	var b strings.Builder
	for _, v := range sums {
		b.WriteString(l.signs.spark[height(v, most)])
	}
	return b.String()
}

// buckets sums the minutes into n cells; the ages before the first are empty.
func buckets(minutes []record.Minute, n int) (sums []uint64, most uint64) {
	sums = make([]uint64, n)
	per := max((len(minutes)+n-1)/n, 1)
	for i, m := range minutes {
		age := (len(minutes) - 1 - i) / per
		at := n - 1 - age
		sums[at] += uint64(m.Requests)
		most = max(most, sums[at])
	}
	return sums, most
}

// height is 0 for nothing, else 1 to 4.
func height(v, most uint64) int {
	if v == 0 {
		return 0
	}
	return int((v*4 + most - 1) / most)
}
