package upstream_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/upstream"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// member is an upstream that nobody dials; a name that begins with "-" is a
// backup.
func member(name string, weight int) upstream.Member {
	spec := upstream.Spec{URL: "http://" + name + ":80", Network: "tcp", Addr: name + ":80", MaxFails: 1, FailTime: time.Hour}
	return upstream.Member{Upstream: upstream.New(spec, upstream.Protocol{}, quiet()), Weight: weight, Backup: name[0] == '-'}
}

func group(b upstream.Balance, weights ...any) *upstream.Group {
	var members []upstream.Member
	for i := 0; i < len(weights); i += 2 {
		members = append(members, member(weights[i].(string), weights[i+1].(int)))
	}
	return upstream.NewGroup(b, "site", members)
}

func (p picks) String() string { return fmt.Sprint([]int(p)) }

// picks counts by index how often each was chosen.
type picks []int

func pick(g *upstream.Group, n int, by upstream.By) picks {
	counts := make(picks, len(g.Members))
	now := time.Now()
	for range n {
		if u, i := g.Pick(now, by); u != nil {
			counts[i]++
		}
	}
	return counts
}

func takeOut(g *upstream.Group, i int) { g.Members[i].Failed(time.Now(), "refused") }

func TestRoundRobinIsExact(t *testing.T) {
	for _, c := range []struct {
		weights []any
		down    []int
		n       int
		want    string
	}{
		{[]any{"a", 1, "b", 1}, nil, 10, "[5 5]"},
		{[]any{"a", 5, "b", 1, "c", 1}, nil, 7, "[5 1 1]"},
		{[]any{"a", 5, "b", 1, "c", 1}, nil, 700, "[500 100 100]"},
		{[]any{"a", 1000, "b", 1}, nil, 1001, "[1000 1]"},
		{[]any{"a", 3, "b", 2, "c", 1}, []int{1}, 4, "[3 0 1]"},
		{[]any{"a", 3, "b", 2, "-c", 9}, nil, 5, "[3 2 0]"},
		{[]any{"a", 3, "b", 2, "-c", 9}, []int{0}, 5, "[0 5 0]"},
		{[]any{"a", 3, "b", 2, "-c", 9, "-d", 1}, []int{0, 1}, 10, "[0 0 9 1]"},
		{[]any{"a", 3, "b", 2, "-c", 9}, []int{0, 1, 2}, 5, "[3 2 0]"}, // nobody is well: as if all were
		{[]any{"a", 1}, []int{0}, 3, "[3]"},
	} {
		g := group(upstream.RoundRobin, c.weights...)
		for _, i := range c.down {
			takeOut(g, i)
		}
		for round := range 3 {
			if got := pick(g, c.n, upstream.By{}).String(); got != c.want {
				t.Errorf("%v without %v, round %d: %s, want %s", c.weights, c.down, round, got, c.want)
			}
		}
	}
}

// TestRoundRobinIsSmooth: a heavy upstream does not get its requests in a row.
func TestRoundRobinIsSmooth(t *testing.T) {
	g := group(upstream.RoundRobin, "a", 4, "b", 2, "c", 2)
	inRow, last := 0, -1
	for range 80 {
		_, i := g.Pick(time.Now(), upstream.By{})
		if i != last {
			inRow, last = 0, i
		}
		if inRow++; inRow > 2 {
			t.Fatalf("%d in a row for upstream %d", inRow, i)
		}
	}
}

// TestNextIsWhatPickChooses, and takes no turn.
func TestNextIsWhatPickChooses(t *testing.T) {
	for _, b := range []upstream.Balance{upstream.RoundRobin, upstream.LeastConn, upstream.IPHash, upstream.Cookie} {
		g := group(b, "a", 3, "b", 2, "c", 1)
		for n := range 30 {
			by := upstream.By{Client: client(n)}
			now := time.Now()
			g.Next(now, by)
			next := g.Next(now, by)
			if u, _ := g.Pick(now, by); u != next {
				t.Fatalf("balance %d, request %d: Next said %s, Pick chose %s", b, n, next.URL, u.URL)
			}
		}
	}
}

func client(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, byte(n >> 8), byte(n)}) }

func TestTriedAreNotChosen(t *testing.T) {
	for _, b := range []upstream.Balance{upstream.RoundRobin, upstream.LeastConn, upstream.IPHash, upstream.Cookie} {
		g := group(b, "a", 1, "b", 5, "-c", 1)
		tried := upstream.By{Client: client(1)}
		for n := range 3 {
			u, i := g.Pick(time.Now(), tried)
			if u == nil || tried.Tried&(1<<i) != 0 || (i == 2) != (n == 2) {
				t.Fatalf("balance %d: choice %d is %d", b, n, i)
			}
			tried.Tried |= 1 << i
		}
		if u, _ := g.Pick(time.Now(), tried); u != nil || tried.Tried != g.All() {
			t.Errorf("balance %d: a fourth of three", b)
		}
	}
}

