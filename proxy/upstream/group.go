package upstream

import (
	"encoding/hex"
	"hash/fnv"
	"math/bits"
	"net/netip"
	"sync"
	"time"
)

// Member is an upstream's part in a group.
type Member struct {
	*Upstream
	Weight int  // its share beside the others', at least 1
	Backup bool // asked only where no other is available
}

// Balance is how one of a group's upstreams is chosen.
type Balance uint8

const (
	RoundRobin Balance = iota // in turn, exact over each cycle of the weights
	LeastConn                 // the least busy for its weight
	IPHash                    // the client's own, as long as it is there
	Cookie                    // the one that the client's cookie names
)

// Group is the upstreams of one route.
type Group struct {
	Members    []*Upstream
	CookieName string // "" where the group does not go by cookies
	balance    Balance
	parts      []part

	mu sync.Mutex // guards turn of the parts
}

// part is what a group knows of a member.
type part struct {
	weight int
	backup bool
	seed   uint64 // by which clients are spread
	cookie string
	turn   int64 // who has waited longest for its weight has most
}

// MaxMembers is how many upstreams a route can have.
const MaxMembers = 64

// NewGroup makes a group. Its cookies name an upstream within the route of that
// name, in other words for each route.
func NewGroup(b Balance, route string, members []Member) *Group {
	g := &Group{balance: b}
	if b == Cookie {
		g.CookieName = "portico_" + cookieOf("", route, nil)
	}
	taken := map[string]bool{}
	for _, m := range members {
		seed := hashOf(m.URL)
		g.Members = append(g.Members, m.Upstream)
		g.parts = append(g.parts, part{weight: m.Weight, backup: m.Backup, seed: seed, cookie: cookieOf(route, m.URL, taken)})
	}
	return g
}

// cookieOf names an upstream to its clients. The name is the same after a
// restart, and so short that many addresses share it: nobody can find out by
// trying which one is meant. Those of one route differ.
func cookieOf(route, url string, taken map[string]bool) string {
	for h := hashOf(route + " " + url); ; h = mix(h) {
		name := hex.EncodeToString([]byte{byte(h >> 16), byte(h >> 8), byte(h)})
		if taken == nil {
			return name
		}
		if !taken[name] {
			taken[name] = true
			return name
		}
	}
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s)) // never fails
	return mix(h.Sum64())
}

// By is what a choice depends on beside the upstreams.
type By struct {
	Client netip.Addr
	Cookie []byte // that the client sent; nil for none
	Tried  uint64 // those not to choose again, a bit each by index
}

// Pick chooses an upstream and takes its turn: one that is available, else a
// backup, else any of them, for the last one standing is never taken out. It
// returns nil when all were tried.
func (g *Group) Pick(now time.Time, by By) (*Upstream, int) {
	if len(g.Members) == 1 {
		if by.Tried != 0 {
			return nil, 0
		}
		return g.Members[0], 0
	}
	for {
		from, some := g.candidates(now, by.Tried)
		if from == 0 {
			return nil, 0
		}
		i := g.choose(now, from, by, true)
		if u := g.Members[i]; !some || u.claim(now) {
			return u, i
		}
	}
}

// Next returns the upstream that Pick would choose now, and takes no turn.
func (g *Group) Next(now time.Time, by By) *Upstream {
	from, _ := g.candidates(now, by.Tried)
	if from == 0 {
		return nil
	}
	return g.Members[g.choose(now, from, by, false)]
}

// candidates are the best that are left, a bit each, and whether they are
// available at all.
func (g *Group) candidates(now time.Time, tried uint64) (from uint64, available bool) {
	var up, backups, rest, restBackups uint64
	for i, u := range g.Members {
		bit := uint64(1) << i
		switch {
		case tried&bit != 0:
		case g.parts[i].backup && u.Available(now):
			backups |= bit
		case g.parts[i].backup:
			restBackups |= bit
		case u.Available(now):
			up |= bit
		default:
			rest |= bit
		}
	}
	switch {
	case up != 0:
		return up, true
	case backups != 0:
		return backups, true
	case rest != 0:
		return rest, false
	}
	return restBackups, false
}

// choose chooses among those given, of which there is at least one.
func (g *Group) choose(now time.Time, from uint64, by By, take bool) int {
	if from&(from-1) == 0 {
		return bits.TrailingZeros64(from)
	}
	switch g.balance {
	case IPHash:
		return g.nearest(now, from, by.Client)
	case LeastConn:
		from = g.leastBusy(now, from)
	case Cookie:
		for rest := from; len(by.Cookie) > 0 && rest != 0; rest &= rest - 1 {
			if i := bits.TrailingZeros64(rest); g.parts[i].cookie == string(by.Cookie) {
				return i
			}
		}
	}
	return g.inTurn(now, from, take)
}

// All are all members, a bit each.
func (g *Group) All() uint64 { return 1<<len(g.Members) - 1 }

// Cookie is what names the i-th upstream to a client, "" where the group does
// not go by cookies.
func (g *Group) Cookie(i int) string {
	if g.balance != Cookie {
		return ""
	}
	return g.parts[i].cookie
}
