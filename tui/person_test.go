package tui

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// person sits before a console: presses keys, waits, looks. It runs inside a
// synctest bubble, so waiting takes no time and every clock agrees.
type person struct {
	t    *testing.T
	m    *model
	msgs chan tea.Msg
	seen sight     // and found whole
	got  []tea.Msg // what is not for the model: leaveMsg, copyMsg, ...
}

// sight is a frame in the window it was drawn for.
type sight struct {
	frame string
	w, h  int
}

// atNoon runs a test in a bubble whose clock says 12:08 on 1 January 2000.
func atNoon(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12*time.Hour + 8*time.Minute)
		test(t)
	})
}

// sit opens a console and waits until it has looked at everything.
func sit(t *testing.T, s Source, o modelOptions) *person {
	t.Helper()
	o.Now = func() time.Time { return time.Now().UTC() }
	p := &person{t: t, m: newModel(s, o).(*model), msgs: make(chan tea.Msg, 4096)}
	t.Cleanup(func() { time.Sleep(time.Minute) }) // the last ticks end
	p.run(p.m.Init())
	p.settle()
	p.look()
	return p
}

func (p *person) run(c tea.Cmd) {
	if c == nil {
		return
	}
	go func() { p.msgs <- c() }()
}

// settle handles messages until nothing but time can bring another.
func (p *person) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-p.msgs:
			p.handle(msg)
		default:
			return
		}
	}
}

func (p *person) handle(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			p.run(c)
		}
	case tickMsg, then, tea.KeyMsg, tea.WindowSizeMsg, wakeMsg:
		_, c := p.m.Update(msg)
		p.run(c)
	default:
		p.got = append(p.got, msg)
	}
}

// wait lets time pass.
func (p *person) wait(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(50*time.Millisecond, time.Until(end)))
		p.settle()
		p.look()
	}
}

// press presses keys by the names that Bubble Tea gives them.
func (p *person) press(keys ...string) {
	for _, k := range keys {
		p.handle(keyMsg(k))
		p.settle()
		p.look()
	}
}

// write types text, a key a character.
func (p *person) write(s string) {
	for _, r := range s {
		p.press(string(r))
	}
}

func (p *person) resize(w, h int) {
	p.handle(tea.WindowSizeMsg{Width: w, Height: h})
	p.settle()
}

// look returns the frame; every frame must be whole.
func (p *person) look() string {
	p.t.Helper()
	seen := sight{p.m.View(), p.m.w, p.m.h}
	if seen != p.seen {
		checkFrame(p.t, seen.frame, seen.w, seen.h, p.m.look)
		p.seen = seen
	}
	return seen.frame
}

// text is the frame without colours.
func (p *person) text() string { return ansi.Strip(p.look()) }

// line is the first line of the frame that has s.
func (p *person) line(s string) string {
	for l := range strings.SplitSeq(p.text(), "\n") {
		if strings.Contains(l, s) {
			return l
		}
	}
	return ""
}

func (p *person) sees(all ...string) {
	p.t.Helper()
	for _, s := range all {
		if !strings.Contains(p.text(), s) {
			p.t.Errorf("%q is not on the screen:\n%s", s, p.text())
		}
	}
}

func (p *person) misses(all ...string) {
	p.t.Helper()
	for _, s := range all {
		if strings.Contains(p.text(), s) {
			p.t.Errorf("%q is on the screen:\n%s", s, p.text())
		}
	}
}

// keyMsg makes the message of a key.
func keyMsg(name string) tea.KeyMsg {
	if name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	for t := tea.KeyType(-100); t < 128; t++ {
		if k := (tea.KeyMsg{Type: t}); k.String() == name && t != tea.KeyRunes {
			return k
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// checkFrame fails unless the frame has h lines of at most w cells and nothing
// in it but text, our own signs and our own colours.
func checkFrame(t *testing.T, frame string, w, h int, l *look) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Fatalf("%d lines in a window of %d:\n%s", len(lines), h, frame)
	}
	for i, s := range lines {
		if n := ansi.StringWidth(s); n > w {
			t.Fatalf("line %d is %d cells wide in a window of %d: %q", i, n, w, s)
		}
		checkLine(t, s, l)
	}
}

func checkLine(t *testing.T, s string, l *look) {
	t.Helper()
	for s != "" {
		if rest, ok := cutColour(s); ok {
			if !l.colours {
				t.Fatalf("a colour where there must be none: %q", s)
			}
			s = rest
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\ufffd' || r > '~' && !l.utf8 {
			t.Fatalf("%U is drawn: %q", r, s)
		}
		s = s[n:]
	}
}

// cutColour takes one of our own SGR sequences off the front.
func cutColour(s string) (rest string, ok bool) {
	body, ok := strings.CutPrefix(s, "\x1b[")
	if !ok {
		return s, false
	}
	end := strings.IndexByte(body, 'm')
	if end < 0 || strings.Trim(body[:end], "0123456789;") != "" {
		return s, false
	}
	for part := range strings.SplitSeq(body[:end], ";") {
		if !slices.Contains([]string{"", "0", "7", "31", "33", "34", "35", "36"}, part) {
			return s, false
		}
	}
	return body[end+1:], true
}
