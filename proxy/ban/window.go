package ban

import "time"

// slots is into how many parts a window is cut: what is older than the window
// never counts, and what lies in its oldest sixteenth may be forgotten early.
const slots = 16

// window counts what happened in a time that moves along.
type window struct {
	slot   int64 // the newest, numbered from the epoch of the clock
	counts [slots]uint32
}

// add counts one more and returns how many there are within the window.
func (w *window) add(now time.Time, within time.Duration) int {
	w.move(now, within)
	w.counts[w.slot%slots]++
	return w.sum(now, within)
}

// move clears the slots that the clock has passed since. A clock that was set
// back by more than a window begins anew.
func (w *window) move(now time.Time, within time.Duration) {
	slot := slotOf(now, within)
	if slot >= w.slot+slots || slot <= w.slot-slots {
		w.counts, w.slot = [slots]uint32{}, slot
	}
	for ; w.slot < slot; w.slot++ {
		w.counts[(w.slot+1)%slots] = 0
	}
}

// sum is how many there are within the window that ends now.
func (w *window) sum(now time.Time, within time.Duration) (n int) {
	newest := slotOf(now, within)
	if w.slot >= newest+slots { // counted by a clock, or in slots, of another kind
		return 0
	}
	for slot := max(0, newest-slots+1); slot <= w.slot; slot++ {
		n += int(w.counts[slot%slots])
	}
	return n
}

func slotOf(now time.Time, within time.Duration) int64 {
	return max(0, now.UnixNano()) / max(1, int64(within/slots))
}
