package config_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/config"
)

const withServer = "[server]   # the front\nmax_conns = 100\n\n[route.nas]\nhost = \"nas.example.com\"\nto   = \"http://192.168.1.10:5000\"\n"

// conns is withServer with another limit, which is a change that has to be kept.
func conns(n string) string {
	return strings.Replace(withServer, "max_conns = 100", "max_conns = "+n, 1)
}

func (b *bench) setConns(n int64) {
	b.Helper()
	b.setAs("ann", "limit the server", n, "server", "max_conns")
}

// count runs the countdown until the test ends.
func (b *bench) count() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s := b.Store
	go func() { s.CountDown(ctx); close(ended) }()
	b.Cleanup(func() { stop(); <-ended })
}

// wantPending checks that a change waits for so long.
func (b *bench) wantPending(wait time.Duration) config.Pending {
	b.Helper()
	p, ok := b.Pending()
	if !ok || p.Who != "ann" || p.What != "limit the server" || p.Version != 2 && b.more.State != "" {
		b.Fatalf("%v waits (%v)", p, ok)
	}
	if left := time.Until(p.Until); left != wait {
		b.Errorf("it waits %s more, want %s", left, wait)
	}
	return p
}

func (b *bench) wantNoPending() {
	b.Helper()
	if p, ok := b.Pending(); ok {
		b.Errorf("%+v waits", p)
	}
	if b.more.State == "" {
		return
	}
	if text, err := b.read(b.inState("pending.json")); err == nil {
		b.Errorf("on disk waits %s", text)
	}
}

func (b *bench) wantGood(want string) {
	b.Helper()
	if text, err := b.read(b.inState("last-good.toml")); err != nil || string(text) != want {
		b.Errorf("the last good text is (%v)\n%s", err, text)
	}
}

// onDisk runs a test on a disk in memory and a clock of its own, with the
// countdown beside it.
func onDisk(t *testing.T, name string, do func(b *bench)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.count()
			do(b)
		})
	})
}

// pass lets time go by, and what it brings about happen.
func (b *bench) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestPending(t *testing.T) {
	onDisk(t, "goes back by itself", func(b *bench) {
		b.setConns(7)
		b.wantPending(30 * time.Second)
		b.wantRunning(conns("7"))
		b.wantGood(withServer)
		b.pass(30*time.Second - 1)
		b.wantFile(conns("7"))
		b.pass(1)
		b.wantFile(withServer)
		b.wantRunning(withServer)
		b.wantNoPending()
		b.wantHistory("3 undo: go back: limit the server", "2 ann: limit the server", "1 disk: found at start")
		b.wantGood(withServer)
	})
	onDisk(t, "is kept", func(b *bench) {
		b.setConns(7)
		b.pass(20 * time.Second)
		b.must(b.Keep(b.Context(), "ann"))
		b.wantNoPending()
		b.wantGood(conns("7"))
		b.pass(time.Hour)
		b.wantFile(conns("7"))
		if err := b.Keep(b.Context(), "ann"); err == nil {
			b.Error("kept twice")
		}
		if err := b.GoBack(b.Context(), "ann"); err == nil {
			b.Error("gone back after it was kept")
		}
		b.restart()
		b.wantFile(conns("7"))
	})
	onDisk(t, "is taken back by hand", func(b *bench) {
		b.setConns(7)
		b.pass(time.Second)
		b.must(b.GoBack(b.Context(), "bob"))
		b.wantFile(withServer)
		b.wantNoPending()
		b.wantLast("bob", "go back: limit the server")
		b.pass(time.Hour)
		b.wantEnds(3)
	})
	onDisk(t, "undo is to go back", func(b *bench) {
		b.setConns(7)
		p, _, err := b.PreviewUndo(0)
		b.must(err)
		if string(p.After) != withServer || p.Confirm != 0 {
			b.Errorf("undo would ask for %s and give\n%s", p.Confirm, p.After)
		}
		b.undo()
		b.wantFile(withServer)
		b.wantNoPending()
	})
	onDisk(t, "the undo of a guarded change has to be kept too", func(b *bench) {
		b.setConns(7)
		b.must(b.Keep(b.Context(), "ann"))
		p, _, err := b.PreviewUndo(2)
		b.must(err)
		if p.Confirm != 30*time.Second {
			b.Errorf("undo would ask for %s", p.Confirm)
		}
		b.must(b.UndoChange(b.Context(), "ann", 2))
		if p, ok := b.Pending(); !ok || p.What != "undo limit the server" {
			b.Errorf("%+v waits (%v)", p, ok)
		}
		b.pass(30 * time.Second)
		b.wantFile(conns("7"))
	})
	onDisk(t, "a second one has to wait", func(b *bench) {
		b.setConns(7)
		err := b.update(nil, func(f *config.File) error { return f.Set(int64(8), "server", "max_conns") })
		if !errors.Is(err, config.ErrPending) {
			b.Errorf("error %v", err)
		}
		b.wantFile(conns("7"))
		b.wantPending(30 * time.Second)
	})
	onDisk(t, "other edits go on and stay", func(b *bench) {
		b.setConns(7)
		b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
		b.pass(time.Second)
		b.save("# theirs\n" + strings.Replace(conns("7"), "192.168.1.10:5000", "10.0.0.7", 1))
		b.must(b.Reload(b.Context()))
		b.wantGood(withServer)
		b.wantPending(29 * time.Second)
		b.pass(29 * time.Second)
		want := "# theirs\n" + strings.Replace(withServer, "192.168.1.10:5000", "10.0.0.7", 1)
		b.wantFile(want)
		b.wantRunning(want)
		b.wantGood(want)
		b.wantNoPending()
	})
	onDisk(t, "somebody took it back in the file", func(b *bench) {
		b.setConns(7)
		b.save(withServer + "# theirs\n")
		b.pass(30 * time.Second)
		b.wantFile(withServer + "# theirs\n")
		b.wantRunning(withServer + "# theirs\n")
		b.wantNoPending()
	})
}

