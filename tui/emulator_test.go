package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/tui/screen"
	"forge.home.arpa/portico/tui/screen/emulator"
)

// watched is a console under the real renderer, with a terminal that shows what
// it is sent. It runs inside a synctest bubble.
type watched struct {
	t       *testing.T
	glass   *glass
	program *tea.Program
	shows   *emulator.Terminal
	w, h    int
	done    chan struct{}
}

// glass is a model whose last view can be read from beside.
type glass struct {
	*model
	frame atomic.Pointer[string]
}

func (g *glass) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := g.model.Update(msg)
	return g, cmd
}

func (g *glass) View() string {
	frame := g.model.View()
	g.frame.Store(&frame)
	return frame
}

func watch(t *testing.T, src Source, w, h int) *watched {
	t.Helper()
	now := func() time.Time { return time.Now().UTC() }
	o := modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: w, Height: h, Foreground: true, Now: now}
	c := &watched{t: t, glass: &glass{model: newModel(src, o).(*model)}, shows: emulator.New(w, h), w: w, h: h, done: make(chan struct{})}
	fmt.Fprint(c.shows, screen.NoWrap)
	c.program = tea.NewProgram(c.glass, tea.WithAltScreen(), tea.WithFPS(60), tea.WithInput(nil),
		tea.WithOutput(screen.NewShift(c.shows)), tea.WithoutSignalHandler())
	go func() { defer close(c.done); _, _ = c.program.Run() }()
	c.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return c
}

// resize has the terminal change before the console knows.
func (c *watched) resize(w, h int) {
	c.w, c.h = w, h
	c.shows.Resize(w, h)
	c.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// agrees waits for the renderer and holds the terminal against the view.
func (c *watched) agrees(after string) {
	c.t.Helper()
	wrong := ""
	for range 5 { // a frame may be between the model and the renderer
		time.Sleep(17 * time.Millisecond)
		synctest.Wait()
		frame := *c.glass.frame.Load()
		checkFrame(c.t, frame, c.w, c.h, c.glass.look)
		if wrong = emulator.Differ(c.shows.Cells(), emulator.Meant(frame, c.w, c.h)); wrong == "" {
			return
		}
	}
	c.t.Fatalf("%dx%d, after %s: %s", c.w, c.h, after, wrong)
}

func (c *watched) end() {
	c.program.Kill()
	<-c.done
	time.Sleep(time.Minute) // the last ticks end
}

// wander presses keys, has requests come and drags the window as chance has it.
func wander(t *testing.T, seed uint64, steps int, s string) {
	atNoon(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(seed, 2))
		world := home()
		routes := world.status.Routes
		store := realStore(t, world, homeFile)
		world.status.Routes = routes
		world.moves = proxy.Moves{Looked: 9, Moved: 1, Kinds: []proxy.Move{{From: s, To: s, Rule: s, Method: s, Host: s, Path: s, Client: s}}}
		src := world.source(store)
		src.Log = func() []string { return []string{s, "level=ERROR " + s} }
		c := watch(t, src, 1+rng.IntN(400), 1+rng.IntN(120))
		defer c.end()
		c.agrees("the start")
		at := 0
		for range steps {
			did := ""
			switch rng.IntN(8) {
			case 0: // from tiny to huge
				w, h := 1+rng.IntN([]int{20, 100, 400}[rng.IntN(3)]), 1+rng.IntN([]int{10, 50, 120}[rng.IntN(3)])
				did = fmt.Sprintf("a resize to %dx%d", w, h)
				c.resize(w, h)
			case 1:
				did = "a repaint"
				c.program.Send(keyMsg("ctrl+l"))
			case 2, 3, 4:
				n := 1 + rng.IntN(30)
				did = fmt.Sprintf("%d requests", n)
				for i := range n {
					world.visited(i, s)
				}
				time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
			default:
				k := walk[at%len(walk)]
				at += 1 + rng.IntN(3)
				did = "the key " + k
				c.program.Send(keyMsg(k))
			}
			c.agrees(did)
		}
	})
}

// visited puts a request with text of a visitor's choice into the log.
func (w *world) visited(i int, s string) {
	r := row(i)
	if i%2 == 0 {
		r.Path.Set([]byte("/" + s))
		r.Host.Set([]byte(s))
	}
	w.log.Put(&r, []byte("GET /"+s+" HTTP/1.1\r\nHost: "+s+"\r\n\r\n"), nil)
}

var visitorsText = []string{
	"git.home.lan", "\x1b[2J\x1b]52;c;eA==\x07", "a\nb\r\nc\td", "写真写真写真写真写真写真写真写真写真写真写真",
	"e\u0301\u0301\u0301", "\u202egpj.exe", "\xff\xfe\xfd", strings.Repeat("x", 400), "?a=b&c=\x9b31m",
}

// TestTerminalShowsWhatIsMeant holds, over every page and size, that what a
// person sees is the view: after scrolling, and while the window is dragged.
func TestTerminalShowsWhatIsMeant(t *testing.T) {
	for i, s := range visitorsText {
		t.Run(fmt.Sprintf("%q", s[:min(len(s), 20)]), func(t *testing.T) { wander(t, uint64(i), 60, s) })
	}
}

func FuzzTerminal(f *testing.F) {
	for i, s := range visitorsText {
		f.Add(uint64(100+i), uint8(20), s)
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8, s string) { wander(t, seed, int(steps), s) })
}
