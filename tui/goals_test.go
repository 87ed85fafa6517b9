package tui

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/tui/screen"
)

// goals is what the console is held to, each with what measures it.
var goals = []struct {
	quality, goal string
	measure       func(*testing.B) string
}{
	{"key to frame at 50,000 records/s", "p95 20 ms, max 50", keyToFrame},
	{"a record's row", "50 ns, no allocation", recordCost},
	{"throughput, console on and stalled against off", "no difference", throughput},
	{"KB/s at 10 requests/s, 80x24", "2", func(b *testing.B) string { return bytesOfPages(b, 80, 24) }},
	{"KB/s at 10 requests/s, 200x50", "4", func(b *testing.B) string { return bytesOfPages(b, 200, 50) }},
	{"CPU of a console, no requests", "", func(b *testing.B) string { return cpuOfPages(b, 0) }},
	{"CPU of a console, 10 requests/s", "", func(b *testing.B) string { return cpuOfPages(b, 10) }},
	{"exit of a stalled terminal", "300 ms", stalledExit},
	{"100 restarts in one process", "no leak", restarts},
	{"first frame on a mute terminal", "100 ms", firstFrame},
	{"control keys to add a route", "5", keysToAdd},
	{"memory of a console with its records", "16 MB", memory},
}

// BenchmarkGoals prints what each costs on this machine, beside its goal:
//
//	go test ./tui -run '^$' -bench Goals -benchtime 1x
func BenchmarkGoals(b *testing.B) {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, g := range goals {
		b.Run(g.quality, func(b *testing.B) {
			var got string
			for b.Loop() {
				got = g.measure(b)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", g.quality, g.goal, got)
		})
	}
	t.Flush()
	fmt.Print("\n", table.String())
}

// console runs a console over a world; the world's log is full.
func (d *desk) console(s Source) *sitting {
	return d.sit(func(o modelOptions) tea.Model { return newModel(s, o) })
}

func fullHome() *world {
	w := home()
	for i := range 10_000 {
		w.request(i)
	}
	return w
}

// during does something over and over until the function it returns is called.
func during(every time.Duration, do func(i int)) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			case <-tick.C:
				do(i)
			}
		}
	}()
	return func() { close(over); <-ended }
}

