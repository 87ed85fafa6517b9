package upstream_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/upstream"
)

// TestPassive: failures in a row take an upstream out for a time; then one
// request tries it.
func TestPassive(t *testing.T) {
	a, b := member("a", 1), member("b", 1)
	g := upstream.NewGroup(upstream.RoundRobin, "site", []upstream.Member{a, b})
	now := time.Now()
	at := func(after time.Duration, n int) string {
		var counts picks = make([]int, 2)
		for range n {
			_, i := g.Pick(now.Add(after), upstream.By{})
			counts[i]++
		}
		return counts.String()
	}
	a.Failed(now, "refused a:80")
	if got := at(0, 4); got != "[0 4]" {
		t.Errorf("while it is out: %s", got)
	}
	h := a.Health(now)
	if !h.Down || h.Reason != "refused a:80" || h.NextTry != now.Add(time.Hour) || len(h.Changes) != 1 || !h.Changes[0].Down {
		t.Errorf("%+v", h)
	}
	if got := at(time.Hour, 20); got != "[1 19]" {
		t.Errorf("when its time has come, one tries it: %s", got)
	}
	a.Succeeded(now.Add(time.Hour))
	if h := a.Health(now.Add(time.Hour)); h.Down || len(h.Changes) != 2 || h.Changes[1].Down || h.Failures != 0 {
		t.Errorf("after its return: %+v", h)
	}
}

// TestSlowReturn: one that has returned gets a share that grows.
func TestSlowReturn(t *testing.T) {
	for _, b := range []upstream.Balance{upstream.RoundRobin, upstream.IPHash} {
		g := group(b, "a", 1, "b", 1)
		now := time.Now()
		g.Members[0].Failed(now, "refused")
		g.Members[0].Succeeded(now)
		before := 0
		for _, after := range []time.Duration{0, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second} {
			n := 0
			for k := range 2000 {
				if _, i := g.Pick(now.Add(after), upstream.By{Client: client(k)}); i == 0 {
					n++
				}
			}
			if n <= before {
				t.Errorf("balance %d: %d of 2000 after %v, %d before", b, n, after, before)
			}
			before = n
			if after == 0 && n > 200 {
				t.Errorf("balance %d: %d of 2000 at once", b, n)
			}
			if share := g.Members[0].Health(now.Add(after)).Share; share > 1 || after == 10*time.Second && share != 0.5 {
				t.Errorf("share %v after %v", share, after)
			}
		}
		if before < 900 || before > 1100 {
			t.Errorf("balance %d: %d of 2000 in the end", b, before)
		}
	}
}

// TestHistoryIsBounded: the newest changes are kept.
func TestHistoryIsBounded(t *testing.T) {
	u := member("a", 1)
	now := time.Now()
	for n := range 100 {
		u.Failed(now, fmt.Sprint("failure ", n))
		u.Succeeded(now)
	}
	c := u.Health(now).Changes
	if len(c) != 20 || c[18].Reason != "failure 99" || c[19].Down {
		t.Errorf("%d changes, the last %+v", len(c), c[len(c)-1])
	}
}

// checked is an upstream on a real listener, with checks every 10 s whose answer
// is what well says.
func checked(t *testing.T, well *atomic.Bool, pings *atomic.Int32) *upstream.Upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	spec := upstream.Spec{URL: "http://" + l.Addr().String(), Network: "tcp", Addr: l.Addr().String(), MaxFails: 3, FailTime: time.Minute,
		Check: upstream.Check{Path: "/well", Interval: 10 * time.Second, Timeout: time.Second, Fall: 3, Rise: 2}}
	return upstream.New(spec, upstream.Protocol{Ping: func(_ context.Context, _ net.Conn, s *upstream.Spec) error {
		pings.Add(1)
		if well.Load() {
			return nil
		}
		return upstream.Unwell(s.Check.Path + " answers 503")
	}}, quiet())
}

