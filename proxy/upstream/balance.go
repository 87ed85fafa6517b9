package upstream

import (
	"math"
	"math/bits"
	"net/netip"
	"time"
)

// whole is the share of a weight that an upstream has in full; one that has
// returned has less for a while.
const whole = 1000

// weight is what the i-th member counts now.
func (g *Group) weight(i int, now time.Time) int64 {
	return int64(g.parts[i].weight) * g.Members[i].share(now)
}

// inTurn gives each its share, spread evenly over the cycle: all gain their
// weight at every turn, and whoever is chosen pays for all.
func (g *Group) inTurn(now time.Time, from uint64, take bool) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	best, most, total := -1, int64(0), int64(0)
	for rest := from; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		weight := g.weight(i, now)
		total += weight
		turn := g.parts[i].turn + weight
		if take {
			g.parts[i].turn = turn
		}
		if best < 0 || turn > most {
			best, most = i, turn
		}
	}
	if take {
		g.parts[best].turn -= total
	}
	return best
}

// leastBusy are those with the fewest requests for their weight.
func (g *Group) leastBusy(now time.Time, from uint64) (least uint64) {
	var fewest, weightOfFewest int64
	for rest := from; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		busy, weight := g.Members[i].open.Load(), g.weight(i, now)
		// busy/weight < fewest/weightOfFewest, without the division
		switch a, b := busy*weightOfFewest, fewest*weight; {
		case least == 0, a < b:
			least, fewest, weightOfFewest = 1<<i, busy, weight
		case a == b:
			least |= 1 << i
		}
	}
	return least
}

// nearest is the client's own: each client ranks all upstreams in an order of
// its own, by their weights, so that one that goes moves its clients and no
// others (rendezvous hashing).
func (g *Group) nearest(now time.Time, from uint64, client netip.Addr) int {
	who := clientHash(client)
	best, highest := -1, math.Inf(-1)
	for rest := from; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		// Between 0 and 1, and neither of them.
		chance := (float64(mix(who^g.parts[i].seed)>>11) + 0.5) / (1 << 53)
		if score := float64(g.weight(i, now)) / -math.Log(chance); score > highest {
			best, highest = i, score
		}
	}
	return best
}

// clientHash is the same for all addresses of one IPv6 client: it has a /64.
func clientHash(a netip.Addr) uint64 {
	a = a.Unmap()
	b := a.As16()
	n := len(b)
	if a.Is6() {
		n = 8
	}
	h := uint64(n)
	for _, c := range b[:n] {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return mix(h)
}

// mix spreads every bit over all (the finaliser of SplitMix64).
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
