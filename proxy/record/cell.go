package record

import "sync/atomic"

// cell is a sum that belongs to one epoch of time. The epoch stands in the
// same word, above the sum, so that one compare-and-swap both finds a sum out
// of date and replaces it. No moment of rotation can race with writers, and a
// clock that jumps either way only makes old sums out of date.
//
// width is the bits of the sum; what is left of 64 holds the epoch, which may
// wrap as long as nobody meets a sum that old.
type cell struct{ word atomic.Uint64 }

// add adds n to the sum of this epoch; a sum that would overflow stays.
func (c *cell) add(epoch uint64, width uint, n uint64) {
	top := epoch << width
	for {
		old := c.word.Load()
		sum := old - top // wraps far above the width when the epoch is another
		if sum>>width != 0 {
			sum = 0
		}
		if (sum+n)>>width != 0 || c.word.CompareAndSwap(old, top|(sum+n)) {
			return
		}
	}
}

// sum returns what was added in this epoch.
func (c *cell) sum(epoch uint64, width uint) uint64 {
	if sum := c.word.Load() - epoch<<width; sum>>width == 0 {
		return sum
	}
	return 0
}
