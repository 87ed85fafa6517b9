package limit_test

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/limit"
)

// nth is one of many clients.
func nth(n int) netip.Prefix {
	var b [16]byte
	b[0], b[1] = 0x20, 0x01
	binary.BigEndian.PutUint32(b[4:], uint32(n))
	return netip.PrefixFrom(netip.AddrFrom16(b), 64)
}

func take(r *limit.Rate, client netip.Prefix, n int) (passed int) {
	for range n {
		if r.Take(client, time.Now()) <= 0 {
			passed++
		}
	}
	return passed
}

func TestBurstThenRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := limit.NewRate(2, 5)
		if got := take(r, nth(1), 20); got != 5 {
			t.Errorf("%d passed at once, want 5", got)
		}
		if used, wait := r.Look(nth(1), time.Now()); used != 5 || wait != 500*time.Millisecond {
			t.Errorf("used %d, wait %v", used, wait)
		}
		if got := take(r, nth(2), 20); got != 5 {
			t.Errorf("another client: %d passed", got)
		}
		time.Sleep(499 * time.Millisecond)
		if take(r, nth(1), 1) != 0 {
			t.Error("passed before its time")
		}
		time.Sleep(time.Millisecond)
		if take(r, nth(1), 2) != 1 {
			t.Error("the wait that was told is not the wait")
		}
		time.Sleep(time.Hour)
		if got := take(r, nth(1), 20); got != 5 {
			t.Errorf("after an hour %d passed at once: tokens beyond the burst", got)
		}
	})
}

func TestLongRunIsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := limit.NewRate(7, 3)
		passed := 0
		for range 10_000 { // 100 s, asked a hundred times a second
			passed += take(r, nth(1), 1)
			time.Sleep(10 * time.Millisecond)
		}
		if passed < 700 || passed > 703 {
			t.Errorf("%d passed in 100 s, want 700 and at most the burst of 3 more", passed)
		}
	})
}

func TestSlowAndFastRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := limit.NewRate(1.0/3600, 1_000_000)
		if got := take(slow, nth(1), 1000); got != 1000 {
			t.Errorf("slow: %d", got)
		}
		fast := limit.NewRate(999_999_999, 1)
		if got := take(fast, nth(1), 1); got != 1 {
			t.Errorf("fast: %d", got)
		}
	})
}

// TestManyAddressesGainNothing: whoever has more addresses than the table has
// places must not get a fresh burst by having itself forgotten.
func TestManyAddressesGainNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := limit.NewRate(1.0/60, 2)
		const addresses = 30_000
		first := 0
		for n := range addresses {
			first += take(r, nth(n), 3)
		}
		if first < 20_000 || first > 2*(10_000+256) {
			t.Errorf("the first round: %d passed, want two for each of 10,000 and of the shared ones", first)
		}
		second := 0
		for n := range addresses {
			second += take(r, nth(n), 3)
		}
		if second != 0 {
			t.Errorf("the second round, in the same moment: %d passed", second)
		}
	})
}

func TestCountedClientsSurviveAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := limit.NewRate(1, 10)
		visitor := nth(1 << 20)
		take(r, visitor, 3)
		for n := range 50_000 {
			take(r, nth(n), 1)
		}
		if used, _ := r.Look(visitor, time.Now()); used != 3 {
			t.Errorf("the visitor has used %d, want 3", used)
		}
		if got := take(r, visitor, 10); got != 7 {
			t.Errorf("the visitor passes %d times more, want 7", got)
		}
		time.Sleep(time.Minute)
		if got := take(r, nth(1<<21), 20); got != 10 {
			t.Errorf("a newcomer after the flood passes %d times, want 10", got)
		}
		r.Sweep(time.Now())
		if used, _ := r.Look(visitor, time.Now()); used != 0 {
			t.Errorf("%d used after a minute", used)
		}
	})
}

func TestLookCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := limit.NewRate(1, 2)
		for range 10 {
			if used, wait := r.Look(nth(1), time.Now()); used != 0 || wait > 0 {
				t.Fatalf("used %d, wait %v", used, wait)
			}
		}
	})
}

func TestTakeDoesNotAllocate(t *testing.T) {
	r := limit.NewRate(1e6, 10)
	take(r, nth(1), 1)
	if n := testing.AllocsPerRun(100, func() { r.Take(nth(1), time.Now()) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCount(t *testing.T) {
	var c limit.Count
	if enter2(&c) != 2 {
		t.Error("two may enter and no third")
	}
	if !c.Enter(nth(2), 1) {
		t.Error("another client may not enter")
	}
	if got := c.Of(nth(1)); got != 2 {
		t.Errorf("%d under way, want 2", got)
	}
	c.Leave(nth(1))
	if !c.Enter(nth(1), 2) {
		t.Error("nobody may enter after one has left")
	}
}

func TestCountIsExactUnderLoad(t *testing.T) {
	var c limit.Count
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 1000 {
				if c.Enter(nth(1), 8) {
					c.Leave(nth(1))
				}
			}
		})
	}
	all.Wait()
	if got := c.Of(nth(1)); got != 0 {
		t.Errorf("%d are left", got)
	}
}

// enter2 has one client enter four times where two may.
func enter2(c *limit.Count) (entered int) {
	for range 4 {
		if c.Enter(nth(1), 2) {
			entered++
		}
	}
	return entered
}
