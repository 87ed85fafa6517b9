package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// serveControl runs a control socket with the commands until the test ends.
func serveControl(t *testing.T, commands map[string]command) *places {
	t.Helper()
	dir, err := os.MkdirTemp("", "portico")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, socketName)
	g := newGate()
	listener, err := listenControl(path, true, g)
	if err != nil {
		t.Fatal(err)
	}
	c := &control{listener: listener, gate: g, commands: commands, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("control ended with %v", err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket is still there")
		}
		os.RemoveAll(dir)
	})
	return &places{socket: path}
}

func dial(t *testing.T, at *places) *client {
	t.Helper()
	c, err := at.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.conn.Close() })
	return c
}

func hello(_ context.Context, c *caller) error { return c.answer(answer{Left: c.user}) }

func TestControlAnswers(t *testing.T) {
	at := serveControl(t, map[string]command{
		"hello": hello,
		"fail":  func(context.Context, *caller) error { return errors.New("not today") },
	})
	if a, err := dial(t, at).ask(request{Command: "hello"}); err != nil || a.Left == "" {
		t.Errorf("hello: %+v, %v", a, err)
	}
	if _, err := dial(t, at).ask(request{Command: "fail"}); err == nil || err.Error() != "not today" {
		t.Errorf("fail: %v", err)
	}
	if _, err := dial(t, at).ask(request{Command: "newer"}); err == nil || !strings.Contains(err.Error(), `"newer"`) {
		t.Errorf("an unknown command: %v", err)
	}
}

func TestControlPassesFilesOn(t *testing.T) {
	at := serveControl(t, map[string]command{"files": func(_ context.Context, c *caller) error {
		for _, f := range c.files {
			if _, err := io.WriteString(f, "to "+c.request.Env["TERM"]); err != nil {
				return err
			}
		}
		return c.answer(answer{})
	}})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd := descriptor(w)
	if _, err := dial(t, at).ask(request{Command: "files", Env: map[string]string{"TERM": "vt"}}, fd, fd); err != nil {
		t.Fatal(err)
	}
	w.Close()
	// The end of the pipe also shows that the service closed its copies.
	if got, err := io.ReadAll(r); err != nil || string(got) != "to vtto vt" {
		t.Errorf("read %q, %v", got, err)
	}
}

// Whatever is sent, the service answers with an error or hangs up, keeps no
// file, and goes on answering others.
func TestControlRefusesNonsense(t *testing.T) {
	at := serveControl(t, map[string]command{"hello": hello})
	for name, text := range map[string]string{
		"no JSON":        "hello\n",
		"another type":   `{"command":7}` + "\n",
		"too long":       `{"command":"` + strings.Repeat("x", requestLimit) + `"}` + "\n",
		"two at once":    `{"command":"hello"}` + "\n" + `{"command":"hello"}` + "\n",
		"nothing, ended": "",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, at)
			if _, err := c.conn.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			_ = c.conn.CloseWrite()
			if a, err := c.next(); err == nil && a.problem() == nil {
				t.Errorf("it answered %+v", a)
			}
		})
	}
	if _, err := dial(t, at).ask(request{Command: "hello"}); err != nil {
		t.Error(err)
	}
}