func TestWhatHasToBeKept(t *testing.T) {
	add := func(path ...string) func(*config.File) error {
		return func(f *config.File) error { return f.Set("x", path...) }
	}
	const tables = "[defaults]\n[preset.p]\n[cert.old]\ncert = \"/c\"\nkey = \"/k\"\n[route.nas]\nhost = \"n.example.com\"\nto = \"http://10.0.0.1\"\nplain_http = \"serve\"\n" +
		"[preset.shut]\nplain_http = \"refuse\"\n[preset.slow]\ncompress = true\n[route.web]\nhost = \"w.example.com\"\nto = \"http://10.0.0.1\"\n"
	uses := func(preset string) func(*config.File) error {
		return func(f *config.File) error { return f.Set(preset, "route", "web", "use") }
	}
	for _, c := range []struct {
		name string
		edit func(*config.File) error
		want bool
	}{
		{"a listener", add("server", "https"), true},
		{"a table with one", func(f *config.File) error { return f.Set(map[string]any{"http": ":80"}, "server") }, true},
		{"acme", add("acme", "email"), true},
		{"a certificate", add("cert", "x", "cert"), true},
		{"a certificate that goes", func(f *config.File) error { return f.Delete("cert", "old") }, true},
		{"the certificate of a route", add("route", "nas", "cert"), true},
		{"plain HTTP of a route", func(f *config.File) error { return f.Delete("route", "nas", "plain_http") }, true},
		{"the certificate of a preset", add("preset", "p", "cert"), true},
		{"the certificate of all", add("defaults", "cert"), true},
		{"a preset with plain HTTP", uses("shut"), true},
		{"a preset without", uses("slow"), false},
		{"a target", add("route", "nas", "to"), false},
		{"a new route", func(f *config.File) error {
			return f.AddRoute("x", []config.KeyValue{{Key: "to", Value: "http://10.0.0.2"}})
		}, false},
		{"the log", add("log", "format"), false},
		{"a name server", add("ddns", "x", "cert"), false},
		{"the check of an upstream's certificate", add("route", "nas", "tls", "cert"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, tables)
			p, err := b.Preview(nil, c.edit)
			b.must(err)
			want := time.Duration(0)
			if c.want {
				want = 30 * time.Second
			}
			if p.Confirm != want {
				t.Errorf("it waits %s", p.Confirm)
			}
		})
	}
}

