package tui

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/tui/screen"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

func TestLeaving(t *testing.T) {
	for key, want := range map[string]Leave{"q": Left, "k": Keep, "s": Stop} {
		t.Run(want.String(), func(t *testing.T) {
			d := newDesk(t, 80, 24)
			before := d.settings()
			s := d.sit(sketches(&stat{}))
			d.await("80x24 keys=0")
			if d.settings() == before {
				t.Error("the terminal is not raw")
			}
			d.press("x")
			d.await("keys=1")
			d.press(key)
			if e := s.wait(); e.how != want || e.err != nil {
				t.Errorf("Run = %v, %v", e.how, e.err)
			}
			checkShell(t, d, before)
		})
	}
}

// checkShell holds that a shell could go on: its settings, the first screen, a
// cursor, lines that wrap. On a busy machine the desk may read too late for the
// console's own end; then it was rescued, which returns to the first screen
// whether or not it is there, and the emulator takes that for the other one.
func checkShell(t *testing.T, d *desk, before unix.Termios) {
	t.Helper()
	if got := d.settings(); got != before {
		t.Errorf("the terminal's settings are %+v, were %+v", got, before)
	}
	fit := func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		m, sent := d.vt.Mode(), d.sent.String()
		own := m&vt10x.ModeAltScreen == 0 && strings.HasSuffix(sent, screen.Wrap)
		return d.vt.CursorVisible() && m&vt10x.ModeWrap != 0 && (own || strings.HasSuffix(sent, screen.Reset))
	}
	await(t, fit, func() string {
		return fmt.Sprintf("the terminal is left with %q", d.output()[max(0, len(d.output())-200):])
	})
}

// TestAsksNothing holds that a terminal which never replies is never asked:
// device attributes, cursor reports and colours.
func TestAsksNothing(t *testing.T) {
	d := newDesk(t, 80, 24)
	s := d.sit(restless(&stat{}))
	d.await("80x24 keys=0")
	d.press("x")
	d.await("keys=1")
	s.leave()
	for _, query := range []string{"\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[6n", "\x1b[5n", "\x1b]10;?", "\x1b]11;?", "\x1b[?u", "\x1bP+q"} {
		if strings.Contains(d.output(), query) {
			t.Errorf("the terminal was asked %q", query)
		}
	}
}

func TestContextEnds(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	s := d.sit(restless(&stat{}))
	d.await("80x24")
	e := s.leave()
	if e.how != Left || e.err != nil {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
	t.Logf("returned after %v", e.took)
	checkShell(t, d, before)
}

// counting stands for the proxy: it works beside the console and tells its
// longest pause.
func counting(t *testing.T) (count *atomic.Int64) {
	count = new(atomic.Int64)
	done := make(chan struct{})
	var longest time.Duration
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for last := time.Now(); ; {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				longest = max(longest, time.Since(last))
				last = time.Now()
				count.Add(1)
			}
		}
	}()
	t.Cleanup(func() { close(done); <-ended; t.Logf("the proxy's longest pause: %v", longest) })
	return count
}

// TestStalled leaves the desk: nobody reads the terminal. The proxy goes on,
// the console skips frames, and its end does not wait for the terminal.
func TestStalled(t *testing.T) {
	for _, c := range []struct {
		name    string
		stall   func(*desk)
		rescued bool
	}{
		{"nobody reads", (*desk).leaveDesk, true},
		{"XOFF", func(d *desk) { flow(d, unix.TCOOFF) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			count := counting(t)
			d := newDesk(t, 160, 45)
			var st stat
			s := d.sit(restless(&st))
			d.await("160x45")
			c.stall(d)
			awaitCount(t, &st.skipped, 3)
			d.press("xyz") // keys are read though nothing can be shown
			n := count.Load()
			await(t, func() bool { return count.Load() > n+20 }, func() string { return "the proxy waits for the console" })
			e := s.leave()
			if e.how != Left || e.err != nil {
				t.Errorf("Run = %v, %v", e.how, e.err)
			}
			t.Logf("returned after %v, %d frames skipped", e.took, st.skipped.Load())
			if c.rescued { // what somebody finds who comes back later
				d.comeBack()
				await(t, func() bool { return strings.HasSuffix(d.output(), screen.Reset) }, func() string {
					return fmt.Sprintf("the terminal is left with %q", d.output()[max(0, len(d.output())-200):])
				})
			}
		})
	}
}

