// Package tui is the console: what people see of the proxy and press to change
// it.
//
// It owns the terminal while Run runs, the pages and their keys. It reads the
// proxy through a Source, by pulling; it deliberately does not know HTTP,
// configuration files or how records are kept, and nothing in the proxy waits
// for it: a terminal that stalls, hangs up or is closed costs the proxy
// nothing. Several consoles may run at once, each on a Terminal of its own;
// a Terminal serves one at a time.
//
// Whoever links this package links tui/quietterm with it, and so asks the
// terminal nothing before main.
package tui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	_ "forge.home.arpa/portico/tui/quietterm" // before Bubble Tea, see there

	tea "github.com/charmbracelet/bubbletea"
)

// Options of a console.
type Options struct {
	Terminal   *Terminal
	Foreground bool   // the proxy runs in this process and terminal: q asks keep or stop
	Page       string // opens there, see Pages; "" is Now
	Blank      Hours  // when the wall is dark
	Locked     bool   // editing is locked at start, and again after a while
	Theme      Theme
	Signs      Signs

	// Resized tells that the window may have another size now: a client
	// forwards its SIGWINCH. The foreground listens for its own.
	Resized <-chan struct{}

	// Log gets what goes wrong with the console; nil is silence. It must not
	// write to the terminal while the console is on it.
	Log *slog.Logger
}

// healthy is how long a console must have lived for earlier failures not to
// count any more.
const healthy = time.Minute

// backoff is how long the console waits after a failure, the last for each
// further one; after maxFailures it stays away.
var backoff = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second}

const maxFailures = 5

// Run shows the console until a person leaves it, the terminal is lost or ctx
// ends, and restores the terminal. It returns within 300 ms of the end of ctx
// even when nobody reads the terminal, and leaves no goroutine behind but the
// model's own commands, which have deadlines.
//
// A panic of the console is logged and the console started again, five times
// at most in a row. An error comes with Gone: why the terminal was lost, or
// could not be used at all. The end of ctx is Left without an error.
//
// The SIGHUP of a lost terminal and SIGTSTP stay with main: by default the one
// ends and the other stops the whole process.
func Run(ctx context.Context, o Options, s Source) (Leave, error) {
	c := console{Options: o, backoff: backoff, build: func(m modelOptions) tea.Model { return newModel(s, m) }}
	return c.run(ctx)
}

// console is what all the lives of a console share.
type console struct {
	Options
	build   func(modelOptions) tea.Model
	backoff []time.Duration
	recall  recall
}

func (c *console) run(ctx context.Context) (Leave, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for failures := 0; ; {
		began := time.Now()
		how, err := c.live(ctx)
		var broken *panicError
		if !errors.As(err, &broken) {
			return how, err
		}
		c.Log.Error("console failed", "panic", fmt.Sprint(broken.value), "stack", string(broken.stack))
		if time.Since(began) > healthy {
			failures = 0
		}
		failures++
		if failures == maxFailures {
			c.Terminal.say("portico: the console failed again and stays away; the log has the reason\r\n")
			return Gone, fmt.Errorf("the console failed %d times in a row: %w", failures, broken)
		}
		if !c.pause(ctx, failures) {
			return Left, nil
		}
	}
}

// pause waits before the console comes again; false means that ctx ended.
func (c *console) pause(ctx context.Context, failures int) bool {
	d := c.backoff[min(failures, len(c.backoff))-1]
	c.Terminal.say(fmt.Sprintf("portico: the console failed and is back in %v; the log has the reason\r\n", d))
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
