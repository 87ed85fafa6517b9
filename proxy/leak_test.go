package proxy_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// running counts the sites of the tests under way.
var running atomic.Int32

// leavesNobody fails the test when goroutines of the proxy outlive its last
// site. It must be called before the site's own cleanup is registered.
func leavesNobody(t testing.TB) {
	running.Add(1)
	t.Cleanup(func() {
		if running.Add(-1) > 0 {
			return
		}
		var left []string
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if left = ourGoroutines(); len(left) == 0 {
				return
			}
		}
		t.Errorf("%d goroutines were left behind:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// ourGoroutines are the stacks of those that run code of the proxy, tests
// aside.
func ourGoroutines() []string {
	stacks := make([]byte, 1<<20)
	for {
		n := runtime.Stack(stacks, true)
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	var ours []string
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(stack, "/portico/proxy.") || strings.Contains(stack, "/portico/proxy/") &&
			!strings.Contains(stack, "testing.tRunner") {
			ours = append(ours, stack)
		}
	}
	return ours
}

// settles waits until nothing is under way, and nobody is connected.
func (s *site) settles() {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		st := s.server.Status()
		busy := 0
		for _, u := range st.Upstreams {
			busy += u.Open
		}
		if st.Open+st.Active+st.Upgraded+st.AllLive+busy == 0 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("still there: %d connections, %d requests, %d upgraded, %d live, %d to upstreams",
				st.Open, st.Active, st.Upgraded, st.AllLive, busy)
		}
	}
}

// until waits for something that must happen soon.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// within waits for a channel to be closed or to bring something.
func within[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}
