package tui

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/tui/screen/emulator"
)

// played is all that a console sent to a window of so many cells in a
// sitting with many requests, and what the emulator shows of it in the end.
func played(t *testing.T, w, h int) (sent []byte, shows []string) {
	t.Helper()
	atNoon(t, func(t *testing.T) {
		world := home()
		routes := world.status.Routes
		store := realStore(t, world, homeFile)
		world.status.Routes = routes
		c := watch(t, world.source(store), w, h)
		defer c.end()
		var all bytes.Buffer
		c.shows.Copy = &all
		c.resize(w, h) // which has the whole of it sent again
		for i, k := range []string{"2", "k", "G", "3", "j", "4", "6", "?", "esc", "1", "2", "enter", "esc", "/", "5", "x", "x", "esc", "2"} {
			c.program.Send(keyMsg(k))
			for j := range i % 5 {
				world.request(40 + i*5 + j)
				time.Sleep(130 * time.Millisecond)
			}
			c.agrees("the key " + k)
		}
		sent = bytes.Clone(all.Bytes())
		for _, row := range c.shows.Cells() {
			shows = append(shows, strings.TrimRight(emulator.Text(row), " "))
		}
	})
	return sent, shows
}

// otherRows tells the rows that are not as they should be.
func otherRows(got, want []string) string {
	var all strings.Builder
	for i := range want {
		row := ""
		if i < len(got) {
			row = strings.TrimRight(got[i], " ")
		}
		if row != want[i] {
			fmt.Fprintf(&all, "row %d\n got %q\nwant %q\n", i+1, row, want[i])
		}
	}
	return all.String()
}

// TestTmuxAgrees plays a sitting to tmux.
func TestTmuxAgrees(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, size := range [][2]int{{80, 24}, {160, 45}, {40, 10}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			sent, want := played(t, size[0], size[1])
			dir := t.TempDir()
			file := filepath.Join(dir, "sent")
			if err := os.WriteFile(file, sent, 0o600); err != nil {
				t.Fatal(err)
			}
			tmux := func(args ...string) string {
				cmd := exec.Command("tmux", append([]string{"-L", filepath.Base(dir)}, args...)...)
				cmd.Env = append(os.Environ(), "TMUX_TMPDIR="+os.TempDir(), "TMUX=", "LC_ALL=C.UTF-8")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("tmux %s: %v: %s", args, err, out)
				}
				return strings.TrimRight(string(out), "\n")
			}
			tmux("-f", "/dev/null", "new", "-d", "-x", fmt.Sprint(size[0]), "-y", fmt.Sprint(size[1]),
				"stty raw -echo; cat "+file+"; sleep 600")
			defer tmux("kill-server")
			other := func() string { return otherRows(strings.Split(tmux("capture-pane", "-p"), "\n"), want) }
			await(t, func() bool { return other() == "" }, other)
		})
	}
}

// TestLinuxAgrees plays a sitting to a virtual terminal of the kernel that
// nobody uses, and reads its cells.
func TestLinuxAgrees(t *testing.T) {
	tty, cells := freeConsole(t)
	size, err := unix.IoctlGetWinsize(int(tty.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		t.Skip("a virtual terminal without a size: ", err)
	}
	w, h := int(size.Col), int(size.Row)
	sent, want := played(t, w, h)
	readCells(t, cells, w) // from now on the kernel keeps Unicode
	if _, err := fmt.Fprintf(tty, "\x1bc\x1b%%G%s", sent); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetInt(int(tty.Fd()), unix.TCSBRK, 1); err != nil { // until it has all been shown
		t.Fatal(err)
	}
	if other := otherRows(readCells(t, cells, w), want); other != "" {
		t.Error(other)
	}
}

// freeConsole opens a virtual terminal that nobody has, and what shows it.
func freeConsole(t *testing.T) (tty, cells *os.File) {
	t.Helper()
	const openQuery, disallocate = 0x5600, 0x5608 // VT_OPENQRY, VT_DISALLOCATE
	all, err := os.OpenFile("/dev/tty0", os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no virtual terminals: ", err)
	}
	defer all.Close()
	n, err := unix.IoctlGetInt(int(all.Fd()), openQuery)
	if err != nil || n < 1 {
		t.Skip("no free virtual terminal: ", err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/tty%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		tty.Close()
		if all, err := os.OpenFile("/dev/tty0", os.O_WRONLY|syscall.O_NOCTTY, 0); err == nil {
			_ = unix.IoctlSetInt(int(all.Fd()), disallocate, n)
			all.Close()
		}
	})
	if cells, err = os.Open(fmt.Sprintf("/dev/vcsu%d", n)); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { cells.Close() })
	return tty, cells
}

// readCells reads rows of w characters.
func readCells(t *testing.T, cells *os.File, w int) (rows []string) {
	t.Helper()
	if _, err := cells.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(cells)
	if err != nil {
		t.Fatal(err)
	}
	for row := range slices.Chunk(raw, 4*w) {
		var b []byte
		for c := range slices.Chunk(row, 4) {
			b = utf8.AppendRune(b, rune(binary.NativeEndian.Uint32(c)))
		}
		rows = append(rows, string(b))
	}
	return rows
}
