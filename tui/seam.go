package tui

import "time"

// Leave says how a console ended.
type Leave uint8

const (
	// Left: the person closed this console; the proxy goes on.
	Left Leave = iota
	// Keep: the foreground's console is closed and the proxy keeps serving.
	Keep
	// Stop: the person asked the proxy to stop, as SIGTERM would.
	Stop
	// Gone: the terminal was lost, or the console gave up; the proxy goes on.
	Gone
)

// String returns the word the log uses.
func (l Leave) String() string {
	switch l {
	case Left:
		return "left"
	case Keep:
		return "keep"
	case Stop:
		return "stop"
	}
	return "gone"
}

// leaveMsg is what the model returns as a command's message when a person
// leaves the console.
type leaveMsg struct{ how Leave }

// frameGate tells the model whether the terminal still writes the last frame.
// While it does, View returns the frame it returned last: a new one would
// only wait behind it and be old when it shows.
type frameGate interface{ Busy() bool }

// wakeMsg says that the terminal has drained, so the next View is shown at once.
type wakeMsg struct{}

// copyMsg asks for text to be put on the clipboard of the person's terminal
// (OSC 52); the model returns it as a command's message. More than
// maxCopy bytes are refused, since terminals drop long ones in silence.
type copyMsg struct{ text string }

// environment is what the look of the console is decided from, once a console.
type environment struct {
	Colors int  // 0 (no colour at all), 16 or 256
	UTF8   bool // the client's locale decodes UTF-8; else signs are ASCII
	Linux  bool // the kernel's own virtual terminal (TERM=linux): 512 glyphs
	Light  bool // dark text on a light background
}

// modelOptions is all a model needs beside its Source.
type modelOptions struct {
	Env           environment
	Gate          frameGate
	Foreground    bool             // q at the top asks keep or stop; else it leaves
	Page          string           // the page it opens on; "" is Now
	Blank         Hours            // when the wall is dark
	Locked        bool             // editing is locked at start, and again after a while
	Width, Height int              // cells, never 0; a WindowSizeMsg follows each change
	Now           func() time.Time // in the client's time zone
	Recall        *recall          // nil for none yet
}
