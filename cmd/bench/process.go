//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a running program.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended
}

// pinned makes a command that runs on one core with all its children: bench
// starts itself, moves there, and becomes the program. A Go program then sees
// a machine with one core. When ctx ends the program gets SIGTERM, and SIGKILL
// after 3 seconds.
func pinned(ctx context.Context, cpu int, program string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"pin", strconv.Itoa(cpu), program}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	return cmd, nil
}

// pinnedRole is pinned for one of bench's own roles.
func pinnedRole(ctx context.Context, cpu int, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd, err := pinned(ctx, cpu, self, args...)
	if err == nil {
		cmd.Stderr = os.Stderr
	}
	return cmd, err
}

// pinRole moves to the core args[0] and becomes the program args[1].
func pinRole(_ context.Context, args []string, _ io.Writer) error {
	if len(args) < 2 {
		return errors.New("pin needs a core and a program")
	}
	cpu, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	runtime.LockOSThread() // exec keeps the affinity of the thread that calls it
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("move to core %d: %w", cpu, err)
	}
	return fmt.Errorf("start %s: %w", args[1], unix.Exec(args[1], args[1:], os.Environ()))
}

// launch starts a command; running counts it until its end.
func launch(cmd *exec.Cmd, running *sync.WaitGroup) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, done: make(chan struct{})}
	running.Go(func() {
		defer close(p.done)
		cmd.Wait() // how it ended is in what it wrote
	})
	return p, nil
}
