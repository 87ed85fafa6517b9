package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary behave as portico itself, so that tests see
// a real process: its exit code, signals, descriptors and start-up.
const asProgram = "PORTICO_TEST_AS_PROGRAM"

// soon is how long a test waits for what happens at once on an idle machine.
const soon = 20 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// home is a place of its own for one test: nothing of the machine's own
// configuration, state or sockets is found from there.
type home struct {
	t   *testing.T
	dir string
	env []string

	within []string // a command before each of portico, as ip netns exec
}

func newHome(t *testing.T) *home {
	t.Helper()
	// Shorter than t.TempDir: a socket's path has 107 bytes at most.
	dir, err := os.MkdirTemp("", "portico")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := &home{t: t, dir: dir}
	if err := os.Mkdir(h.path("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.env = []string{asProgram + "=1", "HOME=" + dir, "PATH=" + os.Getenv("PATH"),
		"RUNTIME_DIRECTORY=" + h.path("run"), "TERM=xterm-256color", "LANG=C.UTF-8",
		"GORACE=atexit_sleep_ms=20"} // else each process ends a second late under the race detector
	return h
}

func (h *home) path(names ...string) string {
	return filepath.Join(append([]string{h.dir}, names...)...)
}

func (h *home) socket() string { return h.path("run", socketName) }

func (h *home) write(name, text string) string {
	h.t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return h.path(name)
}

func (h *home) command(args ...string) *exec.Cmd {
	args = slices.Concat(h.within, []string{os.Args[0]}, args)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = h.dir, h.env
	return cmd
}

// result is what a finished portico left.
type result struct {
	code     int
	out, err string
}

// run runs portico to its end.
func (h *home) run(args ...string) result { return h.feed("", args...) }

// feed is run with something on stdin.
func (h *home) feed(in string, args ...string) result {
	h.t.Helper()
	var out, err bytes.Buffer
	cmd := h.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &err
	return result{exitStatus(h.t, cmd.Run()), out.String(), err.String()}
}

func exitStatus(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// process is a portico that goes on running.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{} // closed when it ended
	code int           // then
}

// start runs portico in the background until the test ends.
func (h *home) start(args ...string) *process {
	h.t.Helper()
	cmd, log := h.command(args...), &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return h.watch(cmd, log)
}

func (h *home) watch(cmd *exec.Cmd, log *lockedBuffer) *process {
	p := &process{t: h.t, cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
		p.code = cmd.ProcessState.ExitCode()
	}()
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
		if h.t.Failed() {
			h.t.Logf("portico said:\n%s", log)
		}
	})
	return p
}

// serving waits until it says so.
func (p *process) serving() *process {
	p.t.Helper()
	p.says("msg=serving")
	return p
}

// says waits until the text is in its log.
func (p *process) says(text string) {
	p.t.Helper()
	var ended time.Time // what went to a terminal is read a little later
	eventually(p.t, "the log says "+text, func() bool {
		if strings.Contains(p.log.String(), text) {
			return true
		}
		select {
		case <-p.done:
			if ended.IsZero() {
				ended = time.Now()
			}
			if time.Since(ended) > 2*time.Second {
				p.t.Fatalf("portico ended with %d before it said %q", p.code, text)
			}
		default:
		}
		return false
	})
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for its end and returns the exit code.
func (p *process) ends(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.t.Fatalf("portico did not end within %s", within)
	}
	return p.code
}

// running tells that it has not ended.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// eventually polls until ok, and fails the test where that takes too long.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	within(t, soon, what, ok)
}

// within is eventually for what takes its time.
func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", d, what)
		}
	}
}

// lockedBuffer is a buffer that a test reads while a process writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
