//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	startTimeout = 10 * time.Second
	settle       = 500 * time.Millisecond // from listening until memory is read
)

// entrant is a contender that runs, and what its rounds cost.
type entrant struct {
	name    string
	address string
	proxy   *process
	atStart int64 // bytes resident before the first request
	after   int64 // after the last
	rounds  []round
}

// start starts the proxy and waits until it listens.
func (c contender) start(ctx context.Context, cpu int, s setup, running *sync.WaitGroup) (*entrant, error) {
	s.Dir = filepath.Join(s.Dir, c.name)
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		return nil, err
	}
	program, err := c.find(ctx, s.Dir)
	if err != nil {
		return nil, err
	}
	s.Config = filepath.Join(s.Dir, c.file)
	if s.Listen, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := c.write(s); err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(s.Dir, "output"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	cmd, err := pinned(ctx, cpu, program, c.args(s)...)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = said, said
	e := &entrant{name: c.name, address: s.Listen}
	if e.proxy, err = launch(cmd, running); err != nil {
		return nil, err
	}
	if err := e.listens(ctx); err != nil {
		return nil, fmt.Errorf("%w; it wrote:\n%s", err, lastOf(said.Name()))
	}
	return e, e.rest(ctx)
}

// listens waits until the proxy accepts a connection.
func (e *entrant) listens(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		c, err := net.Dial("tcp", e.address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-e.proxy.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not listen on %s: %w", e.address, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// rest lets the proxy settle and reads what memory it has.
func (e *entrant) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settle):
	}
	u, err := usageOf(e.proxy.pid)
	e.atStart = u.resident
	return err
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// lastOf returns the last 2 KB of a file.
func lastOf(path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-2048):]
}
