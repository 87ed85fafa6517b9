package tui

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// packets returns a keyboard and a writer of which each write is one read, as
// bytes come over a slow link.
func packets(t *testing.T) (*keyboard, *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_DIRECT|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(fds[1]), "keys")
	k, err := newKeyboard(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.stop(); w.Close(); unix.Close(fds[0]) })
	return k, w
}

func TestKeyboardReads(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		want   []string // what each Read returns
	}{
		{"a key", []string{"j"}, []string{"j"}},
		{"two keys one by one", []string{"j", "k"}, []string{"j", "k"}},
		{"an arrow in parts", []string{"\x1b", "[", "A"}, []string{"\x1b[A"}},
		{"a function key of Linux in parts", []string{"\x1b[", "[", "B"}, []string{"\x1b[[B"}},
		{"a key with parameters in parts", []string{"\x1b[1", ";5", "C", "x"}, []string{"\x1b[1;5C", "x"}},
		{"a wide character in parts", []string{"\xe6", "\x97", "\xa5"}, []string{"日"}},
		{"esc alone", []string{"\x1b"}, []string{"\x1b"}},
		{"half a character, then a key", []string{"\xe6", "j"}, []string{"\xe6j"}},
		{"no UTF-8 at all", []string{"\xff\xfe"}, []string{"\xff\xfe"}},
		{"a paste in parts is passed on", []string{"\x1b[200~a\x1b", "b\x1b[201~"}, []string{"\x1b[200~a\x1b", "b\x1b[201~"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, w := packets(t)
			for _, s := range c.writes {
				w.WriteString(s)
			}
			for _, want := range c.want {
				var p [256]byte
				if n, err := k.Read(p[:]); string(p[:n]) != want || err != nil {
					t.Fatalf("Read = %q, %v, want %q", p[:n], err, want)
				}
			}
		})
	}
}

// TestKeyboardWaitsForACharacter: a link that stalls within one loses nothing,
// and what came before it is not held up.
func TestKeyboardWaitsForACharacter(t *testing.T) {
	k, w := packets(t)
	var p [256]byte
	w.WriteString("j\xe6")
	if n, err := k.Read(p[:]); string(p[:n]) != "j" || err != nil {
		t.Fatalf("Read = %q, %v", p[:n], err)
	}
	time.AfterFunc(5*keyPart, func() { w.WriteString("\x97") })
	time.AfterFunc(10*keyPart, func() { w.WriteString("\xa5k") })
	if n, err := k.Read(p[:]); string(p[:n]) != "日k" || err != nil {
		t.Fatalf("Read = %q, %v", p[:n], err)
	}
}

// TestKeyboardCutsPaste reads a paste too long, as Bubble Tea reads.
func TestKeyboardCutsPaste(t *testing.T) {
	k, w := packets(t)
	go func() {
		w.WriteString(pasteBegin)
		for range 1000 {
			w.WriteString(strings.Repeat("x", 200))
		}
		w.WriteString(pasteEnd + "j")
	}()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), "j") {
		var p [256]byte
		n, err := k.Read(p[:])
		if err != nil {
			t.Fatal(err)
		}
		got.Write(p[:n])
	}
	if want := pasteBegin + strings.Repeat("x", maxPaste) + pasteEnd + "j"; got.String() != want {
		t.Errorf("%d bytes were read, want %d", got.Len(), len(want))
	}
}

func TestKeyboardStops(t *testing.T) {
	k, _ := packets(t)
	read := make(chan error)
	go func() {
		for range 2 {
			_, err := k.Read(make([]byte, 8))
			read <- err
		}
	}()
	k.stop()
	for range 2 {
		select {
		case err := <-read:
			if err != io.EOF {
				t.Errorf("Read = %v", err)
			}
		case <-time.After(patience):
			t.Fatal("a stopped keyboard still reads")
		}
	}
	select {
	case <-k.lost:
		t.Error("a stopped keyboard is taken for a lost one")
	default:
	}
}

func TestKeyboardHangsUp(t *testing.T) {
	k, w := packets(t)
	w.WriteString("j")
	w.Close()
	var p [8]byte
	if n, err := k.Read(p[:]); n != 1 || err != nil {
		t.Errorf("Read = %d, %v, want the last key", n, err)
	}
	if _, err := k.Read(p[:]); err != io.EOF {
		t.Errorf("Read = %v", err)
	}
	select {
	case <-k.lost:
	default:
		t.Fatal("the hang-up is not told")
	}
	if !errors.Is(k.reason(), io.ErrUnexpectedEOF) {
		t.Errorf("the reason is %v", k.reason())
	}
}
