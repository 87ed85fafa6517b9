package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"
)

// roleEnv makes the test binary another program: a fresh process with a
// terminal that controls it.
const roleEnv = "PORTICO_TUI_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "":
		os.Exit(m.Run())
	case "foreground":
		foreground(sketches(&stat{}))
	case "home":
		atHome()
	case "shell":
		startInBackground()
	}
}

// foreground is portico in a terminal, and tells how it was left.
func foreground(build func(modelOptions) tea.Model) {
	t, err := OpenTerminal("")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := console{Options: Options{Terminal: t, Foreground: true}, build: build, backoff: backoff}
	how, err := c.run(context.Background())
	fmt.Println("ended:", how, err)
}

// atHome is portico in a terminal with a home behind it.
func atHome() {
	dir, err := os.MkdirTemp("", "portico")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	w := home()
	store, err := w.openStore(dir, homeFile)
	if err != nil {
		fmt.Println(err)
		return
	}
	foreground(func(o modelOptions) tea.Model { return newModel(w.source(store), o) })
}

// startInBackground is a shell that starts portico with an &.
func startInBackground() {
	self, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	job := exec.Command(self)
	job.Env = append(os.Environ(), roleEnv+"=foreground")
	job.Stdin, job.Stdout, job.Stderr = os.Stdin, os.Stdout, os.Stderr
	job.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := job.Start(); err != nil {
		fmt.Println(err)
		return
	}
	// A job that the kernel stops for touching the terminal never ends.
	var status unix.WaitStatus
	for errors.Is(wait(job.Process.Pid, &status), unix.EINTR) {
	}
	if status.Stopped() {
		fmt.Println("stopped by", status.StopSignal())
		job.Process.Kill()
	}
}

func wait(pid int, status *unix.WaitStatus) error {
	_, err := unix.Wait4(pid, status, unix.WUNTRACED, nil)
	return err
}

// start runs a role in a process of its own on the desk's terminal.
func (d *desk) start(role string) *exec.Cmd {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	tty, err := os.OpenFile(d.path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer tty.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "TERM=xterm-256color", "COLORTERM=", "CI=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	stop := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	d.t.Cleanup(func() { stop.Stop() })
	return cmd
}

// TestForeground runs a whole process: it asks the terminal nothing from its
// first instruction on, hears of a resize by SIGWINCH, and leaves the screen
// for what is said next.
func TestForeground(t *testing.T) {
	d := newDesk(t, 80, 24)
	before := d.settings()
	cmd := d.start("foreground")
	d.await("80x24 keys=0")
	if out := d.output(); strings.Contains(out, "\x1b]11") || strings.Contains(out, "\x1b[6n") || strings.Contains(out, "\x1b[c") {
		t.Errorf("the terminal was asked something: %q", out)
	}
	d.resize(100, 30)
	d.await("100x30 keys=0")
	d.press("k")
	d.await("ended: keep <nil>")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if d.settings() != before {
		t.Error("the terminal's settings are not restored")
	}
}

// TestBackgroundJob holds that a job started with & is told so, and not
// stopped with the whole proxy in it.
func TestBackgroundJob(t *testing.T) {
	d := newDesk(t, 80, 24)
	cmd := d.start("shell")
	d.await("belongs to another job")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if strings.Contains(d.output(), "stopped by") {
		t.Errorf("the job was stopped: %q", d.output())
	}
}
