package config_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

const settle = 100 * time.Millisecond

// follow runs the store until the test ends.
func (b *bench) follow() {
	b.Helper()
	b.SetTiming(settle, time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Store.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				b.Errorf("Run: %v", err)
			}
		case <-time.After(time.Minute):
			b.Error("Run does not end")
		}
	})
	// Run has begun when it sees an edit.
	b.save(string(b.Current().Text) + "# begun\n")
	b.await("the watch", func() bool { return strings.HasSuffix(string(b.Current().Text), "# begun\n") })
}

// quiet waits long enough for a second reload, were there one.
func (b *bench) quiet() { time.Sleep(4 * settle) }

// begun is a watched store; the text of its file ends in a comment.
func begun(t *testing.T) (b *bench, text string) {
	b = newBench(t, twoRoutes)
	b.follow()
	return b, twoRoutes + "# begun\n"
}

func TestEditors(t *testing.T) {
	for _, c := range []struct {
		name string
		save func(b *bench, text string)
	}{
		{"vim: old one aside, new one in its place", func(b *bench, text string) {
			b.must(os.WriteFile(filepath.Join(filepath.Dir(b.path), "4913"), nil, 0o644))
			b.must(os.Remove(filepath.Join(filepath.Dir(b.path), "4913")))
			b.must(os.Rename(b.path, b.path+"~"))
			b.save(text)
			b.must(os.Remove(b.path + "~"))
		}},
		{"sed -i: a new one over it", func(b *bench, text string) {
			temp := filepath.Join(filepath.Dir(b.path), "sedX1")
			b.must(os.WriteFile(temp, []byte(text), 0o644))
			b.must(os.Rename(temp, b.path))
		}},
		{"nano: truncated, then written in two parts", func(b *bench, text string) {
			f, err := os.Create(b.path)
			b.must(err)
			cut := strings.Index(text, "192.168") // what is there meanwhile is not TOML
			_, err = f.WriteString(text[:cut])
			b.must(err)
			time.Sleep(settle / 4)
			_, err = f.WriteString(text[cut:])
			b.must(err)
			b.must(f.Close())
		}},
		{"a slow writer, whose first part is a configuration too", func(b *bench, text string) {
			f, err := os.Create(b.path)
			b.must(err)
			cut := strings.LastIndex(text, "[route.")
			_, err = f.WriteString(text[:cut])
			b.must(err)
			time.Sleep(5 * settle)
			_, err = f.WriteString(text[cut:])
			b.must(err)
			b.must(f.Close())
		}},
		{"removed and made anew", func(b *bench, text string) {
			b.must(os.Remove(b.path))
			time.Sleep(settle / 4)
			b.save(text)
		}},
		{"truncated and written", func(b *bench, text string) { b.must(os.WriteFile(b.path, []byte(text), 0o644)) }},
		{"the real sed -i", func(b *bench, _ string) { b.program("sed", "-i", renaming, b.path) }},
		{"the real vim", func(b *bench, _ string) {
			b.program("vim", "-Nu", "NONE", "-es", "-c", "%"+renaming+"e", "-c", "wq!", b.path)
		}},
		{"the real vim, which keeps a backup", func(b *bench, _ string) {
			b.program("vim", "-Nu", "NONE", "-es", "-c", "set backup backupcopy=no", "-c", "%"+renaming+"e", "-c", "wq!", b.path)
		}},
		{"the real mv", func(b *bench, text string) { b.program("mv", b.aside(text), b.path) }},
		{"the real cp", func(b *bench, text string) { b.program("cp", b.aside(text), b.path) }},
		{"the real shell, in two parts", func(b *bench, text string) {
			b.program("sh", "-c", `head -c 120 "$1" >"$2"; sleep 0.03; tail -c +121 "$1" >>"$2"`, "sh", b.aside(text), b.path)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, text := begun(t)
			before := b.gate.commits()
			text = strings.Replace(text, "nas.example.com", "n.example.com", 1)
			c.save(b, text)
			b.await("the edit", func() bool { return b.gate.commits() > before })
			b.quiet()
			b.wantRunning(text)
			b.wantEnds(before + 1)
			b.wantLast("disk", "changed route.nas.host")
			if b.problems() != nil {
				t.Errorf("problems stay: %v", b.problems())
			}
			c.save(b, text)
			b.quiet()
			b.wantEnds(before + 1) // the same text again
		})
	}
}

// renaming is the edit as sed and vim write it.
const renaming = "s/nas[.]example[.]com/n.example.com/"

