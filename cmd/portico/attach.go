package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/tui"
)

// leaveWait is how long a client that was told to end waits for the service to
// give the terminal back by itself.
const leaveWait = 2 * time.Second

func newAttach(s streams, at *places) *cobra.Command {
	var l looks
	cmd := &cobra.Command{
		Use:   "attach",
		Short: "Open the console of the running portico on this terminal",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			if err := l.check(); err != nil {
				return err
			}
			if !onTerminal(s) {
				return errors.New("attach needs a terminal on stdin and stdout, for itself")
			}
			c, err := at.dial()
			if err != nil {
				return err
			}
			defer c.conn.Close()
			return c.attach(l)
		},
	}
	l.flags(cmd)
	return cmd
}

// attach lends the terminal to the service until its console ends. However
// that comes about, the terminal is as it was afterwards.
func (c *client) attach(l looks) (err error) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	// Stopped, this process could not give the terminal back.
	signal.Ignore(syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)

	// Opened anew, so that no flag set on it leaks into the shell's.
	t, err := tui.OpenTerminal("")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	in, out := t.Descriptors()
	if _, err := c.ask(request{Command: "attach", Env: consoleEnv(), Looks: l}, in, out); err != nil {
		return err
	}
	err = c.wait(told, resized)
	if err != nil && !errors.Is(err, errSilent) {
		// Nobody else gives it back. One that hung up has nothing to restore.
		if e := t.Restore(); e != nil && !errors.Is(e, syscall.EIO) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// wait returns when the console has ended. It returns errSilent where this
// process was told to end and the service gave the terminal back.
func (c *client) wait(told, resized <-chan os.Signal) error {
	if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		a, err := c.next()
		ended <- errors.Join(err, a.problem())
	}()
	for {
		select {
		case <-resized:
			// A full socket is behind on sizes already, and a dead one ends next.
			_ = c.conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = c.conn.Write([]byte{'w'})
		case err := <-ended:
			switch {
			case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
				return fmt.Errorf("portico on %s is gone; this terminal is as it was", c.socket)
			case err != nil:
				return fmt.Errorf("the console on %s ended: %w", c.socket, err)
			}
			return nil
		case sig := <-told:
			return c.leave(sig, ended)
		}
	}
}

// leave hangs up, upon which the service ends the console.
func (c *client) leave(sig os.Signal, ended <-chan error) error {
	_ = c.conn.CloseWrite()
	select {
	case err := <-ended:
		if err == nil {
			return errSilent
		}
	case <-time.After(leaveWait):
	}
	return fmt.Errorf("%s; portico on %s did not give the terminal back", sig, c.socket)
}

// consoleEnv is what decides how a console looks and nothing else: the rest of
// an environment is not the service's business.
func consoleEnv() map[string]string {
	env := map[string]string{}
	for _, name := range tui.Variables {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
	}
	return env
}
