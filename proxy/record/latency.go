package record

import (
	"math/bits"
	"time"
)

const (
	sliceSeconds = 10 // a slice of time with one histogram
	slices       = 7  // 60 whole seconds, and the slice that is being filled

	// Buckets grow by an eighth of an octave: a bucket's middle is within 6%
	// of all it holds, from 64 µs (below, within 4 µs) to over two hours.
	stepShift  = 13 // 8.192 µs, the finest step
	perOctave  = 8
	bucketsLen = 224

	bucketWidth = 40
)

// latencies is a histogram of the last 60 to 70 seconds.
type latencies [slices][bucketsLen]cell

func (l *latencies) add(second uint64, took time.Duration) {
	slice := second / sliceSeconds
	l[slice%slices][bucketOf(took)].add(slice/slices, bucketWidth, 1)
}

// percentiles returns, for each share of qs (rising, 0 to 1), the time within
// which that share of the requests was answered; zeros when there are none.
func (l *latencies) percentiles(second uint64, qs ...float64) []time.Duration {
	counts, total := l.collect(second)
	out := make([]time.Duration, len(qs))
	if total == 0 {
		return out
	}
	bucket, seen := 0, counts[0]
	for i, q := range qs {
		for float64(seen) < q*float64(total) {
			bucket++
			seen += counts[bucket]
		}
		out[i] = middle(bucket)
	}
	return out
}

// collect sums up the slices that are not out of date.
func (l *latencies) collect(second uint64) (counts [bucketsLen]uint64, total uint64) {
	newest := second / sliceSeconds
	for slice := newest - (slices - 1); slice <= newest; slice++ {
		for i := range counts {
			n := l[slice%slices][i].sum(slice/slices, bucketWidth)
			counts[i] += n
			total += n
		}
	}
	return counts, total
}

// bucketOf maps a time to its bucket: the steps below two octaves one by one,
// then the three bits after the highest one of each octave.
func bucketOf(took time.Duration) int {
	steps := uint64(max(took, 0)) >> stepShift
	if steps < 2*perOctave {
		return int(steps)
	}
	octave := bits.Len64(steps) - 4
	return min(octave*perOctave+int(steps>>octave), bucketsLen-1)
}

// middle is the time in the middle of a bucket.
func middle(bucket int) time.Duration {
	octave := max(bucket/perOctave-1, 0)
	steps := time.Duration(bucket - octave*perOctave)
	return (2*steps + 1) << (stepShift + octave) / 2
}
