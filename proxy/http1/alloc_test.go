//go:build !race

package http1_test

import "testing"

// TestNoAllocation is left out under the race detector, where sync.Pool drops
// things at random.
func TestNoAllocation(t *testing.T) {
	for framing, says := range answers {
		k := newKeptAlive(parrot{[]byte(browserGet)}, parrot{[]byte(says)})
		if n := testing.AllocsPerRun(1000, func() { k.once(t) }); n != 0 {
			t.Errorf("in memory, %s: %v allocations", framing, n)
		}
		k, ask := overLoopback(t, says)
		n := testing.AllocsPerRun(1000, func() {
			ask()
			k.once(t)
		})
		if n != 0 {
			t.Errorf("over loopback, %s: %v allocations", framing, n)
		}
	}
}

// idleBytes is what an idle connection may cost with its goroutine and its
// net.Conn; the race detector's own share of each is not small.
const idleBytes = 8 << 10

func TestIdleCost(t *testing.T) {
	if got := idleCost(t, idleConns); got > idleBytes {
		t.Errorf("an idle connection costs %.0f bytes, want %d at most", got, idleBytes)
	}
}
