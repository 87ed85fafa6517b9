package tui

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// house is a real proxy with a real server behind it.
type house struct {
	proxy *proxy.Server
	store *config.Store
	url   string
	http  *http.Client
}

const askers = 4 // connections at a time

func newHouse(t testing.TB) *house {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(up.Close)
	log := slog.New(slog.DiscardHandler)
	h := &house{proxy: proxy.New(proxy.Options{Log: log}), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}}}
	file := filepath.Join(t.TempDir(), "portico.toml")
	text := fmt.Sprintf("[server]\nhttp = %q\n[route.one]\nhost = \"*\"\nto = %q\n", freeAddress(t), up.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.store, err = config.Open(config.Options{Path: file, Log: log}, h.proxy); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.proxy.Run(ctx) }()
	t.Cleanup(func() {
		h.http.CloseIdleConnections()
		stop()
		<-ended
	})
	h.url = "http://" + h.proxy.Status().Listeners[0].Bound
	return h
}

// freeAddress is one that nobody had a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (h *house) source() Source { return Source{Proxy: h.proxy, Store: h.store, Version: "test"} }

func (h *house) get(t testing.TB) {
	r, err := h.http.Get(h.url)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("status %d", r.StatusCode)
	}
}

// busy asks as fast as it can for so long, and returns how many requests were
// served and what the slowest took.
func (h *house) busy(t testing.TB, d time.Duration) (served int64, slowest time.Duration) {
	var count, worst atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for range askers {
		all.Go(func() {
			for began := time.Now(); began.Before(end); began = time.Now() {
				h.get(t)
				took := int64(time.Since(began))
				for was := worst.Load(); took > was && !worst.CompareAndSwap(was, took); was = worst.Load() {
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	return count.Load(), time.Duration(worst.Load())
}

// treatment is what happens to a terminal while the house is busy. It returns
// what ends it.
type treatment func(*desk) (end func())

// rounds has the house busy by turns without a console and with one that is
// treated in each way, so that what disturbs the machine disturbs all.
func (h *house) rounds(t testing.TB, n int, span time.Duration, ways map[string]treatment) map[string]turns {
	names := append([]string{"off"}, slices.Sorted(maps.Keys(ways))...)
	all := map[string]turns{}
	h.busy(t, span) // warms up
	for range n {
		for _, name := range names {
			all[name] = append(all[name], h.turn(t, span, ways[name]))
		}
	}
	return all
}

// turn is one round beside a console; none where treat is nil.
func (h *house) turn(t testing.TB, span time.Duration, treat treatment) turn {
	if treat == nil {
		served, slowest := h.busy(t, span)
		return turn{served, slowest}
	}
	d := newDesk(t, 80, 24)
	defer d.close()
	s := d.console(h.source())
	defer s.leave()
	d.press("2")
	d.await("[2 Requests]")
	d.set(func() { d.blind = true })
	defer treat(d)()
	served, slowest := h.busy(t, span)
	return turn{served, slowest}
}

// turn is what was served in one round.
type turn struct {
	served  int64
	slowest time.Duration
}

type turns []turn

func (all turns) median() (served int64, slowest time.Duration) {
	var s []int64
	var l []time.Duration
	for _, one := range all {
		s, l = append(s, one.served), append(l, one.slowest)
	}
	slices.Sort(s)
	slices.Sort(l)
	return s[len(s)/2], l[len(l)/2]
}

// once does something once and has nothing to end.
func once(do func(*desk)) treatment {
	return func(d *desk) func() { do(d); return func() {} }
}

// over does something over and over.
func over(every time.Duration, do func(d *desk, i int)) treatment {
	return func(d *desk) func() { return during(every, func(i int) { do(d, i) }) }
}

// treatments are all that a terminal may do to a console.
var treatments = map[string]treatment{
	"shown":       once(func(*desk) {}),
	"stalled":     once((*desk).leaveDesk),
	"XOFF":        once(func(d *desk) { flow(d, unix.TCOOFF) }),
	"slow":        once(func(d *desk) { d.slowly(20_000) }),
	"hung up":     once(func(d *desk) { d.master.Close() }),
	"1x1":         once(func(d *desk) { d.window(1, 1) }),
	"0x0":         once(func(d *desk) { d.window(0, 0) }),
	"400x120":     once(func(d *desk) { d.window(400, 120) }),
	"dragged":     over(10*time.Millisecond, func(d *desk, i int) { d.window(1+i*37%400, 1+i*17%120) }),
	"keys":        over(10*time.Millisecond, func(d *desk, i int) { _, _ = d.master.WriteString("123456/?\x1b"[i%9 : i%9+1]) }),
	"pasted":      over(5*time.Millisecond, func(d *desk, _ int) { _, _ = d.master.WriteString(strings.Repeat("\x1b[200~:set x\r", 20)) }),
	"stop and go": over(20*time.Millisecond, func(d *desk, i int) { _ = unix.IoctlSetInt(d.terminal.inFD, unix.TCXONC, i%2) }),
}

// TestTerminalsDelayNoRequest has requests flow beside terminals that
// misbehave: all are answered, and about as many as without a console.
func TestTerminalsDelayNoRequest(t *testing.T) {
	h := newHouse(t)
	got := h.rounds(t, 3, 100*time.Millisecond, treatments)
	off, _ := got["off"].median()
	for name, all := range got {
		served, slowest := all.median()
		t.Logf("%-12s %4d requests, %.2f of those without a console, the slowest %v", name, served, float64(served)/float64(off), slowest.Round(time.Millisecond))
		// A console that holds requests up leaves none of them; one that only
		// works on the same core leaves its share.
		if served*10 < off {
			t.Errorf("%s: %d requests were served, without a console %d", name, served, off)
		}
	}
}

// throughput compares in one run, round by round.
func throughput(b *testing.B) string {
	const span = 100 * time.Millisecond
	h := newHouse(b)
	got := h.rounds(b, 20, span, map[string]treatment{"shown": treatments["shown"], "stalled": treatments["stalled"]})
	off, slowest := got["off"].median()
	text := fmt.Sprintf("off %.0f requests/s, slowest %v", float64(off)/span.Seconds(), slowest.Round(time.Millisecond))
	for _, name := range []string{"shown", "stalled"} {
		var ratios []float64
		for i, one := range got[name] {
			ratios = append(ratios, float64(one.served)/float64(got["off"][i].served))
		}
		slices.Sort(ratios)
		_, slowest := got[name].median()
		text += fmt.Sprintf("; %s %.2f of it, slowest %v", name, ratios[len(ratios)/2], slowest.Round(time.Millisecond))
	}
	return text
}