// TestActive: checks take an upstream out after fall failures and bring it back
// after rise successes, and nothing else brings it back.
func TestActive(t *testing.T) {
	var well atomic.Bool
	var pings atomic.Int32
	u := checked(t, &well, &pings)
	synctest.Test(t, func(t *testing.T) {
		well.Store(true)
		u.Watch()
		u.Watch() // a second time changes nothing
		defer u.Unwatch()
		time.Sleep(time.Second)
		if h := u.Health(time.Now()); !h.Known || h.Down || pings.Load() != 1 || h.Checked.IsZero() {
			t.Fatalf("after one check: %+v", h)
		}
		well.Store(false)
		time.Sleep(23 * time.Second)
		if h := u.Health(time.Now()); h.Down || h.Missed != 2 {
			t.Fatalf("two failures are not three: %+v", h)
		}
		u.Succeeded(time.Now())
		time.Sleep(11 * time.Second)
		h := u.Health(time.Now())
		if !h.Down || h.Reason != "check: /well answers 503" || !strings.HasPrefix(h.Changes[0].Reason, "check: ") || !h.NextTry.IsZero() {
			t.Fatalf("after three: %+v", h)
		}
		u.Succeeded(time.Now().Add(time.Hour))
		if h := u.Health(time.Now()); !h.Down || u.Available(time.Now().Add(time.Hour)) {
			t.Error("a request brought back what the check finds unwell")
		}
		well.Store(true)
		time.Sleep(11 * time.Second)
		if !u.Health(time.Now()).Down {
			t.Error("one success is not two")
		}
		time.Sleep(11 * time.Second)
		if h := u.Health(time.Now()); h.Down || h.Share > 0.6 || len(h.Changes) != 2 {
			t.Errorf("after two: %+v", h)
		}
	})
}

// TestJitter: checks of the same interval do not stay in step.
func TestJitter(t *testing.T) {
	var well atomic.Bool
	var pings atomic.Int32
	well.Store(true)
	u := checked(t, &well, &pings)
	synctest.Test(t, func(t *testing.T) {
		u.Watch()
		defer u.Unwatch()
		seen := map[time.Duration]bool{}
		last := time.Time{}
		for range 10 {
			time.Sleep(11 * time.Second)
			at := u.Health(time.Now()).Checked
			if step := at.Sub(last); !last.IsZero() {
				seen[step] = true
			}
			last = at
		}
		if len(seen) < 5 {
			t.Errorf("steps %v", seen)
		}
	})
}

// TestPassiveWithChecks: requests find out sooner, and a check that passes
// brings the upstream back.
func TestPassiveWithChecks(t *testing.T) {
	var well atomic.Bool
	var pings atomic.Int32
	well.Store(true)
	u := checked(t, &well, &pings)
	synctest.Test(t, func(t *testing.T) {
		u.Watch()
		defer u.Unwatch()
		time.Sleep(2 * time.Second)
		for range 3 {
			u.Failed(time.Now(), "refused")
		}
		if u.Available(time.Now()) {
			t.Fatal("three refusals do not take it out")
		}
		time.Sleep(22 * time.Second)
		if h := u.Health(time.Now()); h.Down || h.Changes[1].Reason != "passed 2 checks" {
			t.Errorf("%+v", h)
		}
	})
}

// TestChecksEnd: after Unwatch and after Retire none runs, also where one was
// waiting for an answer; a retired upstream starts none.
func TestChecksEnd(t *testing.T) {
	var well atomic.Bool
	var pings atomic.Int32
	u := checked(t, &well, &pings)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	spec := u.Spec
	spec.Addr = silent.Addr().String()
	spec.Check.Timeout = time.Hour
	asked := atomic.Bool{}
	stuck := upstream.New(spec, upstream.Protocol{Ping: func(_ context.Context, c net.Conn, _ *upstream.Spec) error {
		asked.Store(true)
		_, err := c.Read(make([]byte, 1))
		return err
	}}, quiet())
	u.Watch()
	stuck.Watch()
	for !asked.Load() {
		time.Sleep(time.Millisecond)
	}
	u.Unwatch()
	stuck.Retire()
	n := pings.Load()
	stuck.Watch()
	if stuck.Health(time.Now()).Missed != 0 {
		t.Error("a check that was ended counts as a failure")
	}
	u.Watch()
	u.Retire()
	if pings.Load() > n+1 {
		t.Error("checks go on")
	}
}

// TestLeastConn: the least busy for its weight is chosen.
func TestLeastConn(t *testing.T) {
	var members []upstream.Member
	for i := range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		u := upstream.New(upstream.Spec{URL: fmt.Sprint("http://", i), Network: "tcp", Addr: l.Addr().String()},
			upstream.Protocol{Speak: func(net.Conn) upstream.Wire { return nil }}, quiet())
		members = append(members, upstream.Member{Upstream: u, Weight: i + 1})
	}
	g := upstream.NewGroup(upstream.LeastConn, "site", members)
	counts := make(picks, 3)
	for range 12 { // whoever is chosen stays busy
		u, i := g.Pick(time.Now(), upstream.By{})
		if _, err := u.Dial(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		counts[i]++
	}
	if counts.String() != "[2 4 6]" {
		t.Errorf("%s, want the weights", counts)
	}
}
