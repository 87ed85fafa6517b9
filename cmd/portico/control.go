package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxCallers bounds the connections to the control socket, consoles included.
const maxCallers = 16

// control answers on the control socket; wire.go says how.
type control struct {
	listener *net.UnixListener
	gate     gate
	commands map[string]command
	log      *slog.Logger
}

// command answers a caller. An error it returns is sent to the caller.
type command func(ctx context.Context, c *caller) error

// caller is a connection whose request was read. A command that keeps its files
// sets them to nil; the others are closed.
type caller struct {
	conn    *net.UnixConn
	user    string
	request request
	files   []*os.File
}

func (c *caller) answer(a answer) error { return send(c.conn, answerWait, a) }

func (c *control) path() string { return c.listener.Addr().String() }

// listenControl makes the socket. A socket that a portico left behind when it
// died is removed only where this one holds the lock; one that answers never.
func listenControl(path string, locked bool, g gate) (*net.UnixListener, error) {
	if err := clearSocket(path, locked); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if errors.Is(err, unix.EINVAL) {
		return nil, fmt.Errorf("control socket %s: the path is longer than a socket's may be (name a shorter one with --socket)", path)
	}
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := g.restrict(path); err != nil {
		l.Close()
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}

func clearSocket(path string, locked bool) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("something else is there (name another with --socket)")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return errors.New("another portico answers there (name another with --socket)")
	}
	if !locked || !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("a socket is there already: %w", err)
	}
	return os.Remove(path)
}

// Run answers until ctx ends, and returns when every caller is gone. The
// socket's file is removed.
func (c *control) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { c.listener.Close() })()
	slots := make(chan struct{}, maxCallers)
	var callers sync.WaitGroup
	defer callers.Wait()
	for {
		conn, err := c.listener.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			// Out of files, most likely; a moment later there may be some.
			c.log.Warn("control socket", "error", err)
			pause(ctx, time.Second)
			continue
		}
		select {
		case slots <- struct{}{}:
			callers.Go(func() {
				defer func() { <-slots }()
				c.serve(ctx, conn)
			})
		default:
			c.refuse(conn, fmt.Errorf("%d connections are open already", maxCallers))
		}
	}
}

// serve answers one caller. When ctx ends, what waits for the caller sees the
// end of its input; an answer may still be written.
func (c *control) serve(ctx context.Context, conn *net.UnixConn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.CloseRead() })()
	user, err := c.gate.admit(conn)
	if err != nil {
		c.log.Warn("control socket: a caller was refused", "error", err)
		c.refuse(conn, err)
		return
	}
	r, files, err := readRequest(conn)
	if err != nil {
		c.refuse(conn, err)
		return
	}
	one := &caller{conn, user, r, files}
	defer func() { closeAll(one.files) }()
	do, ok := c.commands[r.Command]
	if !ok {
		c.refuse(conn, fmt.Errorf("this portico does not know %q", r.Command))
		return
	}
	if err := do(ctx, one); err != nil {
		c.refuse(conn, err)
	}
}

// refuse says why and hangs up; a caller that is gone needs no answer.
func (c *control) refuse(conn *net.UnixConn, why error) {
	defer conn.Close()
	if err := send(conn, time.Second, answer{Error: why.Error()}); err != nil {
		c.log.Debug("control socket: answer", "error", err)
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
