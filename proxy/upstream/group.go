package upstream

import (
	"sync/atomic"
	"time"
)

// Group is the upstreams of one route, taken in turn.
type Group struct {
	Members []*Upstream
	turn    atomic.Uint32
}

// Pick returns the next upstream that is available and not among tried, a bit
// set by index; where none is available, the next one anyway: the last one
// standing is never taken out. It returns nil when all were tried.
func (g *Group) Pick(now time.Time, tried uint64) (*Upstream, int) {
	n := len(g.Members)
	if n == 1 {
		if tried != 0 {
			return nil, 0
		}
		return g.Members[0], 0
	}
	first := int(g.turn.Add(1)-1) % n
	spare := -1
	for k := range n {
		i := (first + k) % n
		if tried&(1<<i) != 0 {
			continue
		}
		if g.Members[i].Available(now) {
			return g.Members[i], i
		}
		if spare < 0 {
			spare = i
		}
	}
	if spare < 0 {
		return nil, 0
	}
	return g.Members[spare], spare
}

// Next returns the upstream that Pick would choose, and takes no turn.
func (g *Group) Next() *Upstream {
	n := len(g.Members)
	if n == 0 {
		return nil
	}
	first := int(g.turn.Load()) % n
	for k := range n {
		if u := g.Members[(first+k)%n]; !u.Down() {
			return u
		}
	}
	return g.Members[first]
}

// MaxMembers is how many upstreams a route can have.
const MaxMembers = 64
