package tui

import (
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// maxCopy is how much goes to a clipboard; see copyMsg.
const maxCopy = 64 << 10

// panicError is a panic of the model or of one of its commands.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guard stands between Bubble Tea and the model. It keeps panics from Bubble
// Tea, which would print them on the terminal, and acts on the messages that
// are for the console and not for the model.
type guard struct {
	model tea.Model
	out   io.Writer // the terminal, for sequences that draw nothing
	kill  func()    // ends the program

	mu     sync.Mutex
	how    Leave
	broken *panicError // the first panic
}

// Init starts the model.
func (g *guard) Init() tea.Cmd {
	defer g.catch()
	return g.watch(g.model.Init())
}

// Update passes on what is the model's.
func (g *guard) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	g.update(msg, &cmd)
	return g, cmd
}

func (g *guard) update(msg tea.Msg, cmd *tea.Cmd) {
	defer g.catch()
	switch msg := msg.(type) {
	case leaveMsg:
		g.mu.Lock()
		g.how = msg.how
		g.mu.Unlock()
		*cmd = tea.Quit
		return
	case copyMsg:
		g.copy(msg.text)
		return
	}
	if g.failure() != nil {
		return
	}
	var asked tea.Cmd
	g.model, asked = g.model.Update(msg)
	*cmd = g.watch(asked)
}

// View is empty once the model has failed.
func (g *guard) View() string {
	defer g.catch()
	if g.failure() != nil {
		return ""
	}
	return g.model.View()
}

// watch keeps the panics of a command, and of the commands it returns in a
// batch or a sequence. Bubble Tea's type for the latter is its own; both are
// slices of commands.
func (g *guard) watch(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer g.catch()
		msg := cmd()
		v := reflect.ValueOf(msg)
		if v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
			return msg
		}
		for i := range v.Len() {
			v.Index(i).Set(reflect.ValueOf(g.watch(v.Index(i).Interface().(tea.Cmd))))
		}
		return msg
	}
}

// catch is deferred around all code of the model. What panicked returns zero
// values: no view, no message, no command.
func (g *guard) catch() {
	value := recover()
	if value == nil {
		return
	}
	g.mu.Lock()
	if g.broken == nil {
		g.broken = &panicError{value, debug.Stack()}
	}
	g.mu.Unlock()
	g.kill()
}

// failure returns the first panic, or nil.
func (g *guard) failure() *panicError {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.broken
}

// left says how the person left; Left when nobody asked.
func (g *guard) left() Leave {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.how
}

// copy puts text on the clipboard of the person's terminal. It moves nothing
// on the screen, so it may pass between two frames.
func (g *guard) copy(text string) {
	if len(text) <= maxCopy {
		fmt.Fprintf(g.out, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(text)))
	}
}
