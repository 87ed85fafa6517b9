package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

const (
	quiet     = 40 * time.Millisecond // without a byte: a frame is whole
	keyPause  = 300 * time.Millisecond
	stopAfter = 5 * time.Second
)

// terminal is a program in a terminal that nobody sees.
type terminal struct {
	cmd    *exec.Cmd
	pty    *os.File
	screen vt10x.Terminal
	wrote  atomic.Int64  // when the program last wrote, Unix nanoseconds
	done   chan struct{} // closed when the program's last byte was read
}

// open starts cmd in a terminal of this size.
func open(cmd *exec.Cmd, cols, rows int) (*terminal, error) {
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		return nil, err
	}
	t := &terminal{
		cmd: cmd, pty: f, done: make(chan struct{}),
		screen: vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(f)),
	}
	go t.read()
	return t, nil
}

func (t *terminal) read() {
	defer close(t.done)
	r := bufio.NewReader(t.pty)
	for t.screen.Parse(r) == nil {
		t.wrote.Store(time.Now().UnixNano())
	}
}

// press types keys one by one, as a person does.
func (t *terminal) press(ctx context.Context, keys string) error {
	for _, k := range keys {
		if _, err := io.WriteString(t.pty, string(k)); err != nil {
			return err
		}
		if err := t.pause(ctx, keyPause); err != nil {
			return err
		}
	}
	return nil
}

// pause waits, unless the program ends.
func (t *terminal) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.done:
		return fmt.Errorf("portico ended by itself; it wrote:\n%s", t.screen)
	case <-time.After(d):
		return nil
	}
}

// draw writes the picture of a whole frame: of a moment in which the program
// writes nothing.
func (t *terminal) draw(ctx context.Context, w io.Writer) error {
	for time.Since(time.Unix(0, t.wrote.Load())) < quiet {
		if err := t.pause(ctx, quiet/4); err != nil {
			return err
		}
	}
	t.screen.Lock()
	defer t.screen.Unlock()
	return draw(w, t.screen)
}

// close stops the program.
func (t *terminal) close() error {
	defer t.pty.Close()
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(stopAfter, func() { t.cmd.Process.Kill() })
	defer late.Stop()
	return t.cmd.Wait()
}
