package tui

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/tui/screen"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// desk is a terminal on a pty with somebody, or nobody, before it.
type desk struct {
	t        testing.TB
	master   *os.File
	terminal *Terminal
	path     string
	close    func()

	mu     sync.Mutex
	vt     vt10x.Terminal
	sent   bytes.Buffer // all that came from the console
	absent bool         // nobody reads
	blind  bool         // what is read is not looked at: an emulator costs more than a console
	pace   time.Duration
	piece  int // bytes read at a time
}

// newDesk opens a pty whose output is read at once.
func newDesk(t testing.TB, w, h int) *desk {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	path := slave.Name()
	d := &desk{t: t, master: pollable(t, master), path: path, vt: vt10x.New(vt10x.WithSize(w, h)), piece: 1 << 16}
	d.resize(w, h)
	if d.terminal, err = OpenTerminal(path); err != nil {
		t.Fatal(err)
	}
	d.terminal.getenv = variables("TERM", "xterm-256color", "LANG", "en_US.UTF-8", "TZ", "UTC")
	slave.Close()
	var reader sync.WaitGroup
	reader.Go(d.read)
	d.close = sync.OnceFunc(func() {
		d.terminal.Close()
		d.master.Close()
		reader.Wait()
	})
	t.Cleanup(d.close)
	return d
}

// pollable returns a file whose Close ends a Read; pty.Open's would not.
func pollable(t testing.TB, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "ptmx")
}

// read shows on the emulator what the console sends, as fast as the person's
// link lets it.
func (d *desk) read() {
	var rest []byte
	for {
		d.mu.Lock()
		absent, pace, b := d.absent, d.pace, make([]byte, d.piece)
		d.mu.Unlock()
		if absent {
			time.Sleep(time.Millisecond)
			if d.terminal.in.SetReadDeadline(time.Time{}) != nil {
				return // closed
			}
			continue
		}
		time.Sleep(pace)
		n, err := d.master.Read(b)
		if err != nil {
			return
		}
		d.mu.Lock()
		if !d.blind {
			d.sent.Write(b[:n])
			rest = append(rest, b[:n]...)
			whole := len(rest) - screen.PartOfRune(rest) // vt10x would lose the part
			d.vt.Write(rest[:whole])
			rest = rest[whole:]
		}
		d.mu.Unlock()
	}
}

// leaveDesk stops the reading, comeBack goes on with it.
func (d *desk) leaveDesk() { d.set(func() { d.absent = true }) }
func (d *desk) comeBack()  { d.set(func() { d.absent = false }) }

// slowly makes the link take so many bytes a second.
func (d *desk) slowly(rate int) {
	d.set(func() { d.pace, d.piece = 20*time.Millisecond, rate/50 })
}

func (d *desk) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// resize gives the window and the emulator another size, and tells nobody.
func (d *desk) resize(w, h int) {
	d.set(func() { d.vt.Resize(w, h) })
	d.window(w, h)
}

// window gives the window another size, 0 for one that is not known.
func (d *desk) window(w, h int) {
	c, err := d.master.SyscallConn()
	if err == nil {
		c.Control(func(fd uintptr) {
			err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)})
		})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) press(keys string) {
	d.t.Helper()
	if _, err := d.master.WriteString(keys); err != nil {
		d.t.Fatal(err)
	}
}

// shown is the text on the screen, output all that was ever sent.
func (d *desk) shown() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.vt.String()
}

func (d *desk) output() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sent.String()
}

// await waits until the screen shows text.
func (d *desk) await(text string) {
	d.t.Helper()
	await(d.t, func() bool { return strings.Contains(d.shown(), text) }, func() string {
		return "the screen does not show " + text + ":\n" + d.shown()
	})
}

// await waits until ready, or fails with what why says.
func await(t testing.TB, ready func() bool, why func() string) {
	t.Helper()
	for end := time.Now().Add(patience); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(why())
		}
	}
}

// settings is the terminal's termios.
func (d *desk) settings() unix.Termios {
	d.t.Helper()
	s, err := unix.IoctlGetTermios(d.terminal.inFD, unix.TCGETS)
	if err != nil {
		d.t.Fatal(err)
	}
	return *s
}

// ending is how a console ended.
type ending struct {
	how  Leave
	err  error
	took time.Duration // since its end was asked for, where end was
}

// sitting is a console that runs at a desk.
type sitting struct {
	*desk
	log  *logbook
	stop context.CancelFunc
	done chan ending
	once sync.Once
	end  ending
}

// sit runs a console with the model that build makes.
func (d *desk) sit(build func(modelOptions) tea.Model, change ...func(*console)) *sitting {
	ctx, stop := context.WithCancel(context.Background())
	s := &sitting{desk: d, log: &logbook{}, stop: stop, done: make(chan ending, 1)}
	c := &console{
		Options: Options{Terminal: d.terminal, Log: slog.New(slog.NewTextHandler(s.log, nil))},
		build:   build,
		backoff: []time.Duration{time.Millisecond},
	}
	for _, f := range change {
		f(c)
	}
	go func() {
		how, err := c.run(ctx)
		s.done <- ending{how: how, err: err}
	}()
	d.t.Cleanup(func() { s.leave() })
	return s
}

// leave ends the console's context and waits for its end.
func (s *sitting) leave() ending {
	began := time.Now()
	s.stop()
	e := s.wait()
	e.took = time.Since(began)
	return e
}

// wait waits for the console's end.
func (s *sitting) wait() ending {
	s.once.Do(func() {
		select {
		case s.end = <-s.done:
		case <-time.After(patience):
			s.t.Error("the console does not end")
		}
	})
	return s.end
}

// logbook collects a log.
type logbook struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
