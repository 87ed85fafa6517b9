package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
)

const (
	oldText = "the old text, a little longer than the other\n"
	newText = "the new text\n"
)

// home is a folder with the file in it.
func home(t *testing.T) (dir, name string) {
	t.Helper()
	dir = t.TempDir()
	name = filepath.Join(dir, "portico.toml")
	write(t, name, oldText)
	return dir, name
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(name), got, err, want)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func was(text string) atomicfile.Version { return atomicfile.VersionOf([]byte(text)) }

func TestWriteKeepsModeAndOwner(t *testing.T) {
	dir, name := home(t)
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 { // others cannot give files away
		uid, gid = 1234, 2345
	}
	if err := os.Chown(name, uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.New(name).Write([]byte(newText), was(oldText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, name, newText)
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if info.Mode() != 0o640 || int(st.Uid) != uid || int(st.Gid) != gid {
		t.Errorf("mode %v, owner %d:%d", info.Mode(), st.Uid, st.Gid)
	}
	wantNames(t, dir, "portico.toml")
}

func TestWriteNewFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "portico.toml")
	if err := atomicfile.New(name).Write([]byte(newText), atomicfile.Version{}); err != nil {
		t.Fatal(err)
	}
	wantText(t, name, newText)
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
}

func TestWriteThroughLinks(t *testing.T) {
	for _, c := range []struct{ name, first, second string }{
		{"relative", "portico.toml", ""},
		{"absolute", "DIR/portico.toml", ""},
		{"link to a link", "other", "portico.toml"},
		{"leading nowhere yet", "new.toml", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, name := home(t)
			version := was(oldText)
			link := filepath.Join(dir, "link.toml")
			symlink(t, strings.Replace(c.first, "DIR", dir, 1), link)
			if c.second != "" {
				symlink(t, c.second, filepath.Join(dir, c.first))
			}
			if c.first == "new.toml" {
				name, version = filepath.Join(dir, c.first), atomicfile.Version{}
			}
			if err := atomicfile.New(link).Write([]byte(newText), version); err != nil {
				t.Fatal(err)
			}
			wantText(t, name, newText)
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link is %v (%v)", info.Mode(), err)
			}
		})
	}
}

func symlink(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

func TestWriteRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		arrange func(t *testing.T, name string)
		version atomicfile.Version
		want    string
	}{
		{"changed by someone else", func(t *testing.T, name string) { write(t, name, "theirs") }, was(oldText), atomicfile.ErrChanged.Error()},
		{"removed by someone else", func(t *testing.T, name string) { remove(t, name) }, was(oldText), atomicfile.ErrChanged.Error()},
		{"made by someone else", func(t *testing.T, name string) {}, atomicfile.Version{}, atomicfile.ErrChanged.Error()},
		{"a folder", func(t *testing.T, name string) { remove(t, name); mkdir(t, name) }, was(oldText), "not a regular file"},
		{"a pipe", func(t *testing.T, name string) {
			remove(t, name)
			if err := syscall.Mkfifo(name, 0o600); err != nil {
				t.Fatal(err)
			}
		}, was(oldText), "not a regular file"},
		{"a link to itself", func(t *testing.T, name string) { remove(t, name); symlink(t, name, name) }, was(oldText), "symbolic links"},
		{"no folder", func(t *testing.T, name string) {
			if err := os.RemoveAll(filepath.Dir(name)); err != nil {
				t.Fatal(err)
			}
		}, atomicfile.Version{}, "no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, name := home(t)
			c.arrange(t, name)
			before, _ := atomicfile.New(name).Read()
			err := atomicfile.New(name).Write([]byte(newText), c.version)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if after, _ := atomicfile.New(name).Read(); string(after) != string(before) {
				t.Errorf("the file now holds %q", after)
			}
		})
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, name string) {
	t.Helper()
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	dir, name := home(t)
	write(t, filepath.Join(dir, ".portico.toml.tmp-ABC"), "half")
	write(t, filepath.Join(dir, ".other.toml.tmp-ABC"), "not ours")
	write(t, filepath.Join(dir, "portico.toml.tmp-ABC"), "not ours")
	link := filepath.Join(t.TempDir(), "link.toml")
	symlink(t, name, link)
	if err := atomicfile.New(link).Sweep(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, ".other.toml.tmp-ABC", "portico.toml", "portico.toml.tmp-ABC")
	if err := atomicfile.New(filepath.Join(dir, "none", "x.toml")).Sweep(); err != nil {
		t.Errorf("without a folder: %v", err)
	}
}

func TestReadRefusesWhatIsTooLarge(t *testing.T) {
	_, name := home(t)
	if err := os.Truncate(name, 33<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.New(name).Read(); err == nil || !strings.Contains(err.Error(), "larger than 32 MB") {
		t.Errorf("error %v", err)
	}
	if _, err := atomicfile.New(name + ".none").Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
}