func TestWhatStandsAtOnce(t *testing.T) {
	t.Run("an edit on disk", func(t *testing.T) {
		b := newDiskBench(t, withServer)
		b.save(conns("7"))
		b.must(b.Reload(t.Context()))
		b.wantNoPending()
		b.wantGood(conns("7"))
	})
	t.Run("an edit of a store that serves nobody", func(t *testing.T) {
		b := newStateBench(t, withServer, -1)
		b.setConns(7)
		b.wantNoPending()
		b.wantFile(conns("7"))
	})
}

func (b *bench) wantStuck(keys ...string) {
	b.Helper()
	p, ok := b.Pending()
	var all config.Conflicts
	if !ok || !errors.As(p.Stuck, &all) || len(all) != len(keys) {
		b.Fatalf("%+v waits (%v)", p, ok)
	}
	for i, key := range keys {
		if all[i].Key != key {
			b.Errorf("conflict %v, want one of %s", all[i], key)
		}
	}
}

func TestPendingConflict(t *testing.T) {
	both := func(b *bench) {
		b.Helper()
		b.setConns(7)
		b.pass(time.Second)
		b.save(conns("9"))
		b.must(b.Reload(b.Context()))
		b.pass(29 * time.Second)
		b.wantFile(conns("9"))
		b.wantRunning(conns("9"))
		b.wantStuck("server.max_conns")
		b.pass(time.Hour)
		b.wantStuck("server.max_conns")
		if n := b.log.count("cannot go back"); n != 1 {
			b.Errorf("%d warnings:\n%s", n, b.log)
		}
	}
	onDisk(t, "theirs is kept", func(b *bench) {
		both(b)
		b.must(b.Keep(b.Context(), "ann"))
		b.wantFile(conns("9"))
		b.wantNoPending()
		b.wantGood(conns("9"))
	})
	onDisk(t, "what was before takes the place of both", func(b *bench) {
		both(b)
		b.must(b.GoBack(b.Context(), "ann"))
		b.wantFile(withServer)
		b.wantNoPending()
	})
	onDisk(t, "changed once more since it was shown", func(b *bench) {
		both(b)
		b.save(conns("11"))
		var conflict *config.Conflict
		if err := b.GoBack(b.Context(), "ann"); !errors.As(err, &conflict) || conflict.Theirs != int64(11) {
			b.Errorf("error %v", err)
		}
		b.wantFile(conns("11"))
		b.must(b.GoBack(b.Context(), "ann"))
		b.wantFile(withServer)
	})
	onDisk(t, "by hand, before its time", func(b *bench) {
		b.setConns(7)
		b.save(conns("9"))
		var conflict *config.Conflict
		if err := b.GoBack(b.Context(), "ann"); !errors.As(err, &conflict) || conflict.Key != "server.max_conns" {
			b.Errorf("error %v", err)
		}
		b.wantStuck("server.max_conns")
		b.must(b.GoBack(b.Context(), "ann"))
		b.wantFile(withServer)
		b.wantNoPending()
	})
	onDisk(t, "over a restart", func(b *bench) {
		both(b)
		b.restart()
		b.wantStuck("server.max_conns")
		b.wantRunning(conns("9"))
		b.must(b.GoBack(b.Context(), "ann"))
		b.wantFile(withServer)
	})
}