// program runs one that people edit with.
func (b *bench) program(name string, args ...string) {
	b.Helper()
	path, err := exec.LookPath(name)
	if err != nil && name == "vim" {
		path, err = exec.LookPath("vim.tiny")
	}
	if err != nil && os.Getenv("PORTICO_REQUIRE_SERVERS") == "" {
		b.Skip(err)
	}
	b.must(err)
	if out, err := exec.CommandContext(b.Context(), path, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// aside is another file with the text.
func (b *bench) aside(text string) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "aside.toml")
	b.must(os.WriteFile(name, []byte(text), 0o644))
	return name
}

func TestWatchLinks(t *testing.T) {
	for _, c := range []struct {
		name string
		save func(b *bench, target, text string)
	}{
		{"target replaced", func(b *bench, target, text string) {
			b.must(os.WriteFile(target+".new", []byte(text), 0o644))
			b.must(os.Rename(target+".new", target))
		}},
		{"link turned", func(b *bench, target, text string) {
			other := filepath.Join(b.TempDir(), "other.toml")
			b.must(os.WriteFile(other, []byte(text), 0o644))
			b.must(os.Symlink(other, b.path+".new"))
			b.must(os.Rename(b.path+".new", b.path))
			// And the new target is watched from then on.
			before := b.gate.commits()
			b.await("the turned link", func() bool { return b.gate.commits() > before })
			b.must(os.WriteFile(other, []byte(text+"# more\n"), 0o644))
			b.await("the new target's edit", func() bool { return b.gate.commits() > before+1 })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{T: t, path: filepath.Join(t.TempDir(), "link.toml"), gate: &gate{}, log: &logBuffer{}}
			target := filepath.Join(t.TempDir(), "portico.toml")
			b.must(os.WriteFile(target, []byte(twoRoutes), 0o644))
			b.must(os.Symlink(target, b.path))
			b.open()
			b.follow()
			before := b.gate.commits()
			c.save(b, target, strings.Replace(twoRoutes, "nas.example.com", "n.example.com", 1))
			b.await("the edit", func() bool { return b.gate.commits() > before })
			if got := b.Current().Config.Route("nas").Hosts[0]; got != "n.example.com" {
				t.Errorf("nas has host %s", got)
			}
			if err := b.update(nil, setTo("http://10.0.0.7")); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Lstat(b.path); err != nil || info.Mode()&os.ModeSymlink == 0 {
				t.Errorf("the link is %v (%v)", info.Mode(), err)
			}
		})
	}
}

func TestBrokenOutsideEdit(t *testing.T) {
	b, text := begun(t)
	b.save(text + "[route.x]\nsteam = true\nto = 5\n")
	b.await("the problems", func() bool { return b.problems() != nil })
	ps, since := b.Problems()
	if len(ps.Errors()) < 2 || since.IsZero() || ps[0].Line == 0 {
		t.Errorf("problems %v since %v", ps, since)
	}
	b.wantRunning(text)
	b.quiet()
	if got := b.log.count("cannot run"); got != len(ps.Errors()) {
		t.Errorf("%d warnings for %d problems:\n%s", got, len(ps.Errors()), b.log)
	}
	var again config.Problems
	if err := b.Reload(t.Context()); !errors.As(err, &again) || len(again) != len(ps) {
		t.Errorf("Reload gives %v", err)
	}
	if _, still := b.Problems(); still != since {
		t.Error("the problems have another beginning")
	}
	b.save(text + "# mended\n")
	b.await("the mended file", func() bool { return b.problems() == nil })
	b.wantRunning(text + "# mended\n")
}

func TestBrokenAndBack(t *testing.T) {
	b, text := begun(t)
	before := b.gate.commits()
	b.save("[")
	b.await("the problem", func() bool { return b.problems() != nil })
	b.save(text)
	b.await("the old text", func() bool { return b.problems() == nil })
	b.wantRunning(text)
	b.wantEnds(before) // it never stopped running
}

func TestOutsideEditThatCannotRun(t *testing.T) {
	b, text := begun(t)
	b.gate.setRefuse(errRefused)
	var asked atomic.Int32
	b.gate.onAsk(func() { asked.Add(1) })
	b.save(text + "# more\n")
	b.await("the problem", func() bool { return b.problems() != nil })
	b.must(os.Chtimes(b.path, time.Now(), time.Now()))
	b.quiet()
	if asked.Load() != 1 {
		t.Errorf("tried %d times by itself", asked.Load())
	}
	if got := b.problems().Error(); !strings.Contains(got, errRefused.Error()) {
		t.Errorf("problem %q", got)
	}
	b.wantRunning(text)
	b.gate.setRefuse(nil)
	b.must(b.Reload(t.Context()))
	b.wantRunning(text + "# more\n")
}