// TestStallEnds holds that what is shown after a stall is the newest.
func TestStallEnds(t *testing.T) {
	d := newDesk(t, 160, 45)
	var st stat
	s := d.sit(restless(&st))
	d.await("160x45")
	flow(d, unix.TCOOFF)
	awaitCount(t, &st.skipped, 3)
	d.press("xyz")
	d.resize(100, 30) // no signal tells, the console looks by itself
	flow(d, unix.TCOON)
	d.await("100x30 keys=3")
	awaitCount(t, &st.woken, 1)
	if e := s.leave(); e.how != Left {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

func flow(d *desk, how int) {
	if err := unix.IoctlSetInt(d.terminal.inFD, unix.TCXONC, how); err != nil {
		d.t.Fatal(err)
	}
}

func awaitCount(t testing.TB, n *atomic.Int32, want int32) {
	t.Helper()
	await(t, func() bool { return n.Load() >= want }, func() string {
		return fmt.Sprintf("%d, want %d", n.Load(), want)
	})
}

// TestFramesDropped has a model that does not heed the gate: its frames are
// dropped, and still the last is what is shown in the end.
func TestFramesDropped(t *testing.T) {
	const w, h = 300, 100
	d := newDesk(t, w, h)
	var st stat
	heedless := func(o modelOptions) tea.Model {
		o.Gate = neverBusy{}
		return restless(&st)(o)
	}
	s := d.sit(heedless)
	d.await("300x100")
	d.leaveDesk()
	const frames = 25 // of 30 KB, where the pty and the queues hold 600
	awaitCount(t, &st.ticks, st.ticks.Load()+frames)
	d.press("xyf") // f: frozen from now on
	awaitCount(t, &st.keys, 3)
	d.comeBack()
	d.await("keys=3")
	await(t, func() bool { return whole(d.shown(), w, h) }, func() string { return "what is shown is not one frame" })
	if ticks := int(st.ticks.Load()); len(d.output()) > (ticks-3)*w*h {
		t.Errorf("%d bytes came of %d frames, none was dropped", len(d.output()), ticks)
	}
	if e := s.leave(); e.how != Left {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

type neverBusy struct{}

func (neverBusy) Busy() bool { return false }

// TestSlow has a link of 20 KB/s under a screen that wants 70.
func TestSlow(t *testing.T) {
	count := counting(t)
	d := newDesk(t, 160, 45)
	d.slowly(20_000)
	var st stat
	s := d.sit(restless(&st))
	d.await("160x45 keys=0")
	awaitCount(t, &st.skipped, 3)
	for i := range 5 {
		began := time.Now()
		d.press("x")
		d.await(fmt.Sprintf("keys=%d", i+1))
		t.Logf("a key is seen after %v", time.Since(began).Round(time.Millisecond))
	}
	if count.Load() == 0 {
		t.Error("the proxy did nothing")
	}
	e := s.leave()
	t.Logf("returned after %v", e.took)
}

func TestHangUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(*stat) func(modelOptions) tea.Model
	}{{"idle", sketches}, {"drawing", restless}} {
		t.Run(c.name, func(t *testing.T) {
			count := counting(t)
			d := newDesk(t, 80, 24)
			s := d.sit(c.build(&stat{}))
			d.await("80x24")
			d.master.Close()
			e := s.wait()
			if e.how != Gone || e.err == nil {
				t.Errorf("Run = %v, %v, want gone with a reason", e.how, e.err)
			}
			n := count.Load()
			await(t, func() bool { return count.Load() > n }, func() string { return "the proxy went with the terminal" })
			t.Log(e.err)
		})
	}
}

// TestResized drags the window, a hundred sizes a second.
func TestResized(t *testing.T) {
	d := newDesk(t, 80, 24)
	resized := make(chan struct{}, 1)
	s := d.sit(restless(&stat{}), func(c *console) { c.Resized = resized })
	d.await("80x24")
	sizes := [][2]int{{80, 24}, {1, 1}, {200, 60}, {40, 10}, {79, 23}, {2, 50}, {150, 2}}
	for i := range 200 {
		size := sizes[i%len(sizes)]
		d.resize(size[0], size[1])
		select {
		case resized <- struct{}{}:
		default:
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.resize(60, 20)
	resized <- struct{}{}
	d.await("60x20")
	await(t, func() bool { return whole(d.shown(), 60, 20) }, func() string { return "what is shown is not one frame" })
	close(resized) // the client is gone, the console stays
	d.press("x")
	d.await("keys=1")
	if e := s.leave(); e.how != Left {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

// TestResizedWhileStalled drags the window of a terminal that takes nothing:
// no frames pile up for it.
func TestResizedWhileStalled(t *testing.T) {
	d := newDesk(t, 160, 45)
	resized := make(chan struct{})
	var st stat
	s := d.sit(sketches(&st), func(c *console) { c.Resized = resized })
	d.await("160x45 keys=0")
	flow(d, unix.TCOOFF)
	d.press("x") // its frame waits from now on
	awaitCount(t, &st.keys, 1)
	before := len(d.output())
	for range 100 {
		resized <- struct{}{}
		time.Sleep(5 * time.Millisecond)
	}
	d.resize(161, 46)
	flow(d, unix.TCOON)
	d.await("161x46 keys=1")
	if got, frame := len(d.output())-before, 161*46; got > 4*frame {
		t.Errorf("%d frames came after the stall", got/frame)
	}
	s.leave()
}

// TestOutputLost has keys that come while nothing can be written any more.
func TestOutputLost(t *testing.T) {
	keys, shown := newDesk(t, 80, 24), newDesk(t, 80, 24)
	split, err := FromFiles(keys.terminal.in, shown.terminal.out, variables())
	if err != nil {
		t.Fatal(err)
	}
	s := keys.sit(sketches(&stat{}), func(c *console) { c.Terminal = split })
	shown.await("keys=0")
	shown.master.Close()
	keys.press("x")
	if e := s.wait(); e.how != Gone || !errors.Is(e.err, unix.EIO) {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

// whole reports whether a screen shows one view of a sketch and nothing else.
func whole(shown string, w, h int) bool {
	lines := strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
	if len(lines) != h {
		return false
	}
	step := lines[2][0] + 26 - lines[1][0]
	for i, l := range lines[1:] {
		if l != strings.Repeat(string('a'+(lines[1][0]-'a'+byte(i)*(step%26))%26), w) {
			return false
		}
	}
	return true
}

func TestOneCell(t *testing.T) {
	d := newDesk(t, 1, 1)
	s := d.sit(restless(&stat{}))
	d.await("1")
	d.press("q")
	if e := s.wait(); e.how != Left || e.err != nil {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}

func TestCopy(t *testing.T) {
	d := newDesk(t, 80, 24)
	s := d.sit(sketches(&stat{}))
	d.await("keys=0")
	d.press("Cc")
	d.await("keys=2")
	want := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("curl -v http://git.home.lan/")) + "\a"
	await(t, func() bool { return strings.Contains(d.output(), want) }, func() string { return "no copy was sent" })
	if got := strings.Count(d.output(), "\x1b]52;"); got != 1 {
		t.Errorf("%d copies were sent, want only the short one", got)
	}
	s.leave()
}

// TestManyLives runs a hundred consoles in one process.
func TestManyLives(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	var st stat
	one := func() {
		n := st.lives.Load()
		s := d.sit(sketches(&st))
		awaitCount(t, &st.lives, n+1)
		if n%2 == 0 {
			s.stop()
		} else {
			d.press("q")
		}
		// On a busy machine the other side may read too late for the last words.
		if e := s.wait(); (e.how != Left || e.err != nil) && !errors.Is(e.err, os.ErrDeadlineExceeded) {
			t.Fatalf("life %d: %v, %v", n, e.how, e.err)
		}
	}
	one()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 100 {
		one()
	}
	await(t, func() bool { return runtime.NumGoroutine() <= goroutines }, func() string {
		b := make([]byte, 1<<20)
		return fmt.Sprintf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, b[:runtime.Stack(b, true)])
	})
	if got := openFiles(t); got > files {
		t.Errorf("%d open files, %d before", got, files)
	}
	checkShell(t, d, before)
}

func openFiles(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// TestClosedTerminal has nothing to draw on at all.
func TestClosedTerminal(t *testing.T) {
	d := newDesk(t, 80, 24)
	d.terminal.Close()
	if e := d.sit(sketches(&stat{})).wait(); e.how != Gone || e.err == nil {
		t.Errorf("Run = %v, %v", e.how, e.err)
	}
}
