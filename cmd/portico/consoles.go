package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/tui"
)

// displayAgain is how long a display waits for its next console: long enough
// for a terminal that is being reset, short enough for a person before it.
const displayAgain = 5 * time.Second

// source is what every console reads; user is who edits.
func (sv *service) source(user string) tui.Source {
	return tui.Source{
		Proxy:   sv.server,
		Store:   sv.store,
		Version: version(),
		User:    user,
		Notices: func() []string { return slices.Concat(sv.notices, sv.ports.warnings()) },
		Log:     sv.book.Lines,
		Locks:   locks{sv},
		Probe:   proxy.ProbeTarget,
	}
}

// front is the console on the terminal portico was started from. A nil one is
// none.
type front struct {
	terminal *tui.Terminal
	drawing  atomic.Bool
}

// restore gives the terminal back on a way out that the console does not see.
func (f *front) restore() {
	if f != nil && f.drawing.Load() {
		_ = f.terminal.Restore()
	}
}

// openFront opens the terminal portico was started from, where there is one.
func (sv *service) openFront(o serveOptions) *front {
	if o.headless || o.console != "" || !onTerminal(sv.streams) {
		leaveTerminal()
		return nil
	}
	t, err := tui.OpenTerminal("")
	if err != nil {
		sv.notice(fmt.Errorf("no console here: %w", err))
		return nil
	}
	// Hidden until the console ends, so that nothing is printed before it.
	if _, shown := terminalOf(sv.err); shown {
		sv.book.Hide()
	}
	return &front{terminal: t}
}

// foreground draws until a person leaves or the terminal is lost. Neither ends
// the proxy, unless the person says so: that is as SIGTERM, so it is one.
func (sv *service) foreground(ctx context.Context, f *front, o serveOptions) error {
	defer f.terminal.Close()
	f.drawing.Store(true)
	leave, err := tui.Run(ctx, o.looks.apply(tui.Options{
		Terminal: f.terminal, Foreground: true, Log: sv.log,
	}), sv.source(""))
	f.drawing.Store(false)
	sv.book.Show()
	switch {
	case ctx.Err() != nil:
	case leave == tui.Stop:
		return unix.Kill(unix.Getpid(), unix.SIGTERM)
	case leave == tui.Gone:
		sv.log.Warn("the console is gone, portico goes on serving", "error", err)
	default:
		fmt.Fprintln(sv.out, sv.wayBack())
	}
	return nil
}

// wayBack says how to see the console again.
func (sv *service) wayBack() string {
	if sv.control == nil {
		return fmt.Sprintf("portico keeps serving (pid %d); without a control socket no console can be attached", os.Getpid())
	}
	how := "portico attach"
	if path := sv.control.path(); !slices.Contains((&places{}).clientSockets(), path) {
		how += " --socket " + path
	}
	return fmt.Sprintf("portico keeps serving; `%s` brings the console back", how)
}

// display draws on a terminal that belongs to the console alone, as a Pi's own
// screen, again and again: a display without a picture helps nobody. One that is
// left comes back at once, locked; one that is lost or not there is tried again,
// and why is logged when it changes.
func (sv *service) display(ctx context.Context, o serveOptions) error {
	why := ""
	for ctx.Err() == nil {
		err := sv.displayOnce(ctx, o)
		if err == nil {
			why = ""
			continue
		}
		if err.Error() != why {
			why = err.Error()
			sv.log.Warn("the console on the display ended", "terminal", o.console, "error", err)
		}
		pause(ctx, displayAgain)
	}
	return nil
}

func (sv *service) displayOnce(ctx context.Context, o serveOptions) error {
	t, err := tui.OpenTerminal(o.console)
	if err != nil {
		return err
	}
	_, err = tui.Run(ctx, o.looks.apply(tui.Options{
		Terminal: t, Locked: true, Log: sv.log,
	}), sv.source(""))
	return errors.Join(err, t.Close())
}
