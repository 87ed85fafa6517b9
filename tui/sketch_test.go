package tui

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// sketch is a model of a few lines, to try what carries it: it shows its size
// and counts its keys, and each key of trouble does what its name says.
type sketch struct {
	o      modelOptions
	w, h   int
	keys   int
	ticks  int
	last   string
	broken bool  // View panics
	frozen bool  // no more ticks
	stat   *stat // what the test looks at
}

// stat is told by a sketch and read by a test.
type stat struct {
	lives   atomic.Int32 // models made
	skipped atomic.Int32 // views that found the terminal busy
	woken   atomic.Int32
	ticks   atomic.Int32
	keys    atomic.Int32
	hold    chan struct{} // Update waits for it on h
}

type sketchTick struct{}

// sketches makes models that tell s.
func sketches(s *stat) func(modelOptions) tea.Model {
	return func(o modelOptions) tea.Model {
		s.lives.Add(1)
		return &sketch{o: o, w: o.Width, h: o.Height, stat: s}
	}
}

// restless makes models that draw all anew ten times a second.
func restless(s *stat) func(modelOptions) tea.Model {
	return func(o modelOptions) tea.Model {
		m := sketches(s)(o).(*sketch)
		m.ticks = 1
		return m
	}
}

func (m *sketch) Init() tea.Cmd {
	if m.ticks == 0 {
		return nil
	}
	return m.tick()
}

func (m *sketch) tick() tea.Cmd {
	return tea.Tick(100*time.Millisecond, func(time.Time) tea.Msg { return sketchTick{} })
}

func (m *sketch) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case sketchTick:
		if m.frozen {
			return m, nil
		}
		m.ticks++
		m.stat.ticks.Add(1)
		return m, m.tick()
	case wakeMsg:
		m.stat.woken.Add(1)
	case tea.KeyMsg:
		var cmds []tea.Cmd
		for _, k := range splitKeys(msg) {
			m.keys++
			m.stat.keys.Add(1)
			cmds = append(cmds, m.key(k.String()))
		}
		return m, tea.Batch(cmds...)
	}
	return m, nil
}

func leaving(how Leave) tea.Cmd { return func() tea.Msg { return leaveMsg{how} } }

func trouble() tea.Msg { panic("trouble in a command") }

func (m *sketch) key(k string) tea.Cmd {
	switch k {
	case "q":
		return leaving(Left)
	case "k":
		return leaving(Keep)
	case "s":
		return leaving(Stop)
	case "c":
		return func() tea.Msg { return copyMsg{"curl -v http://git.home.lan/"} }
	case "C":
		return func() tea.Msg { return copyMsg{strings.Repeat("x", maxCopy+1)} }
	case "f":
		m.frozen = true
	case "h":
		<-m.stat.hold
	case "U":
		panic("trouble in Update")
	case "V":
		m.broken = true
	case "1":
		return trouble
	case "2":
		return tea.Batch(trouble, trouble)
	case "3":
		return tea.Sequence(tea.Batch(nil, trouble), trouble)
	}
	return nil
}

// View fills the window. Each tick changes every line in another way, so that
// no shift saves anything.
func (m *sketch) View() string {
	if m.broken {
		panic("trouble in View")
	}
	if m.last != "" && m.o.Gate.Busy() {
		m.stat.skipped.Add(1)
		return m.last
	}
	lines := make([]string, max(1, m.h))
	for i := range lines {
		lines[i] = strings.Repeat(string(rune('a'+i*m.ticks%26)), m.w)
	}
	head := fmt.Sprintf("%dx%d keys=%d ", m.w, m.h, m.keys)
	lines[0] = (head + lines[0])[:max(1, m.w)]
	m.last = strings.Join(lines, "\n")
	return m.last
}