func TestPendingThatCannotGoBack(t *testing.T) {
	onDisk(t, "the file is broken, and mended", func(b *bench) {
		b.setConns(7)
		b.save(conns("7") + "[")
		b.pass(30 * time.Second)
		p, ok := b.Pending()
		if ps := (config.Problems)(nil); !ok || !errors.As(p.Stuck, &ps) {
			b.Errorf("%+v waits (%v)", p, ok)
		}
		b.wantRunning(conns("7"))
		b.save(conns("7") + "# mended\n")
		b.must(b.Reload(b.Context()))
		b.pass(0)
		b.wantFile(withServer + "# mended\n")
		b.wantNoPending()
	})
	onDisk(t, "the old port is taken", func(b *bench) {
		b.setConns(7)
		b.gate.setRefuse(errRefused)
		b.pass(time.Hour)
		if p, ok := b.Pending(); !ok || !errors.Is(p.Stuck, errRefused) {
			b.Errorf("%+v waits (%v)", p, ok)
		}
		b.gate.setRefuse(nil)
		b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
		b.pass(0)
		b.wantFile(strings.Replace(withServer, "192.168.1.10:5000", "10.0.0.7", 1))
		b.wantNoPending()
	})
	onDisk(t, "the disk is full", func(b *bench) {
		b.setConns(7)
		b.SetFS(badDisk{file: syscall.ENOSPC, FS: b.disk})
		b.pass(time.Hour)
		if p, ok := b.Pending(); !ok || !errors.Is(p.Stuck, syscall.ENOSPC) {
			b.Errorf("%+v waits (%v)", p, ok)
		}
		b.wantFile(conns("7"))
		b.SetFS(b.disk)
		b.must(b.GoBack(b.Context(), "ann"))
		b.wantFile(withServer)
		b.wantNoPending()
	})
}

func TestPendingOverARestart(t *testing.T) {
	t.Run("goes on counting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			b.pass(12 * time.Second)
			b.restart()
			b.count()
			b.wantPending(18 * time.Second)
			b.wantRunning(conns("7"))
			b.wantGood(withServer)
			b.pass(18 * time.Second)
			b.wantFile(withServer)
			b.wantNoPending()
			b.wantLast("undo", "go back: limit the server")
		})
	})
	t.Run("its time is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			time.Sleep(30 * time.Second)
			b.restart()
			b.wantRunning(withServer) // and it never ran the other
			b.wantEnds(1)
			b.wantFile(withServer)
			b.wantNoPending()
			b.wantHistory("3 undo: go back: limit the server", "2 ann: limit the server", "1 disk: found at start")
		})
	})
	t.Run("its time is over, and the file was edited", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			time.Sleep(30 * time.Second)
			b.save(conns("7") + "# theirs\n")
			b.restart()
			b.wantRunning(withServer + "# theirs\n")
			b.wantHistory("4 undo: go back: limit the server", "3 disk: changed comments or spacing", "2 ann: limit the server", "1 disk: found at start")
		})
	})
	t.Run("its time is over, and it cannot go back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			time.Sleep(30 * time.Second)
			b.gate = &gate{} // refuses what was before
			b.must(b.tryOpen(onlyConns(7)))
			b.wantRunning(conns("7"))
			if p, ok := b.Pending(); !ok || !errors.Is(p.Stuck, errRefused) {
				t.Errorf("%+v waits (%v)", p, ok)
			}
		})
	})
	t.Run("it was never written, or is back already", func(t *testing.T) {
		for _, wait := range []time.Duration{time.Second, time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				b := newDiskBench(t, withServer)
				b.setConns(7)
				b.save(withServer)
				time.Sleep(wait)
				b.restart()
				b.wantNoPending()
				b.wantRunning(withServer)
				b.wantHistory("3 disk: changed server.max_conns", "2 ann: limit the server", "1 disk: found at start")
			})
		}
	})
	t.Run("a store that serves nobody may keep it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			time.Sleep(10 * time.Second)
			b.more.Confirm = -1
			b.restart()
			b.wantPending(20 * time.Second)
			b.must(b.Keep(t.Context(), "ann"))
			b.more.Confirm = 0
			time.Sleep(time.Minute)
			b.restart()
			b.wantRunning(conns("7"))
		})
	})
	t.Run("a clock that went back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newDiskBench(t, withServer)
			b.setConns(7)
			text, err := b.read(b.inState("pending.json"))
			b.must(err)
			var record map[string]any
			b.must(json.Unmarshal(text, &record))
			record["until"] = time.Now().Add(20 * 365 * 24 * time.Hour)
			text, err = json.Marshal(record)
			b.must(err)
			b.disk.Save(b.inState("pending.json"), string(text))
			b.restart()
			if p, ok := b.Pending(); !ok || time.Until(p.Until) != 30*time.Second {
				t.Errorf("%+v waits (%v)", p, ok)
			}
		})
	})
	t.Run("a record that cannot be read", func(t *testing.T) {
		b := newDiskBench(t, withServer)
		b.setConns(7)
		b.disk.Save(b.inState("pending.json"), "{")
		b.restart()
		b.wantRunning(conns("7"))
		if _, ok := b.Pending(); ok || b.log.count("cannot be read: it stays") != 1 {
			t.Errorf("the log does not say so:\n%s", b.log)
		}
	})
	t.Run("a record of another file", func(t *testing.T) {
		b := newDiskBench(t, withServer)
		b.setConns(7)
		b.path = "/etc/other.toml"
		b.save(withServer)
		b.restart()
		if _, ok := b.Pending(); ok {
			t.Error("it waits here")
		}
		b.path = diskPath
		b.restart()
		if _, ok := b.Pending(); !ok {
			t.Error("it does not wait there any more")
		}
	})
}

