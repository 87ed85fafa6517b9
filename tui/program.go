package tui

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"forge.home.arpa/portico/tui/screen"

	tea "github.com/charmbracelet/bubbletea"
)

const (
	finishWithin = 100 * time.Millisecond // to write the rest when the console ends
	stuckAfter   = time.Second            // Bubble Tea must end this long after Kill
	sizeEvery    = time.Second            // to see a new size that no signal told
)

var errStuck = errors.New("the console does not end and was left behind")

// program is one life of the console on its terminal.
type program struct {
	*console
	keys    *keyboard
	out     *screen.Screen
	guard   *guard
	tea     *tea.Program
	drained chan struct{} // cap 1
	repaint atomic.Bool   // what was drawn last did not all arrive
}

// live runs one program. Its error is a panicError when the program failed.
func (c *console) live(ctx context.Context) (Leave, error) {
	if err := c.Terminal.raw(); err != nil {
		return Gone, err
	}
	defer c.Terminal.cooked() // fails only where there is no terminal left
	keys, err := newKeyboard(c.Terminal.inFD)
	if err != nil {
		return Gone, err
	}
	defer keys.stop()
	p := c.program(keys)
	how, err := p.run(ctx)
	last := screen.Wrap
	if p.out.Lost() > 0 || errors.Is(err, errStuck) {
		last = screen.Reset
	}
	if p.out.Finish(finishWithin, last) != nil {
		c.Terminal.rescue()
	}
	return how, err
}

// program puts the parts together. Bubble Tea gets a plain reader and writer,
// no terminal: it would set modes, listen for signals and close what is in use
// on its own.
func (c *console) program(keys *keyboard) *program {
	p := &program{console: c, keys: keys, drained: make(chan struct{}, 1)}
	p.out = screen.New(c.Terminal.out, p.onDrained)
	p.out.Write([]byte(screen.NoWrap))
	p.guard = &guard{out: p.out, kill: func() { p.tea.Kill() }}
	p.tea = tea.NewProgram(p.guard, tea.WithAltScreen(), tea.WithFPS(p.framesPerSecond()),
		tea.WithInput(keys), tea.WithOutput(screen.NewShift(p.out)), tea.WithoutSignalHandler())
	return p
}

// framesPerSecond is how often Bubble Tea looks whether there is a new frame. At
// 60 a key waits 17 ms, at 10 up to 100; but 60 take 1% of a core where nothing
// happens, and the wall hangs there day and night.
func (p *program) framesPerSecond() int {
	if p.Page == wallName {
		return 10
	}
	return 60
}

func (p *program) modelOptions() modelOptions {
	t := p.Terminal
	w, h := t.Size()
	return modelOptions{
		Env:        newEnvironment(t.getenv, p.Theme, p.Signs),
		Gate:       p.out,
		Foreground: p.Foreground,
		Page:       p.Page,
		Blank:      p.Blank,
		Locked:     p.Locked,
		Width:      w,
		Height:     h,
		Now:        clock(t.getenv),
		Recall:     &p.recall,
	}
}

// run runs Bubble Tea, and ends it when ctx does or the terminal is lost.
func (p *program) run(ctx context.Context) (Leave, error) {
	p.make()
	if broken := p.guard.failure(); broken != nil {
		return Gone, broken
	}
	alive, end := context.WithCancel(context.Background())
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer end()
	helpers.Go(func() { p.feed(alive) })
	done := make(chan error, 1)
	go func() { _, err := p.tea.Run(); done <- err }()
	select {
	case err := <-done:
		return p.verdict(ctx, err)
	case <-ctx.Done():
	case <-p.out.Dead():
	case <-p.keys.lost:
	}
	p.tea.Kill()
	select {
	case err := <-done:
		return p.verdict(ctx, err)
	case <-time.After(stuckAfter):
		return Gone, errStuck
	}
}

// make makes the model; it may fail as the model may.
func (p *program) make() {
	defer p.guard.catch()
	p.guard.model = p.build(p.modelOptions())
}

// verdict says how the program ended; err is what Bubble Tea returned.
func (p *program) verdict(ctx context.Context, err error) (Leave, error) {
	if broken := p.guard.failure(); broken != nil {
		return Gone, broken
	}
	switch {
	case err == nil:
		return p.guard.left(), nil
	case ctx.Err() != nil:
		return Left, nil
	case p.out.Err() != nil:
		return Gone, p.out.Err()
	case p.keys.reason() != nil:
		return Gone, p.keys.reason()
	}
	return Gone, err
}

// onDrained runs on the screen's goroutine.
func (p *program) onDrained(lost int) {
	if lost > 0 {
		p.repaint.Store(true)
	}
	select {
	case p.drained <- struct{}{}:
	default:
	}
}

// feed tells the model of the window and of the terminal that drained. Each
// size makes Bubble Tea write a whole frame at once, even where View returns
// the last one; so a size waits until the terminal has taken what there is. A
// window that is dragged over a slow link would else pile up seconds of frames.
func (p *program) feed(alive context.Context) {
	winch := make(chan os.Signal, 1)
	if p.Foreground {
		signal.Notify(winch, syscall.SIGWINCH)
		defer signal.Stop(winch)
	}
	look := time.NewTicker(sizeEvery)
	defer look.Stop()
	var told tea.WindowSizeMsg
	due := true
	for {
		if due && !p.out.Busy() {
			told, due = p.size(), false
			p.tea.Send(told)
		}
		select {
		case <-alive.Done():
			return
		case <-winch:
			due = true
		case _, ok := <-p.Resized:
			if !ok {
				p.Resized = nil
			}
			due = true
		case <-look.C:
			due = due || p.size() != told
		case <-p.drained:
			due = p.repaint.Swap(false) || due
			if !due {
				p.tea.Send(wakeMsg{})
			}
		}
	}
}

func (p *program) size() tea.WindowSizeMsg {
	w, h := p.Terminal.Size()
	return tea.WindowSizeMsg{Width: w, Height: h}
}