func TestControlRefusesTooManyFiles(t *testing.T) {
	at := serveControl(t, map[string]command{"hello": hello})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd := descriptor(w)
	c := dial(t, at)
	half := []byte(`{"command":`)
	for range 3 {
		if _, _, err := c.conn.WriteMsgUnix(half, unix.UnixRights(fd), nil); err != nil {
			break
		}
		half = []byte(" ")
	}
	w.Close()
	if a, err := c.next(); err == nil && a.problem() == nil {
		t.Error("three files were taken")
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
}

func TestControlBoundsItsCallers(t *testing.T) {
	at := serveControl(t, map[string]command{"wait": waitForMore})
	for range maxCallers {
		if _, err := dial(t, at).ask(request{Command: "wait"}); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := dial(t, at).next(); err != nil || !strings.Contains(a.Error, "open already") {
		t.Errorf("one too many: %+v, %v", a, err)
	}
}

func TestSocketIsPrivate(t *testing.T) {
	at := serveControl(t, nil)
	info, err := os.Stat(at.socket)
	if err != nil {
		t.Fatal(err)
	}
	want := os.FileMode(0o600)
	if newGate().group != nil {
		want = 0o660
	}
	if info.Mode().Perm() != want {
		t.Errorf("mode %v, want %v", info.Mode().Perm(), want)
	}
}

func TestSocketThatIsInTheWay(t *testing.T) {
	dir, err := os.MkdirTemp("", "portico")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, socketName)

	touch(t, path)
	if l, err := listenControl(path, true, newGate()); err == nil {
		l.Close()
		t.Error("a file was replaced")
	}
	os.Remove(path)

	alive, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := listenControl(path, true, newGate()); err == nil || !strings.Contains(err.Error(), "another portico") {
		l.Close()
		t.Errorf("a socket that answers: %v", err)
	}
	alive.SetUnlinkOnClose(false)
	alive.Close()

	if l, err := listenControl(path, false, newGate()); err == nil {
		l.Close()
		t.Error("a stale socket was removed without the lock")
	}
	l, err := listenControl(path, true, newGate())
	if err != nil {
		t.Fatalf("a stale socket under the lock: %v", err)
	}
	l.Close()
}

func TestSocketPathTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 108))
	if l, err := listenControl(path, true, newGate()); err == nil || !strings.Contains(err.Error(), "--socket") {
		l.Close()
		t.Errorf("%v", err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	h := newHome(t)
	for _, command := range []string{"status"} {
		r := h.run(command, "--socket", h.path("none.sock"))
		want := "portico: no portico answers on " + h.path("none.sock") +
			" (start one with `portico run`, or name its socket with --socket)\n"
		if r.code != 1 || r.err != want || r.out != "" {
			t.Errorf("%s: %+v, want %q", command, r, want)
		}
	}
}

func TestStatusJSONReachesTheClient(t *testing.T) {
	at := serveControl(t, map[string]command{"status": func(_ context.Context, c *caller) error {
		return c.answer(answer{Status: &report{Version: "v1", Problems: []problemJSON{}}})
	}})
	got, err := at.askStatus()
	if err != nil || got.Version != "v1" {
		t.Errorf("%+v, %v", got, err)
	}
	text, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(text), `"problems":[]`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A caller that says no more is not waited for when portico stops.
func TestControlStopsUnderASilentCaller(t *testing.T) {
	var c *client
	t.Cleanup(func() { c.conn.Close() }) // only after the control has ended
	at := serveControl(t, map[string]command{"wait": waitForMore})
	var err error
	if c, err = at.dial(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ask(request{Command: "wait"}); err != nil {
		t.Fatal(err)
	}
}

// waitForMore is a command that reads for as long as the caller stays.
func waitForMore(_ context.Context, c *caller) error {
	if err := errors.Join(c.answer(answer{}), c.conn.SetReadDeadline(time.Time{})); err != nil {
		return err
	}
	_, err := c.conn.Read(make([]byte, 1))
	return err
}

// A change is made on a yes alone, whatever else is sent, and not at all where
// the caller leaves.
func TestChangeNeedsAYes(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	h.start("run", "--headless").serving()
	before := h.file()
	at := &places{socket: h.socket()}
	for name, e := range map[string]*edit{
		"none":         nil,
		"of no kind":   {Do: "paint", Route: "git"},
		"of no route":  {Do: disableRoute, Route: "none"},
		"of no key":    {Do: setKeys, Route: "git", Words: []string{"x"}},
		"of no value":  {Do: setKeys, Route: "git", Words: []string{"use="}},
		"far too long": {Do: setKeys, Route: "git", Words: []string{strings.Repeat("x", requestLimit)}},
		"of the past":  {Do: undoChange, N: -1},
	} {
		if a, err := dial(t, at).ask(request{Command: "change", Edit: e}); err == nil {
			t.Errorf("an edit %s: %+v", name, a.Proposal)
		}
	}
	for _, said := range []string{"", "n", "no\n", "\x00y"} {
		c := dial(t, at)
		if a, err := c.ask(request{Command: "change", Edit: &edit{Do: disableRoute, Route: "git"}}); err != nil || len(a.Proposal.Diff) == 0 {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := c.conn.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
		_ = c.conn.CloseWrite()
		if a, err := c.hear(soon); err == nil && a.Made != nil {
			t.Errorf("%q: made %+v", said, a.Made)
		}
	}
	if h.file() != before {
		t.Errorf("the file was changed:\n%s", h.file())
	}
}