func TestFileThatGoes(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(b *bench)
		want string
	}{
		{"removed", func(b *bench) { b.must(os.Remove(b.path)) }, "is gone"},
		{"emptied", func(b *bench) { b.must(os.Truncate(b.path, 0)) }, "is empty"},
		{"a folder in its place", func(b *bench) { b.must(os.Remove(b.path)); b.must(os.Mkdir(b.path, 0o755)) }, "not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, text := begun(t)
			before := b.gate.commits()
			c.take(b)
			b.await("the problem", func() bool { return b.problems() != nil })
			if got := b.problems().Error(); !strings.Contains(got, c.want) {
				t.Errorf("problem %q", got)
			}
			b.wantRunning(text)
			b.must(os.RemoveAll(b.path))
			b.save(text)
			b.await("the file", func() bool { return b.problems() == nil })
			b.wantRunning(text)
			b.wantEnds(before)
		})
	}
	t.Run("an edit writes it anew", func(t *testing.T) {
		b, _ := begun(t)
		b.must(os.Remove(b.path))
		b.await("the problem", func() bool { return b.problems() != nil })
		b.must(b.update(nil, setTo("http://10.0.0.7")))
		b.wantFile(withTo("http://10.0.0.7") + "# begun\n")
		if b.problems() != nil {
			t.Errorf("problems stay: %v", b.problems())
		}
	})
}

func TestOwnWritesAreNotReloaded(t *testing.T) {
	b, _ := begun(t)
	before := b.gate.commits()
	for _, to := range []string{"http://10.0.0.1", "http://10.0.0.2", "http://10.0.0.3"} {
		b.must(b.update(nil, setTo(to)))
	}
	b.quiet()
	b.wantEnds(before + 3)
	b.wantLast("console", "edit")
}

// TestRestlessFile: a file that is written all the time is read all the same.
func TestRestlessFile(t *testing.T) {
	b, text := begun(t)
	before := b.gate.commits()
	b.await("an edit in between", func() bool {
		text += "# once more\n"
		b.save(text)
		time.Sleep(settle / 10)
		return b.gate.commits() > before
	})
}

// TestPoll: where nothing tells of a change, the poll finds it.
func TestPoll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	b := &bench{T: t, path: filepath.Join(dir, "portico.toml"), gate: &gate{}, log: &logBuffer{}}
	b.open()
	b.SetTiming(settle, settle)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Store.Run(ctx) }()
	b.must(os.Mkdir(dir, 0o755)) // no watch can be on it yet
	b.save(twoRoutes)
	b.await("the file", func() bool { return string(b.Current().Text) == twoRoutes })
	cancel()
	b.must(<-ended)
}

func TestReloadWithoutAChange(t *testing.T) {
	b := newBench(t, twoRoutes)
	b.must(b.Reload(t.Context()))
	b.wantEnds(1)
	if _, ok := b.Last(); ok {
		t.Error("it counts as a change")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Reload(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestOldTemporaryFilesAreSwept(t *testing.T) {
	b := newBench(t, twoRoutes)
	b.must(os.WriteFile(filepath.Join(filepath.Dir(b.path), ".portico.toml.tmp-OLD"), []byte("half"), 0o600))
	b.open()
	b.wantOnlyTheFile()
}

// TestReloadOfASecret: a password that was mended in its own file counts when a
// person asks to reload; a configuration with everything in it brings nothing
// when nothing changed.
func TestReloadOfASecret(t *testing.T) {
	text, err := os.ReadFile("testdata/droplet.toml")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, string(text)+"\n[ddns.secretly]\nprovider = \"noip\"\nusername = \"ann\"\npassword = \"file:password\"\n")
	password := filepath.Join(filepath.Dir(b.path), "password")
	for i, value := range []string{"first", "second", "second"} {
		b.must(os.WriteFile(password, []byte(value+"\n"), 0o600))
		b.must(b.Reload(t.Context()))
		b.wantEnds(min(i, 1) + 2)
		list := b.Current().Config.DDNS
		if got := list[len(list)-1].Password.Reveal(); got != value {
			t.Errorf("the password is %q, want %q", got, value)
		}
	}
	if _, ok := b.Last(); ok {
		t.Error("it counts as a change")
	}
}
