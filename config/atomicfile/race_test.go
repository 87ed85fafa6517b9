package atomicfile_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// meanwhile is the real file system where somebody saves the file while ours is
// on its way to the disk.
type meanwhile struct {
	*faulty
	save func()
}

func (m *meanwhile) Create(name string) (atomicfile.Handle, error) {
	m.save()
	return m.faulty.Create(name)
}

func TestEditsMeanwhileStand(t *testing.T) {
	for _, c := range []struct {
		name string
		busy bool
		at   int // the file created by ours when they save
	}{
		{"before the rename", false, 1},
		{"before the write in place", true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, name := home(t)
			made := 0
			f := &meanwhile{faulty: &faulty{target: name, busy: c.busy}, save: func() {
				if made++; made == c.at {
					write(t, name, "theirs")
				}
			}}
			err := atomicfile.File{Path: name, FS: f}.Write([]byte(newText), was(oldText))
			if !errors.Is(err, atomicfile.ErrChanged) || made != c.at {
				t.Errorf("error %v after %d files", err, made)
			}
			wantText(t, name, "theirs")
			wantNames(t, dir, "portico.toml")
		})
	}
}

// awaitChange waits until the file is another than it is now.
func awaitChange(t *testing.T, name string) {
	t.Helper()
	inode := inodeOf(t, name)
	for deadline := time.Now().Add(time.Minute); inodeOf(t, name) == inode; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody wrote the file")
		}
	}
}

// TestKilled runs a writer as a process of its own and kills it again and again.
func TestKilled(t *testing.T) {
	const lines = 20000
	name := os.Getenv("PORTICO_TEST_WRITE")
	for i := 0; name != ""; i++ {
		f := atomicfile.New(name)
		data, err := f.Read()
		if err == nil {
			err = f.Write(bytes.Repeat([]byte{byte('a' + i%26), '\n'}, lines), atomicfile.VersionOf(data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, name := home(t)
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "PORTICO_TEST_WRITE="+name)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		awaitChange(t, name)
		time.Sleep(time.Duration(3*round) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it says that it was killed
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		whole := string(data) == oldText || strings.Count(string(data), string(data[:2])) == lines && len(data) == 2*lines
		if !whole {
			t.Fatalf("torn: %d bytes", len(data))
		}
	}
	if err := atomicfile.New(name).Sweep(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "portico.toml")
}
