package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func (b *bench) wantLastGood(want string) {
	b.Helper()
	b.wantRunning(want)
	since, running := b.LastGood()
	if !running || since.IsZero() || b.problems() == nil {
		b.Errorf("the last good text runs: %v since %v, problems %v", running, since, b.problems())
	}
	if b.log.count("level=WARN msg=\"the configuration file cannot run: the last good one runs in its place\"") == 0 {
		b.Errorf("the log does not say so:\n%s", b.log)
	}
}

func TestLastGood(t *testing.T) {
	for _, c := range []struct {
		name     string
		spoil    func(b *bench)
		problems string // of the file
	}{
		{"not TOML", func(b *bench) { b.save(withServer + "[") }, "7:1: "},
		{"an unknown key", func(b *bench) { b.save(withServer + "steam = 1\n") }, "unknown key \"steam\""},
		{"emptied", func(b *bench) { b.must(os.Truncate(b.path, 0)) }, "the file is empty"},
		{"a folder in its place", func(b *bench) { b.must(os.Remove(b.path)); b.must(os.Mkdir(b.path, 0o755)) }, "cannot be read"},
		{"what it asks for cannot be had", func(b *bench) { b.save(conns("7")) }, errRefused.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newStateBench(t, withServer, 0)
			if _, running := b.LastGood(); running {
				t.Error("the last good text runs where the file does")
			}
			c.spoil(b)
			b.gate = &gate{}
			b.more.Strict = true
			if err := b.tryOpen(onlyConns(100)); err == nil {
				t.Error("a strict store starts")
			}
			b.more.Strict = false
			b.gate = &gate{}
			b.must(b.tryOpen(onlyConns(100)))
			b.wantLastGood(withServer)
			if got := b.problems().Error(); !strings.Contains(got, c.problems) {
				t.Errorf("the problems are %s", got)
			}
			b.wantHistory("1 disk: found at start")
			err := b.update(nil, func(f *config.File) error { return f.Set("http://10.0.0.7", "route", "nas", "to") })
			if c.problems != errRefused.Error() && err == nil {
				t.Error("an edit is made in a file that cannot run")
			}
			b.must(os.RemoveAll(b.path))
			mended := withServer + "# mended\n"
			b.save(mended)
			b.must(b.Reload(t.Context()))
			b.wantRunning(mended)
			b.wantGood(mended)
			if _, running := b.LastGood(); running || b.problems() != nil {
				t.Errorf("the last good text still runs: %v", b.problems())
			}
		})
	}
}

func TestLastGoodThatComesBack(t *testing.T) {
	b := newStateBench(t, withServer, 0)
	b.save("[")
	b.restart()
	b.wantLastGood(withServer)
	b.save(withServer)
	b.must(b.Reload(t.Context()))
	b.wantEnds(1) // it runs already
	if _, running := b.LastGood(); running || b.problems() != nil {
		t.Errorf("the last good text still runs: %v", b.problems())
	}
}

func TestNoLastGood(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(b *bench)
	}{
		{"none", func(b *bench) { b.must(os.Remove(b.inState("last-good.toml"))) }},
		{"a broken one", func(b *bench) { b.must(os.WriteFile(b.inState("last-good.toml"), []byte("["), 0o600)) }},
		{"no state directory", func(b *bench) { b.more.State = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newStateBench(t, withServer, 0)
			c.spoil(b)
			b.save(withServer + "steam = 1\n")
			var ps config.Problems
			if err := b.tryOpen(); !errors.As(err, &ps) || !strings.Contains(err.Error(), "steam") {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("one that cannot run either", func(t *testing.T) {
		b := newStateBench(t, withServer, 0)
		b.save("[")
		b.gate = &gate{refuse: errRefused}
		var ps config.Problems
		if err := b.tryOpen(); !errors.As(err, &ps) {
			t.Errorf("error %v", err)
		}
	})
}

// TestEmptyFileAtTheFirstStart is refused as at any other, and as check says.
func TestEmptyFileAtTheFirstStart(t *testing.T) {
	b := &bench{T: t, path: t.TempDir() + "/portico.toml", gate: &gate{}, log: &logBuffer{}}
	b.more.State = t.TempDir()
	b.must(os.WriteFile(b.path, nil, 0o644))
	_, problems := config.ParseFile(b.path, nil)
	if err := b.tryOpen(); err == nil || err.Error() != problems.Error() || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("Open says %v, ParseFile %v", err, problems)
	}
}

// TestFileWithoutRoutes is warned of: one line of comment drops every route.
func TestFileWithoutRoutes(t *testing.T) {
	for text, want := range map[string]bool{
		"# to be done\n": true,
		"[route.a]\nhost = \"*\"\nto = \"http://a\"\nenabled = false\n": true,
		withServer: false,
	} {
		_, ps := config.ParseFile("portico.toml", []byte(text))
		if warned := strings.Contains(ps.Error(), "1:1: warning: no route is on: every request is answered 404"); warned != want || len(ps.Errors()) > 0 {
			t.Errorf("%q has %v", text, ps)
		}
	}
}
