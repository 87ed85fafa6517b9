package config_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile"
)

func setTo(to any) func(*config.File) error {
	return func(f *config.File) error { return f.Set(to, "route", "nas", "to") }
}

func withTo(to string) string {
	return strings.Replace(twoRoutes, "http://192.168.1.10:5000", to, 1)
}

func TestOpen(t *testing.T) {
	b := newBench(t, twoRoutes)
	b.wantRunning(twoRoutes)
	b.wantEnds(1)
	rev := b.Current()
	if rev.Config.Route("cctv") == nil || rev.Sum == [32]byte{} || rev.Loaded.IsZero() || b.Path() != b.path {
		t.Errorf("the revision is %+v", rev)
	}
	if _, ok := b.Last(); ok || b.problems() != nil {
		t.Error("there is a change or a problem at the start")
	}
}

func TestOpenRefuses(t *testing.T) {
	open := func(path string, p ...config.Preparer) error {
		_, err := config.Open(config.Options{Path: path, Starter: []byte(starter)}, p...)
		return err
	}
	t.Run("problems", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "portico.toml")
		if err := os.WriteFile(path, []byte("[route.a]\nhots = \"a\"\n[acme]\nemial = 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		var ps config.Problems
		if err := open(path); !errors.As(err, &ps) || len(ps.Errors()) < 2 {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a preparer", func(t *testing.T) {
		first, second := &gate{}, &gate{refuse: errRefused}
		if err := open(filepath.Join(t.TempDir(), "portico.toml"), first, second); !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		if first.prepared != 1 || first.dropped != 1 {
			t.Errorf("the first preparer: %d prepared, %d discarded", first.prepared, first.dropped)
		}
	})
	t.Run("a folder", func(t *testing.T) {
		if err := open(t.TempDir()); err == nil {
			t.Error("no error")
		}
	})
}

func TestFirstUpdateCreatesTheFile(t *testing.T) {
	b := newBench(t, "")
	b.wantRunning(starter)
	if _, err := os.Stat(b.path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("there is a file before the first edit: %v", err)
	}
	want := starter + "\n[route.a]\nhost = \"a.example.com\"\nto   = \"http://10.0.0.1\"\n"
	err := b.update(b.Current(), func(f *config.File) error {
		return f.AddRoute("a", []config.KeyValue{{Key: "host", Value: "a.example.com"}, {Key: "to", Value: "http://10.0.0.1"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	b.wantFile(want)
	b.wantRunning(want)
	b.wantOnlyTheFile()
	if err := b.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantFile(starter)
	b.wantRunning(starter)
	b.wantEnds(3)
}

func TestUpdate(t *testing.T) {
	b := newBench(t, twoRoutes)
	if err := b.update(b.Current(), setTo("http://10.0.0.7")); err != nil {
		t.Fatal(err)
	}
	b.wantFile(withTo("http://10.0.0.7"))
	b.wantRunning(withTo("http://10.0.0.7"))
	b.wantEnds(2)
	b.wantOnlyTheFile()
	if err := b.update(nil, setTo("http://10.0.0.7")); err != nil {
		t.Fatal(err)
	}
	b.wantEnds(2) // nothing was to be changed
}

func TestUpdateThatFailsChangesNothing(t *testing.T) {
	errEdit := errors.New("no")
	for _, c := range []struct {
		name string
		more config.Preparer
		ctx  func(context.Context) context.Context
		edit func(*config.File) error
		want func(error) bool
	}{
		{"the edit", nil, nil, func(*config.File) error { return errEdit }, func(err error) bool { return errors.Is(err, errEdit) }},
		{"problems", nil, nil, setTo("gopher://x"), func(err error) bool {
			var ps config.Problems
			return errors.As(err, &ps) && len(ps.Errors()) == 1 && ps[0].Line == 9
		}},
		{"a preparer", &gate{}, nil, setTo("http://10.0.0.7"), func(err error) bool { return errors.Is(err, errRefused) }},
		{"the context", nil, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}, setTo("http://10.0.0.7"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var more []config.Preparer
			if c.more != nil {
				more = append(more, c.more)
			}
			b := newBench(t, twoRoutes, more...)
			if g, ok := c.more.(*gate); ok {
				g.setRefuse(errRefused)
			}
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx(ctx)
			}
			if err := b.Update(ctx, b.Current(), "console", "edit", c.edit); !c.want(err) {
				t.Errorf("error %v", err)
			}
			b.wantFile(twoRoutes)
			b.wantRunning(twoRoutes)
			b.wantEnds(1)
			b.wantOnlyTheFile()
			if _, ok := b.Last(); ok {
				t.Error("it counts as a change")
			}
		})
	}
}

func TestUpdateThatCannotBeWritten(t *testing.T) {
	b := newBench(t, twoRoutes)
	if err := os.RemoveAll(filepath.Dir(b.path)); err != nil {
		t.Fatal(err)
	}
	err := b.update(b.Current(), setTo("http://10.0.0.7"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("error %v", err)
	}
	b.wantRunning(twoRoutes)
	b.wantEnds(1)
}

// badDisk fails to sync files, or folders, or to remove.
type badDisk struct {
	atomicfile.FS
	file, folder, remove error
}

func (d badDisk) Create(name string) (atomicfile.Handle, error) {
	h, err := d.FS.Create(name)
	return badHandle{h, d.file}, err
}

func (d badDisk) SyncDir(name string) error { return errors.Join(d.folder, d.FS.SyncDir(name)) }

func (d badDisk) Remove(name string) error {
	if d.remove != nil {
		return d.remove
	}
	return d.FS.Remove(name)
}

type badHandle struct {
	atomicfile.Handle
	err error
}

func (h badHandle) Sync() error { return errors.Join(h.err, h.Handle.Sync()) }

func TestUpdateOnABadDisk(t *testing.T) {
	t.Run("full", func(t *testing.T) {
		b := newBench(t, twoRoutes)
		b.SetFS(badDisk{file: syscall.ENOSPC, FS: atomicfile.OS{}})
		err := b.update(nil, setTo("http://10.0.0.7"))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("error %v", err)
		}
		b.wantFile(twoRoutes)
		b.wantRunning(twoRoutes)
		b.wantEnds(1)
		b.wantOnlyTheFile()
	})
	t.Run("not confirming", func(t *testing.T) {
		b := newBench(t, twoRoutes)
		b.SetFS(badDisk{folder: syscall.EIO, FS: atomicfile.OS{}})
		b.must(b.update(nil, setTo("http://10.0.0.7"))) // the file is there: it must run
		b.wantFile(withTo("http://10.0.0.7"))
		b.wantRunning(withTo("http://10.0.0.7"))
		b.wantEnds(2)
		if b.log.count("power cut") != 1 {
			t.Errorf("the log does not say so:\n%s", b.log)
		}
	})
}

func TestUpdateOnAFileChangedMeanwhile(t *testing.T) {
	theirs := strings.Replace(twoRoutes, "cctv.example.com", "cam.example.com", 1)
	addA := func(f *config.File) error {
		return f.AddRoute("a", []config.KeyValue{{Key: "host", Value: "a.example.com"}, {Key: "to", Value: "http://10.0.0.1"}})
	}
	const routeA = "\n[route.a]\nhost = \"a.example.com\"\nto   = \"http://10.0.0.1\"\n"
	for _, c := range []struct {
		name, disk string
		edit       func(*config.File) error
		want       string // "" for the disk's text
		conflict   string
	}{
		{"another key", theirs, setTo("http://10.0.0.7"), strings.Replace(theirs, "192.168.1.10:5000", "10.0.0.7", 1), ""},
		{"the same key", withTo("http://10.0.0.9"), setTo("http://10.0.0.7"), "", "route.nas.to"},
		{"the same key to the same", withTo("http://10.0.0.7"), setTo("http://10.0.0.7"), "", ""},
		{"a key of a route that is gone", twoRoutes[:strings.Index(twoRoutes, "\n[route.nas]")], setTo("http://10.0.0.7"), "", "route.nas.to"},
		{"a route gone that has a new key", twoRoutes + "compress = true\n", func(f *config.File) error { return f.Delete("route", "nas") }, "", "route.nas.compress"},
		{"a route gone in both", twoRoutes[:strings.Index(twoRoutes, "\n[route.nas]")], func(f *config.File) error { return f.Delete("route", "nas") }, "", ""},
		{"the same new route", twoRoutes + strings.Replace(routeA, "   =", " =", 1), addA, "", ""},
		{"a new route of the same name", twoRoutes + strings.Replace(routeA, "a.example", "b.example", 1), addA, "", "route.a.host"},
		{"beside a banner", "# top\n" + twoRoutes, addA, "# top\n" + twoRoutes + routeA, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, twoRoutes)
			base := b.Current()
			b.save(c.disk)
			err := b.update(base, c.edit)
			var conflict *config.Conflict
			if errors.As(err, &conflict) != (c.conflict != "") || err != nil && conflict == nil {
				t.Fatalf("error %v", err)
			}
			if conflict != nil && conflict.Key != c.conflict {
				t.Errorf("conflict %v, want %s", conflict, c.conflict)
			}
			want := c.want
			if want == "" {
				want = c.disk
			}
			b.wantFile(want)
			b.wantRunning(want) // also when ours did not go through, theirs did
		})
	}
}

func TestConflictShowsBothValues(t *testing.T) {
	b := newBench(t, twoRoutes+"[alert]\nurl = \"https://a.example.com/one\"\n")
	base := b.Current()
	b.save(withTo("http://10.0.0.9") + "[alert]\nurl = \"https://a.example.com/two\"\n")
	err := b.update(base, func(f *config.File) error {
		return errors.Join(f.Set([]string{"http://10.0.0.7"}, "route", "nas", "to"), f.Set("https://a.example.com/three", "alert", "url"))
	})
	want := "alert.url was changed in the file meanwhile: (hidden) there, (hidden) here\n" +
		`route.nas.to was changed in the file meanwhile: "http://10.0.0.9" there, ["http://10.0.0.7"] here`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var all config.Conflicts
	if !errors.As(err, &all) || len(all) != 2 || all[1].Theirs != "http://10.0.0.9" {
		t.Errorf("%#v", all)
	}
	// Asked again on top of theirs, it is decided.
	if err := b.update(b.Current(), setTo("http://10.0.0.7")); err != nil {
		t.Error(err)
	}
}

func TestUpdateOfABrokenFile(t *testing.T) {
	for _, c := range []struct {
		name, disk string
		edit       func(*config.File) error
		mended     bool
	}{
		{"not TOML", "[route.nas\n", setTo("http://10.0.0.7"), false},
		{"an unknown key elsewhere", twoRoutes + "steam = 1\n", func(f *config.File) error { return f.Set("c.example.com", "route", "cctv", "host") }, false},
		{"the same key", withTo("gopher://x"), setTo("http://10.0.0.7"), false},
		{"mended by the edit", twoRoutes + "steam = 1\n", func(f *config.File) error {
			if f.Has("route", "nas", "steam") {
				return f.Delete("route", "nas", "steam")
			}
			return nil
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, twoRoutes)
			b.save(c.disk)
			err := b.update(b.Current(), c.edit)
			if c.mended {
				if err != nil {
					t.Fatal(err)
				}
				b.wantFile(twoRoutes)
				b.wantRunning(twoRoutes)
				if b.problems() != nil {
					t.Errorf("problems stay: %v", b.problems())
				}
				return
			}
			var ps config.Problems
			if !errors.As(err, &ps) {
				t.Errorf("error %v", err)
			}
			b.wantFile(c.disk)
			b.wantRunning(twoRoutes)
			b.wantEnds(1)
			if b.problems() == nil {
				t.Error("the file's problems are not shown")
			}
		})
	}
}

// TestSavedWhileWeWrite: somebody saves after the edit was read and before it is
// written.
func TestSavedWhileWeWrite(t *testing.T) {
	late := &gate{}
	b := newBench(t, twoRoutes, late)
	theirs := strings.Replace(twoRoutes, "cctv.example.com", "cam.example.com", 1)
	saves := 0
	late.onPrepare = func() {
		if saves++; saves == 1 {
			b.save(theirs)
		}
	}
	if err := b.update(b.Current(), setTo("http://10.0.0.7")); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(theirs, "192.168.1.10:5000", "10.0.0.7", 1)
	b.wantFile(want)
	b.wantRunning(want)
	b.wantEnds(3)
}

func TestConcurrentUpdates(t *testing.T) {
	const n = 200
	b := newBench(t, twoRoutes)
	base := b.Current()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			name := fmt.Sprintf("r%03d", i)
			err := b.update(base, func(f *config.File) error {
				return f.AddRoute(name, []config.KeyValue{{Key: "host", Value: name + ".example.com"}, {Key: "to", Value: "http://10.0.0.1"}})
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	if got := len(b.Current().Config.Routes); got != n+2 {
		t.Errorf("%d routes run", got)
	}
	b.wantFile(string(b.Current().Text))
	b.wantEnds(n + 1)
}

func TestPreview(t *testing.T) {
	b := newBench(t, twoRoutes)
	p, err := b.Preview(b.Current(), setTo("http://10.0.0.7"))
	if err != nil || string(p.Before) != twoRoutes || string(p.After) != withTo("http://10.0.0.7") || p.Config == nil || len(p.Diff) < 5 {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = b.Preview(nil, setTo("gopher://x"))
	if err != nil || p.Config != nil || len(p.Problems.Errors()) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := b.Preview(nil, func(*config.File) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error %v", err)
	}
	b.wantFile(twoRoutes)
	b.wantEnds(1)
}