// TestIPHashMovesOnlyItsOwn: an upstream that goes moves its clients and no
// others, and they come back with it; weights are kept.
func TestIPHashMovesOnlyItsOwn(t *testing.T) {
	const clients = 6000
	g := group(upstream.IPHash, "a", 3, "b", 2, "c", 1)
	place := func() (at [clients]int, counts [3]int) {
		for n := range clients {
			_, i := g.Pick(time.Now(), upstream.By{Client: client(n)})
			at[n] = i
			counts[i]++
		}
		return at, counts
	}
	before, counts := place()
	for i, want := range []int{3000, 2000, 1000} {
		if off := counts[i] - want; off < -200 || off > 200 {
			t.Errorf("upstream %d has %d clients, want about %d", i, counts[i], want)
		}
	}
	takeOut(g, 1)
	without, left := place()
	for n := range before {
		if before[n] != 1 && without[n] != before[n] {
			t.Fatalf("client %d moved from %d to %d, though its upstream is well", n, before[n], without[n])
		}
	}
	if left[1] != 0 || left[0] < counts[0]+1000 || left[2] < counts[2]+300 {
		t.Errorf("those of the lost one went to %v, before %v", left, counts)
	}
	if again, _ := place(); again != without {
		t.Error("the same clients went elsewhere")
	}
}

// TestIPHashClient: one client of IPv6 is its /64, one of IPv4 its address,
// however that is written.
func TestIPHashClient(t *testing.T) {
	g := group(upstream.IPHash, "a", 1, "b", 1, "c", 1, "d", 1, "e", 1, "f", 1, "g", 1, "h", 1)
	at := func(a netip.Addr) int {
		_, i := g.Pick(time.Now(), upstream.By{Client: a})
		return i
	}
	home := netip.MustParseAddr("2001:db8:1:2::")
	same, others, four := 0, map[int]bool{}, map[int]bool{}
	for n := range 64 {
		b := home.As16()
		b[15] = byte(n)
		if at(netip.AddrFrom16(b)) == at(home) {
			same++
		}
		b[7] = byte(n)
		others[at(netip.AddrFrom16(b))] = true
		four[at(client(n))] = true
		if mapped := netip.AddrFrom16(client(n).As16()); at(mapped) != at(client(n)) {
			t.Errorf("%s and %s differ", mapped, client(n))
		}
	}
	if same != 64 || len(others) < 6 || len(four) < 6 {
		t.Errorf("%d of 64 in one /64 share an upstream; other networks use %d, IPv4 %d", same, len(others), len(four))
	}
}

// TestCookie: a client stays where its cookie says, as long as that is there.
func TestCookie(t *testing.T) {
	g := group(upstream.Cookie, "a", 1, "b", 1, "c", 1)
	for i := range 3 {
		if got := pick(g, 10, upstream.By{Cookie: []byte(g.Cookie(i))}); got[i] != 10 {
			t.Errorf("the cookie of %d leads to %v", i, got)
		}
	}
	if got := pick(g, 9, upstream.By{Cookie: []byte("zzz")}).String(); got != "[3 3 3]" {
		t.Errorf("an unknown cookie leads to %s", got)
	}
	takeOut(g, 1)
	if got := pick(g, 10, upstream.By{Cookie: []byte(g.Cookie(1))}).String(); got != "[5 0 5]" {
		t.Errorf("the cookie of a lost one leads to %s", got)
	}
	again := group(upstream.Cookie, "c", 1, "a", 1)
	if again.Cookie(1) != g.Cookie(0) || again.Cookie(0) != g.Cookie(2) || g.Cookie(0) == g.Cookie(1) {
		t.Error("a cookie is not its upstream's for good")
	}
	if other := upstream.NewGroup(upstream.Cookie, "other", []upstream.Member{member("a", 1)}); other.Cookie(0) == g.Cookie(0) || other.CookieName == g.CookieName {
		t.Error("two routes share a cookie")
	}
	if plain := group(upstream.RoundRobin, "a", 1); plain.Cookie(0) != "" || plain.CookieName != "" {
		t.Error("a cookie where none is asked for")
	}
}

func TestPickAllocatesNothing(t *testing.T) {
	for _, b := range []upstream.Balance{upstream.RoundRobin, upstream.LeastConn, upstream.IPHash, upstream.Cookie} {
		g := group(b, "a", 3, "b", 2, "c", 1)
		by := upstream.By{Client: client(1), Cookie: []byte("abc")}
		now := time.Now()
		if n := testing.AllocsPerRun(100, func() { g.Pick(now, by) }); n != 0 {
			t.Errorf("balance %d: %v allocations", b, n)
		}
	}
}

func BenchmarkPick(b *testing.B) {
	for name, balance := range map[string]upstream.Balance{"round_robin": upstream.RoundRobin, "least_conn": upstream.LeastConn, "ip_hash": upstream.IPHash} {
		b.Run(name, func(b *testing.B) {
			g := group(balance, "a", 3, "b", 2, "c", 1)
			by := upstream.By{Client: client(1)}
			now := time.Now()
			for b.Loop() {
				g.Pick(now, by)
			}
		})
	}
}
