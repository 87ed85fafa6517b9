package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/tui"
)

// attachCommand answers `attach` on the control socket: it draws a console on
// the terminal that the caller lends.
func (sv *service) attachCommand() command {
	return func(ctx context.Context, c *caller) error {
		t, err := c.terminal()
		if err != nil {
			return err
		}
		defer t.Close()
		if err := c.answer(answer{}); err != nil {
			return err
		}
		ctx, hungUp := context.WithCancel(ctx)
		resized, followed := make(chan struct{}, 1), make(chan struct{})
		go func() {
			defer close(followed)
			defer hungUp()
			c.follow(resized)
		}()
		sv.log.Info("console attached", "user", c.user)
		leave, err := tui.Run(ctx, c.request.Looks.apply(tui.Options{
			Terminal: t, Resized: resized, Log: sv.log,
		}), sv.source(c.user))
		sv.log.Info("console detached", "user", c.user, "how", leave.String())
		_ = c.conn.CloseRead() // which ends follow
		<-followed
		if err != nil {
			return err
		}
		return c.answer(answer{Left: leave.String()})
	}
}

// terminal takes the caller's files over, where they can be drawn on without
// harm: an output that blocks would hold a console up for good.
func (c *caller) terminal() (*tui.Terminal, error) {
	if len(c.files) != terminalFiles {
		return nil, fmt.Errorf("attach needs %d open files of a terminal, not %d", terminalFiles, len(c.files))
	}
	in, out := c.files[0], c.files[1]
	flags, err := unix.FcntlInt(uintptr(descriptor(out)), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		return nil, errors.New("attach needs an output that does not block")
	}
	t, err := tui.FromFiles(in, out, func(name string) string { return c.request.Env[name] })
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	c.files = nil
	return t, nil
}

// follow reads the caller's size changes until it hangs up.
func (c *caller) follow(resized chan<- struct{}) {
	if c.conn.SetReadDeadline(time.Time{}) != nil {
		return
	}
	part := make([]byte, 64)
	for {
		if n, err := c.conn.Read(part); n == 0 || err != nil {
			return
		}
		nudge(resized)
	}
}