// keyToFrame types while records come, and looks at the terminal.
func keyToFrame(b *testing.B) string {
	w := fullHome()
	d := newDesk(b, 80, 24)
	s := d.console(w.source(realStore(b, w, homeFile)))
	defer s.leave()
	d.await("[1 Now]")
	rows := make([]record.Row, 6)
	for i := range rows {
		rows[i] = row(i)
	}
	head := []byte(strings.Repeat("Accept: text/html\r\n", 30))
	defer during(2*time.Millisecond, func(int) {
		for i := range 100 {
			w.log.Put(&rows[i%len(rows)], head, head)
		}
	})()
	var took []time.Duration
	key := func(k, shows string) {
		time.Sleep(time.Duration(20+rand.IntN(40)) * time.Millisecond)
		began := time.Now()
		d.press(k)
		for !strings.Contains(d.shown(), shows) {
			if time.Since(began) > patience {
				b.Fatalf("%q does not show %q:\n%s", k, shows, d.shown())
			}
			time.Sleep(200 * time.Microsecond)
		}
		took = append(took, time.Since(began))
	}
	for range 8 {
		key("3", "[3 Routes]")
		key("2", "[2 Requests]")
		key("/", "\n/")
		for i := range "route:git" {
			key("route:git"[i:i+1], "/"+"route:git"[:i+1])
		}
		d.press("\x1b")
		key("1", "[1 Now]")
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[int(share*float64(len(took)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v, p95 %v, max %v of %d keys", at(0.5), at(0.95), at(1), len(took))
}

// recordCost puts records while a console looks on.
func recordCost(b *testing.B) string {
	w := fullHome()
	d := newDesk(b, 80, 24)
	s := d.console(w.source(realStore(b, w, homeFile)))
	defer s.leave()
	d.press("2")
	d.await("[2 Requests]")
	r, head := row(0), []byte(strings.Repeat("x", 500))
	cost := func(head []byte) string {
		const n = 500_000
		began := time.Now()
		for range n {
			w.log.Put(&r, head, head)
		}
		took := time.Since(began) / n
		return fmt.Sprintf("%v, %v allocations", took, testing.AllocsPerRun(1000, func() { w.log.Put(&r, head, head) }))
	}
	return cost(nil) + "; with two heads of 500 bytes " + cost(head)
}

// listPages are the pages and the keys that lead there.
var listPages = []struct {
	name string
	keys string
}{
	{"now", "1"}, {"requests", "2"}, {"one selected", "2kk\r"}, {"routes", "3"},
	{"upstreams", "4"}, {"certs", "5"}, {"history", "6"}, {"wall", ":wall\r"},
}

// bytesOfPages shows all pages at once, each on a terminal of its own.
func bytesOfPages(b *testing.B, width, height int) string {
	w := home()
	store := realStore(b, w, homeFile)
	w.status = home().status
	src := w.source(store)
	src.Proxy = busyWorld{w}
	sent := make([]counter, len(listPages))
	for i, p := range listPages {
		m := newModel(src, modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: width, Height: height})
		program := tea.NewProgram(m, tea.WithAltScreen(), tea.WithFPS(60), tea.WithInput(nil),
			tea.WithOutput(screen.NewShift(&sent[i])), tea.WithoutSignalHandler())
		done := make(chan struct{})
		go func() { defer close(done); _, _ = program.Run() }()
		defer func() { program.Quit(); <-done }()
		program.Send(tea.WindowSizeMsg{Width: width, Height: height})
		program.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(strings.TrimSuffix(p.keys, "\r"))})
		if strings.HasSuffix(p.keys, "\r") {
			program.Send(keyMsg("enter"))
		}
	}
	defer during(100*time.Millisecond, func(i int) { w.request(40 + i) })()
	time.Sleep(2 * time.Second) // until the lists are full
	for i := range sent {
		sent[i].n.Store(0)
	}
	const seconds = 5
	time.Sleep(seconds * time.Second)
	var each []string
	for i, p := range listPages {
		each = append(each, fmt.Sprintf("%s %.1f", p.name, float64(sent[i].n.Load())/seconds/1000))
	}
	return strings.Join(each, ", ")
}

// cpuOfPages shows one page after the other of a proxy that runs.
func cpuOfPages(b *testing.B, requests int) string {
	h := newHouse(b)
	d := newDesk(b, 80, 24)
	d.set(func() { d.blind = true })
	if requests > 0 {
		defer during(time.Second/time.Duration(requests), func(int) { h.get(b) })()
	}
	const span = time.Second
	spent := func() time.Duration {
		var before, after unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &before)
		time.Sleep(span)
		_ = unix.Getrusage(unix.RUSAGE_SELF, &after)
		return cpuTime(after) - cpuTime(before)
	}
	without := spent()
	s := d.console(h.source())
	defer s.leave()
	var each []string
	for _, p := range listPages {
		d.press(p.keys)
		time.Sleep(span / 5)
		each = append(each, fmt.Sprintf("%s %.1f%%", p.name, 100*max(0, spent()-without).Seconds()/span.Seconds()))
		d.press("\x1b")
		time.Sleep(2 * keyPart)
	}
	return strings.Join(each, ", ") + fmt.Sprintf(" (without %.1f%%)", 100*without.Seconds()/span.Seconds())
}

