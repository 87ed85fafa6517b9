package quietterm_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	_ "forge.home.arpa/portico/tui/quietterm"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
)

// helperEnv makes the test binary a program that links Bubble Tea, prints one
// word and ends, as "portico version" does.
const helperEnv = "QUIETTERM_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		tea.Quit() // linked, and used
		os.Stdout.WriteString("version\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestNothingIsAsked runs the binary on a terminal that never replies. Without
// this package it writes OSC 11 and a cursor report before main.
func TestNothingIsAsked(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperEnv+"=1", "TERM=xterm-256color", "COLORTERM=", "CI=")
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	// A helper that hangs is killed, so that the read below ends.
	stop := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer stop.Stop()
	said := readAll(master)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("helper: %v", err)
	}
	if want := "version\r\n"; string(said) != want {
		t.Errorf("the terminal was sent %q, want only %q", said, want)
	}
}

// readAll reads until the last process has closed the terminal, which a pty
// tells as an input/output error.
func readAll(master *os.File) []byte {
	var all bytes.Buffer
	all.ReadFrom(master)
	return all.Bytes()
}
