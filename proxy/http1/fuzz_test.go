package http1_test

import (
	"testing"

	"forge.home.arpa/portico/proxy/http1"
)

// small are limits that short inputs can reach.
var small = http1.Limits{Line: 64, Head: 256, Fields: 6}

// FuzzRequest compares the parser with the naive reader, however the bytes
// arrive.
func FuzzRequest(f *testing.F) {
	for _, c := range requestCases() {
		f.Add([]byte(c.stream), 3, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, tight bool) {
		stream, l := string(data), limits
		if tight {
			l = small
		}
		if len(stream) > 12<<10 {
			return
		}
		want := naiveRequests(stream, l)
		same(t, "whole", readRequests(t, whole(stream), l, nil), want)
		same(t, "in two pieces", readRequests(t, cut(stream, within(at, stream)), l, nil), want)
		same(t, "byte by byte", readRequests(t, bytewise(stream), l, nil), want)
	})
}

func within(at int, stream string) int { return int(uint(at) % uint(len(stream)+1)) }