func cpuTime(u unix.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stalledExit ends consoles whose terminal nobody reads.
func stalledExit(b *testing.B) string {
	var longest time.Duration
	for range 5 {
		w := home()
		d := newDesk(b, 160, 45)
		src := w.source(realStore(b, w, homeFile))
		var seen gateSeen
		s := d.sit(func(o modelOptions) tea.Model {
			seen.frameGate = o.Gate
			return newModel(src, o)
		})
		d.press("2")
		d.await("[2 Requests]")
		flow(d, unix.TCOOFF)
		for !seen.Busy() {
			w.request(1)
			time.Sleep(time.Millisecond)
		}
		longest = max(longest, s.leave().took)
	}
	return fmt.Sprintf("%v at most of 5", longest.Round(time.Millisecond))
}

// gateSeen is the gate that a console's model was given.
type gateSeen struct{ frameGate }

// restarts runs a hundred consoles on one terminal.
func restarts(b *testing.B) string {
	w := fullHome()
	src := w.source(realStore(b, w, homeFile))
	d := newDesk(b, 80, 24)
	d.set(func() { d.blind = true })
	one := func() {
		s := d.console(src)
		d.press("2/git\r")
		time.Sleep(20 * time.Millisecond)
		s.leave()
	}
	one()
	settle := func() (goroutines, files int, heap uint64) {
		time.Sleep(time.Second) // the last ticks end
		return runtime.NumGoroutine(), openFiles(b), heapInUse()
	}
	goroutines, files, heap := settle()
	began := time.Now()
	for range 100 {
		one()
	}
	took := time.Since(began)
	g, f, h := settle()
	runtime.KeepAlive(w)
	return fmt.Sprintf("goroutines %+d, files %+d, memory %+d KB; %v each", g-goroutines, f-files,
		(int64(h)-int64(heap))>>10, (took / 100).Round(time.Millisecond))
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// firstFrame starts whole processes on terminals that answer nothing.
func firstFrame(b *testing.B) string {
	var took []time.Duration
	for range 5 {
		d := newDesk(b, 80, 24)
		began := time.Now()
		cmd := d.start("home")
		d.await("[1 Now]")
		took = append(took, time.Since(began))
		d.press("q")
		d.await("keep serving") // a choice that came with the question would not count
		d.press("s")
		_ = cmd.Wait()
	}
	slices.Sort(took)
	return fmt.Sprintf("%v, slowest of 5 %v, from the start of the process", took[2].Round(time.Millisecond), took[4].Round(time.Millisecond))
}

// keysToAdd adds a route with a host and a server.
func keysToAdd(b *testing.B) string {
	w := home()
	store := realStore(b, w, homeFile)
	d := newDesk(b, 80, 24)
	s := d.console(w.source(store))
	defer s.leave()
	d.await("[1 Now]")
	control := 0
	for _, step := range []struct{ key, text, shows string }{
		{"a", "wiki.home.lan", "wiki.home.lan"}, {"\t", "", ""}, {"\t", "nas:3333", "nas:3333"},
		{"\r", "", "y apply"}, {"y", "", "done: add route wiki"},
	} {
		control++
		d.press(step.key)
		d.press(step.text)
		d.await(step.shows)
	}
	text, err := os.ReadFile(store.Path())
	if err != nil || !strings.Contains(string(text), "[route.wiki]") {
		b.Fatalf("the file has no such route: %v", err)
	}
	return fmt.Sprint(control)
}

// memory is what a console takes with all it can remember.
func memory(b *testing.B) string {
	before := heapInUse()
	w := home()
	head := []byte(strings.Repeat("x", 1024))
	for i := range 20_000 {
		r := row(i)
		w.log.Put(&r, head, head)
	}
	records := heapInUse()
	d := newDesk(b, 160, 45)
	d.set(func() { d.blind = true })
	s := d.console(w.source(realStore(b, w, homeFile)))
	d.press("2/5xx\r")
	time.Sleep(500 * time.Millisecond)
	all := heapInUse()
	s.leave()
	runtime.KeepAlive(w)
	return fmt.Sprintf("%.1f MB, of them %.1f the records", float64(all-before)/(1<<20), float64(records-before)/(1<<20))
}