// onlyConns is a preparer that refuses every other limit.
type onlyConns int

func (n onlyConns) Prepare(c *config.Config) (config.Change, error) {
	if c.Server.MaxConns != int(n) {
		return nil, errRefused
	}
	return noChange{}, nil
}

type noChange struct{}

func (noChange) Commit()  {}
func (noChange) Discard() {}

func TestPendingWithoutAStateDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, path: diskPath, gate: &gate{}, log: &logBuffer{}}
		b.disk = newDiskBench(t, withServer).disk
		b.open()
		b.count()
		b.setConns(7)
		b.wantPending(30 * time.Second)
		b.pass(30 * time.Second)
		b.wantFile(withServer)
		b.wantNoPending()
	})
}

func TestPendingThatCannotBeWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDiskBench(t, withServer)
		b.count()
		b.SetStateFS(badDisk{file: syscall.EROFS, FS: b.disk})
		b.setConns(7)
		b.wantRunning(conns("7"))
		if p, waits := b.Pending(); !waits || !errors.Is(p.Unwritten, syscall.EROFS) {
			t.Errorf("nobody is told that a restart would not take it back: %+v", p)
		}
		if n := b.log.count("the state directory cannot be used"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, b.log)
		}
		b.pass(30 * time.Second)
		b.wantFile(withServer)
		b.wantRunning(withServer)
		if _, ok := b.Pending(); ok || b.log.count("the state directory cannot be used") != 1 {
			t.Errorf("after it went back:\n%s", b.log)
		}
	})
}

// TestNothingWaitsThatWasNotWritten: the deadline is written first, and goes
// when the file cannot be.
func TestNothingWaitsThatWasNotWritten(t *testing.T) {
	b := newDiskBench(t, withServer)
	b.SetFS(badDisk{file: syscall.ENOSPC, FS: b.disk})
	if err := b.update(nil, func(f *config.File) error { return f.Set(int64(7), "server", "max_conns") }); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	b.wantNoPending()
	b.wantFile(withServer)
}

// TestKeepThatCannotBeWritten: the person is told what the next start would do.
func TestKeepThatCannotBeWritten(t *testing.T) {
	b := newDiskBench(t, withServer)
	b.setConns(7)
	b.SetStateFS(badDisk{remove: syscall.EROFS, FS: b.disk})
	err := b.Keep(t.Context(), "ann")
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "remove /var/lib/portico/pending.json by hand") {
		t.Errorf("error %v", err)
	}
}

// TestPendingRuns: with the watch, on a real disk and clock.
func TestPendingRuns(t *testing.T) {
	b := newStateBench(t, withServer, settle)
	b.follow()
	want := string(b.Current().Text)
	b.setConns(7)
	b.await("going back", func() bool { _, waits := b.Pending(); return !waits })
	b.wantFile(want)
	b.wantRunning(want)
	b.await("the record's end", func() bool { _, err := os.Stat(b.inState("pending.json")); return err != nil })
}
