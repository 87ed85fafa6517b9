package screen_test

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	_ "forge.home.arpa/portico/tui/quietterm"
	"forge.home.arpa/portico/tui/screen"
	"forge.home.arpa/portico/tui/screen/emulator"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
)

// renderer writes frames as Bubble Tea v1.3.10 does, without its clock.
// TestShiftUnderBubbleTea holds it against the real one.
type renderer struct {
	out   io.Writer
	w, h  int
	last  []string
	drawn int
}

func (r *renderer) resize(w, h int) { r.w, r.h, r.last = w, h, nil }

func (r *renderer) clearScreen() {
	io.WriteString(r.out, "\x1b[2J")
	io.WriteString(r.out, "\x1b[H")
	r.last = nil
}

func (r *renderer) draw(view string) {
	lines := strings.Split(view, "\n")
	if len(lines) > r.h {
		lines = lines[len(lines)-r.h:]
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	if r.last == nil {
		b.WriteByte('\r')
	}
	for i, l := range lines {
		if i < len(r.last) && r.last[i] == l {
			if i < len(lines)-1 {
				b.WriteByte('\n')
			}
			continue
		}
		l = ansi.Truncate(l, r.w, "")
		b.WriteString(l)
		if ansi.StringWidth(l) < r.w {
			b.WriteString("\x1b[K")
		}
		if i < len(lines)-1 {
			b.WriteString("\r\n")
		}
	}
	if r.drawn > len(lines) {
		b.WriteString("\x1b[J")
	}
	b.WriteString(ansi.CursorPosition(0, len(lines)))
	io.WriteString(r.out, b.String())
	r.last, r.drawn = lines, len(lines)
}

// walk takes steps of a list through a Shift and checks the screen after each.
func walk(t *testing.T, seed uint64, steps int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	w, h := 1+rng.IntN(120), 1+rng.IntN(50)
	e := emulator.New(w, h)
	l := &list{rng: rng, w: w, h: h}
	r := &renderer{out: screen.NewShift(e), w: w, h: h}
	for range steps {
		switch rng.IntN(15) {
		case 0:
			w, h = 1+rng.IntN(120), 1+rng.IntN(50)
			e.Resize(w, h)
			r.draw(l.View()) // drawn before the new size is known
			l.w, l.h, l.short = w, h, 0
			r.resize(w, h)
		case 1:
			r.clearScreen()
		case 2: // a copy, a title, a mode: nothing that can be seen
			io.WriteString(r.out, "\x1b]52;c;aGk=\a\x1b]2;portico\a\x1b[?25l")
		default:
			l.step()
		}
		r.draw(l.View())
		check(t, e, l.View(), w, h)
	}
}

func TestShiftShowsWhatIsMeant(t *testing.T) {
	for seed := range uint64(40) {
		walk(t, seed, 40)
	}
}

func FuzzShift(f *testing.F) {
	f.Add(uint64(1), uint8(10))
	f.Add(uint64(99), uint8(200))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { walk(t, seed, int(steps)) })
}

// FuzzShiftHostile sends frames of any bytes: they must neither panic nor be
// held back.
func FuzzShiftHostile(f *testing.F) {
	for _, s := range []string{
		"\x1b[H\r\x1b[H", "\x1b[H\x1b[J\x1b[2;H", "\x1b[H\r\n\x1b[2;H", "\x1b[Ha\r\nb\x1b[2;H",
		"\x1b[H\r \x1b[K\x1b[H", "\x1b[H\n\n\x1b[J\x1b[3;H", "\x1b[H\rx\r\n\r\ny\x1b[3;H",
	} {
		f.Add(s, "\x1b[Ha\x1b[K\r\nb\x1b[K\r\nc\x1b[K\x1b[3;H")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		s := screen.NewShift(io.Discard)
		for _, w := range []string{a, b, a, b} {
			if n, err := io.WriteString(s, w); n != len(w) || err != nil {
				t.Fatalf("Write(%q) = %d, %v", w, n, err)
			}
		}
	})
}

type viewMsg string
type stage struct{ view string }

func (m stage) Init() tea.Cmd { return nil }
func (m stage) View() string  { return m.view }
func (m stage) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if v, ok := msg.(viewMsg); ok {
		m.view = string(v)
	}
	return m, nil
}

// TestShiftUnderBubbleTea runs the real renderer.
func TestShiftUnderBubbleTea(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	w, h := 80, 24
	e := emulator.New(w, h)
	l := &list{rng: rng, w: w, h: h}
	p := tea.NewProgram(stage{l.View()}, tea.WithInput(nil), tea.WithOutput(screen.NewShift(e)),
		tea.WithAltScreen(), tea.WithoutSignalHandler(), tea.WithFPS(120))
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	p.Send(tea.WindowSizeMsg{Width: w, Height: h})
	for i := range 150 {
		switch {
		case i%20 == 19:
			w, h = 1+rng.IntN(120), 2+rng.IntN(40)
			l.w, l.h, l.short = w, h, 0
			e.Resize(w, h)
			p.Send(tea.WindowSizeMsg{Width: w, Height: h})
		case i%20 == 9:
			p.Send(tea.ClearScreen())
		default:
			l.step()
		}
		p.Send(viewMsg(l.View()))
		awaitShown(t, e, emulator.Meant(l.View(), w, h))
	}
	p.Quit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// awaitShown waits until the renderer's clock has brought the frame.
func awaitShown(t *testing.T, e *emulator.Terminal, want [][]vt10x.Glyph) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		d := emulator.Differ(e.Cells(), want)
		if d == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(d)
		}
	}
}

// TestShiftSaves holds what the console's budget rests on: a list that grows
// by one row a frame costs about that row.
func TestShiftSaves(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 50}} {
		w, h := size[0], size[1]
		rng := rand.New(rand.NewPCG(3, 3))
		l := &list{rng: rng, w: w, h: h, cursor: -1}
		for range h {
			l.rows = append(l.rows, l.row())
		}
		bare, shifted := emulator.New(w, h), emulator.New(w, h)
		a, b := &renderer{out: bare, w: w, h: h}, &renderer{out: screen.NewShift(shifted), w: w, h: h}
		const frames = 100
		for range frames {
			l.rows = append(l.rows, l.row())
			a.draw(l.View())
			b.draw(l.View())
		}
		t.Logf("%dx%d: %d bytes a frame, bare %d", w, h, shifted.Sent()/frames, bare.Sent()/frames)
		if shifted.Sent()*4 > bare.Sent() {
			t.Errorf("%dx%d: %d bytes, want under a quarter of %d", w, h, shifted.Sent(), bare.Sent())
		}
	}
}

func BenchmarkShiftWorst(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	l := &list{rng: rng, w: 400, h: 120}
	s := screen.NewShift(io.Discard)
	r := &renderer{out: s, w: 400, h: 120}
	for b.Loop() {
		for range 120 {
			l.rows = append(l.rows, l.row())
		}
		r.draw(l.View())
		l.rows = l.rows[:0]
	}
}

func check(t *testing.T, e *emulator.Terminal, view string, w, h int) {
	t.Helper()
	if d := emulator.Differ(e.Cells(), emulator.Meant(view, w, h)); d != "" {
		t.Fatalf("%dx%d: %s", w, h, d)
	}
}
