package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

func (b *bench) versions() []config.Version {
	b.Helper()
	list, err := b.History()
	b.must(err)
	return list
}

// wantHistory checks who made what, the newest first: "3 ann: add route x".
func (b *bench) wantHistory(want ...string) {
	b.Helper()
	var got []string
	for i, v := range b.versions() {
		got = append(got, fmt.Sprintf("%d %s: %s", v.N, v.Who, v.What))
		if v.Runs != (i == 0) || v.At.IsZero() {
			b.Errorf("version %d: runs %v, at %v", v.N, v.Runs, v.At)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.Errorf("the history is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (b *bench) setAs(who, what string, value any, path ...string) {
	b.Helper()
	b.must(b.Update(b.Context(), nil, who, what, func(f *config.File) error { return f.Set(value, path...) }))
}

func signed(diff []config.DiffLine) (out string) {
	for _, l := range diff {
		if l.Op != ' ' {
			out += string(l.Op) + l.Text + "\n"
		}
	}
	return out
}

func TestHistory(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.wantHistory("1 disk: found at start")
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	theirs := withTo("http://10.0.0.7") + "compress = true\n[route.blog]\nhost = \"blog.example.com\"\nto = \"http://10.0.0.8\"\n"
	theirs = strings.Replace(theirs, "cctv.example.com", "cam.example.com", 1)
	b.save(theirs)
	b.must(b.Reload(t.Context()))
	b.undo()
	want := []string{
		"4 undo: undo changed route.blog (new), route.cctv.host, route.nas.compress (new)",
		"3 disk: changed route.blog (new), route.cctv.host, route.nas.compress (new)",
		"2 ann: move nas",
		"1 disk: found at start",
	}
	b.wantHistory(want...)
	for n, text := range map[int]string{1: twoRoutes, 2: withTo("http://10.0.0.7"), 3: theirs, 4: withTo("http://10.0.0.7"), 0: withTo("http://10.0.0.7")} {
		if got, err := b.VersionText(n); err != nil || string(got) != text {
			t.Errorf("version %d is (%v)\n%s", n, err, got)
		}
	}
	diff, err := b.VersionDiff(2)
	if want := "-to   = \"http://192.168.1.10:5000\"\n+to   = \"http://10.0.0.7\"\n"; err != nil || signed(diff) != want {
		t.Errorf("version 2 changed (%v)\n%s", err, signed(diff))
	}
	if diff, err = b.VersionDiff(1); err != nil || len(diff) != strings.Count(twoRoutes, "\n") || diff[0].Op != '+' {
		t.Errorf("version 1 changed (%v) %v", err, diff)
	}
	b.restart()
	b.wantHistory(want...)
	offline, err := config.ReadHistory(b.more.State, b.path)
	b.must(err)
	if list := offline.Versions(); len(list) != 4 || !list[0].Runs || list[0].Sum != b.Current().Sum || list[2].Who != "ann" {
		t.Errorf("read without a store: %+v", list)
	}
	if text, err := offline.Text(1); err != nil || string(text) != twoRoutes {
		t.Errorf("version 1 is (%v) %q", err, text)
	}
	b.wantOnlyTheFile()
}

func TestHistoryIsPrivate(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	seen := 0
	err := filepath.WalkDir(b.more.State, func(path string, e fs.DirEntry, err error) error {
		b.must(err)
		info, err := e.Info()
		b.must(err)
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if seen++; info.Mode() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || seen != 6 { // state, last-good, history, journal, two texts
		t.Errorf("%d files: %v", seen, err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	for i := range 59 {
		b.setAs("ann", fmt.Sprintf("edit %d", i), fmt.Sprintf("http://10.0.0.%d", i), "route", "nas", "to")
	}
	b.restart()
	list := b.versions()
	if len(list) != 50 || list[0].N != 60 || list[49].N != 11 || list[0].What != "edit 58" {
		t.Errorf("%d versions, from %+v to %+v", len(list), list[0], list[len(list)-1])
	}
	entries, err := os.ReadDir(b.inState("history"))
	if err != nil || len(entries) != 51 {
		t.Errorf("%d files (%v)", len(entries), err)
	}
	for _, v := range list {
		if _, err := b.VersionText(v.N); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.VersionText(10); err == nil || err.Error() != "the history has no version 10: it goes from 11 to 60" {
		t.Errorf("error %v", err)
	}
	err = b.UndoChange(t.Context(), "ann", 11)
	if err == nil || err.Error() != "version 11 is the first that is kept of the file: what was before it is not known" {
		t.Errorf("error %v", err)
	}
}

func TestHistoryOfTheStarter(t *testing.T) {
	b := newStateBench(t, "", 0)
	if list := b.versions(); len(list) != 0 {
		t.Errorf("the starter is recorded before there is an edit: %v", list)
	}
	if _, err := os.Stat(b.inState("last-good.toml")); err == nil {
		t.Error("the starter is kept as the last good file")
	}
	if err := b.UndoChange(t.Context(), "ann", 1); err == nil || err.Error() != "the history has no version yet" {
		t.Errorf("error %v", err)
	}
	b.setAs("ann", "add the log", int64(3), "log", "keep")
	b.wantHistory("2 ann: add the log", "1 disk: found at start")
	b.restart()
	b.undo()
	b.wantFile(starter)
}

// TestEditsWhileNobodyLooked: what was saved while portico did not run is a
// version of its own, and can be taken back.
func TestEditsWhileNobodyLooked(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.save(withTo("http://10.0.0.9"))
	b.restart()
	b.wantHistory("2 disk: changed route.nas.to", "1 disk: found at start")
	b.save("# theirs\n" + withTo("http://10.0.0.9"))
	b.restart()
	b.wantLast("disk", "changed comments or spacing")
	b.undo()
	b.wantFile(withTo("http://10.0.0.9"))
	b.must(b.UndoChange(t.Context(), "ann", 2))
	b.wantFile(twoRoutes)
	b.wantLast("ann", "undo changed route.nas.to")
}

func TestUndoOverARestart(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	b.restart()
	last := b.wantLast("ann", "move nas")
	if want := "-to   = \"http://10.0.0.7\"\n+to   = \"http://192.168.1.10:5000\"\n"; last.N != 2 || signed(last.Undo) != want {
		t.Errorf("version %d, undo would do\n%s", last.N, signed(last.Undo))
	}
	b.undo()
	b.wantFile(twoRoutes)
	b.restart()
	b.wantLast("undo", "undo move nas")
	b.undo()
	b.wantFile(withTo("http://10.0.0.7"))
}

// TestUndoOfAnOlderChange: a route comes back as it was, comments and order
// included, though the file changed since.
func TestUndoOfAnOlderChange(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.must(b.Update(t.Context(), nil, "ann", "delete route cctv", func(f *config.File) error { return f.Delete("route", "cctv") }))
	b.setAs("ann", "compress nas", true, "route", "nas", "compress")
	b.save(string(b.Current().Text) + "# the end\n")
	b.must(b.Reload(t.Context()))
	p, applied, err := b.PreviewUndo(2)
	b.must(err)
	want := twoRoutes + "compress = true\n# the end\n"
	if applied.N != 2 || applied.What != "delete route cctv" || string(p.After) != want || p.Config == nil || p.Confirm != 0 {
		t.Errorf("%+v would give\n%s", applied, p.After)
	}
	if p.Diff[1].Op != '+' && p.Diff[2].Op != '+' || signed(applied.Undo) != signed(p.Diff) {
		t.Errorf("by the lines %v", p.Diff)
	}
	b.must(b.UndoChange(t.Context(), "bob", 2))
	b.wantFile(want)
	b.wantLast("bob", "undo delete route cctv")
	err = b.UndoChange(t.Context(), "bob", 2)
	if err == nil || err.Error() != `nothing is left in the file of "delete route cctv"` {
		t.Errorf("a second time: %v", err)
	}
	if _, _, err := b.PreviewUndo(2); err == nil {
		t.Error("a preview of nothing")
	}
}

func TestUndoOfAnOlderChangeConflicts(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	b.setAs("ann", "move nas again", "http://10.0.0.8", "route", "nas", "to")
	var conflict *config.Conflict
	if _, _, err := b.PreviewUndo(2); !errors.As(err, &conflict) || conflict.Key != "route.nas.to" {
		t.Errorf("preview: %v", err)
	}
	if err := b.UndoChange(t.Context(), "ann", 2); !errors.As(err, &conflict) || conflict.Theirs != "http://10.0.0.8" {
		t.Errorf("error %v", err)
	}
	b.wantFile(withTo("http://10.0.0.8"))
	b.wantLast("ann", "move nas again")
}

func TestNoStateDirectory(t *testing.T) {
	b := newBench(t, twoRoutes)
	const want = "no history is kept: there is no state directory"
	if _, err := b.History(); err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	if _, err := config.ReadHistory("", ""); err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	if last := b.wantLast("ann", "move nas"); last.N != 0 {
		t.Errorf("version %d", last.N)
	}
	if err := b.UndoChange(t.Context(), "ann", 3); err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestDamagedHistory(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(b *bench)
		want   []string
		text1  string // why version 1 cannot be read; "" if it can
	}{
		{"a torn last line", func(b *bench) { b.cutFile(b.inState("history", "journal"), 20) },
			[]string{"2 disk: changed route.nas.to", "1 disk: found at start"}, ""},
		{"no journal", func(b *bench) { b.must(os.Remove(b.inState("history", "journal"))) },
			[]string{"3 disk: found at start"}, "the history has no version 1"},
		{"an empty journal", func(b *bench) { b.cutFile(b.inState("history", "journal"), 1<<20) },
			[]string{"3 disk: found at start"}, "the history has no version 1"},
		{"a text that is gone", func(b *bench) { b.must(os.Remove(b.inState("history", "000001.toml"))) },
			[]string{"2 ann: move nas", "1 disk: found at start"}, "version 1 is not kept any more"},
		{"a text that was cut", func(b *bench) { b.cutFile(b.inState("history", "000001.toml"), 3) },
			[]string{"2 ann: move nas", "1 disk: found at start"}, "version 1 is damaged"},
		{"rubbish between the lines", func(b *bench) {
			journal := b.inState("history", "journal")
			text, err := os.ReadFile(journal)
			b.must(err)
			rubbish := "\x00\xff\n{}\n{\"n\":1,\"sum\":\"00\"}\n{\"n\":7}\nnull\n[]\n"
			b.must(os.WriteFile(journal, []byte(rubbish+strings.ReplaceAll(string(text), "\n", "\n"+rubbish)), 0o600))
		}, []string{"2 ann: move nas", "1 disk: found at start"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newStateBench(t, twoRoutes, 0)
			b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
			c.damage(b)
			b.restart()
			b.wantHistory(c.want...)
			text, err := b.VersionText(1)
			if c.text1 == "" && string(text) != twoRoutes || c.text1 != "" && (err == nil || !strings.HasPrefix(err.Error(), c.text1)) {
				t.Errorf("version 1: %v", err)
			}
			b.setAs("ann", "compress", true, "route", "nas", "compress") // and it goes on
			if got := b.versions()[0]; got.What != "compress" || got.N < 3 {
				t.Errorf("the next version is %+v", got)
			}
		})
	}
}

func (b *bench) cutFile(name string, off int) {
	b.Helper()
	text, err := os.ReadFile(name)
	b.must(err)
	b.must(os.WriteFile(name, text[:max(0, len(text)-off)], 0o600))
}

// TestStateThatCannotBeWritten: edits go on, and the log says so once.
func TestStateThatCannotBeWritten(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.must(os.Rename(b.inState("history"), b.inState("aside")))
	b.must(os.WriteFile(b.inState("history"), nil, 0o600)) // a file where the folder was
	for i := range 3 {
		b.setAs("ann", "move nas", fmt.Sprintf("http://10.0.0.%d", i), "route", "nas", "to")
	}
	b.wantFile(withTo("http://10.0.0.2"))
	b.wantRunning(withTo("http://10.0.0.2"))
	if n := b.log.count("the state directory cannot be used"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, b.log)
	}
	if len(b.versions()) != 1 {
		t.Errorf("versions that are not there: %v", b.versions())
	}
	b.undo()
	b.wantFile(withTo("http://10.0.0.1"))
	b.must(os.Remove(b.inState("history")))
	b.must(os.Rename(b.inState("aside"), b.inState("history")))
	b.setAs("ann", "move nas", "http://10.0.0.9", "route", "nas", "to")
	b.wantHistory("3 ann: move nas", "2 disk: changed route.nas.to", "1 disk: found at start")
	if b.log.count("can be used again") != 1 {
		t.Errorf("the log does not say that it is over:\n%s", b.log)
	}
}

func TestHistoryThatCannotBeRead(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	journal := b.inState("history", "journal")
	b.must(os.Remove(journal))
	b.must(os.Mkdir(journal, 0o700))
	b.restart()
	if _, err := b.History(); err == nil || !strings.HasPrefix(err.Error(), "history: ") {
		t.Errorf("error %v", err)
	}
	b.setAs("ann", "move nas", "http://10.0.0.8", "route", "nas", "to")
	b.wantFile(withTo("http://10.0.0.8"))
	if _, err := os.Stat(b.inState("history", "000002.toml")); err != nil {
		t.Errorf("what could not be read was swept: %v", err)
	}
}

// TestTwoFilesInOneStateDirectory: what is known of one is nothing to the other.
func TestTwoFilesInOneStateDirectory(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	first := b.path
	b.path = filepath.Join(t.TempDir(), "other.toml")
	b.save(starter)
	b.restart()
	if _, ok := b.Last(); ok {
		t.Error("there is a change to take back from another file")
	}
	b.wantHistory("3 disk: found at start")
	if err := b.UndoChange(t.Context(), "ann", 3); err == nil || !strings.Contains(err.Error(), "is the first that is kept") {
		t.Errorf("error %v", err)
	}
	if err := b.UndoChange(t.Context(), "ann", 2); err == nil || err.Error() != "version 2 is of another file, "+first {
		t.Errorf("error %v", err)
	}
	b.setAs("ann", "move admin", "127.0.0.1:9", "server", "admin")

	// The first one again: it was not touched meanwhile, so nothing is found.
	other := b.path
	b.path = first
	b.restart()
	b.wantHistory("2 ann: move nas", "1 disk: found at start")
	b.setAs("ann", "compress", true, "route", "nas", "compress")
	b.wantHistory("5 ann: compress", "2 ann: move nas", "1 disk: found at start")
	diff, err := b.VersionDiff(5)
	if want := "+compress = true\n"; err != nil || signed(diff) != want {
		t.Errorf("version 5 changed (%v)\n%s", err, signed(diff))
	}
	b.undo()
	b.wantFile(withTo("http://10.0.0.7"))
	b.must(b.UndoChange(t.Context(), "ann", 2))
	b.wantFile(twoRoutes)
	for file, newest := range map[string]int{first: 7, other: 4} {
		h, err := config.ReadHistory(b.more.State, file)
		b.must(err)
		if list := h.Versions(); list[0].N != newest || !list[0].Runs {
			t.Errorf("%s: %+v", file, list)
		}
	}

	b.path = other
	b.must(os.Remove(b.inState("last-good.toml")))
	b.must(os.WriteFile(b.inState("last-good.toml"), []byte(twoRoutes), 0o600))
	b.save("[")
	if err := b.tryOpen(); err == nil {
		t.Error("the last good text of another file runs")
	}
}

// TestJournalWithoutPaths: lines as they were before they named their file are
// of the file at hand.
func TestJournalWithoutPaths(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.setAs("ann", "move nas", "http://10.0.0.7", "route", "nas", "to")
	text, err := os.ReadFile(b.inState("history", "journal"))
	b.must(err)
	old := strings.ReplaceAll(string(text), `"file":"`+b.path+`",`, "")
	if old == string(text) {
		t.Fatalf("no path in the journal:\n%s", text)
	}
	b.must(os.WriteFile(b.inState("history", "journal"), []byte(old), 0o600))
	b.restart()
	b.wantHistory("2 ann: move nas", "1 disk: found at start")
	b.undo()
	b.wantFile(twoRoutes)
	b.wantHistory("3 undo: undo move nas", "2 ann: move nas", "1 disk: found at start")
}

// TestSecretsStayOutOfTheState: a reference is kept as it is written, what it
// leads to nowhere.
func TestSecretsStayOutOfTheState(t *testing.T) {
	const secret = "s3cr3t-of-the-day"
	t.Setenv("PORTICO_TEST_TOKEN", secret)
	text := twoRoutes + "[ddns.home]\nprovider = \"desec\"\ndomain = \"example.com\"\ntoken = \"env:PORTICO_TEST_TOKEN\"\n"
	b := newStateBench(t, text, 0)
	b.setAs("ann", "set the server", int64(5), "server", "max_conns")
	b.save(string(b.Current().Text) + "# more\n")
	b.must(b.Reload(t.Context()))
	b.must(b.GoBack(t.Context(), "ann"))
	found := 0
	err := filepath.WalkDir(b.more.State, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			data, readErr := os.ReadFile(path)
			b.must(readErr)
			if found++; strings.Contains(string(data), secret) {
				t.Errorf("%s holds the secret", path)
			}
		}
		return err
	})
	if err != nil || found < 6 {
		t.Errorf("%d files were looked at (%v)", found, err)
	}
	if strings.Contains(b.log.String(), secret) {
		t.Errorf("the log holds the secret:\n%s", b.log)
	}
}

func TestSummaries(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"comments", "a = 1\n", "# x\na   = 1\n", "changed comments or spacing"},
		{"a family that comes and one that goes", "[cert.x]\ncert = \"c\"\n", "[route.a]\nto = \"b\"\n", "changed cert.x (gone), route.a (new)"},
		{"a table", "", "[acme]\nemail = \"x\"\n", "changed acme (new)"},
		{"keys within", "[server]\nhttp = 1\nhttps = 2\n", "[server]\nhttp = 3\nmax_conns = 2\n", "changed server.http, server.https (gone), server.max_conns (new)"},
		{"a name that needs quotes", "", "[route.\"a.b\"]\nto = 1\n", `changed route."a.b" (new)`},
		{"many", "", "[route]\na={}\nb={}\nc={}\nd={}\ne={}\nf={}\ng={}\n", "changed route.a (new), route.b (new), route.c (new), route.d (new), route.e (new), 2 more"},
		{"no TOML", "[", "", "changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := config.Summary([]byte(c.before), []byte(c.after)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestHistoryIsReadWhileItGrows: readers see whole versions, or that one is gone.
func TestHistoryIsReadWhileItGrows(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	read := func(versions func() []config.Version, text func(int) ([]byte, error)) {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, v := range versions() {
				got, err := text(v.N)
				if err != nil && !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "has no version") {
					t.Errorf("version %d: %v", v.N, err)
				} else if err == nil && len(got) == 0 {
					t.Errorf("version %d is empty", v.N)
				}
			}
		}
	}
	readers.Go(func() {
		read(func() []config.Version { list, _ := b.History(); return list }, b.VersionText)
	})
	readers.Go(func() {
		h, err := config.ReadHistory(b.more.State, b.path)
		if err != nil {
			t.Error(err)
			return
		}
		read(func() []config.Version {
			if again, err := config.ReadHistory(b.more.State, b.path); err == nil {
				h = again
			}
			return h.Versions()
		}, func(n int) ([]byte, error) { return h.Text(n) })
	})
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.Pending()
				b.LastGood()
				b.Last()
				_, _, _ = b.PreviewUndo(0) // there is none at first
			}
		}
	})
	for i := range 70 {
		b.setAs("ann", "edit", fmt.Sprintf("http://10.0.0.%d", i), "route", "nas", "to")
	}
	close(stop)
	readers.Wait()
}

// TestIdleStoreWritesNothing: a state directory may be on an SD card.
func TestIdleStoreWritesNothing(t *testing.T) {
	b := newStateBench(t, twoRoutes, 0)
	b.follow()
	b.must(b.Reload(t.Context())) // waits for what follows a change
	before := b.stamps()
	time.Sleep(4 * settle)
	b.must(b.Reload(t.Context()))
	if after := b.stamps(); after != before {
		t.Errorf("from\n%s\nto\n%s", before, after)
	}
	b.restart()
	if after := b.stamps(); after != before {
		t.Errorf("a start wrote: from\n%s\nto\n%s", before, after)
	}
}

// stamps tells of every file when it was written, and of every folder.
func (b *bench) stamps() (out string) {
	b.Helper()
	b.must(filepath.WalkDir(b.more.State, func(path string, e fs.DirEntry, err error) error {
		b.must(err)
		info, err := e.Info()
		b.must(err)
		out += fmt.Sprintln(path, info.ModTime().UnixNano(), info.Size())
		return nil
	}))
	return out
}
