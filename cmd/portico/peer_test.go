package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is the uid of a user that owns nothing.
const stranger = 65534

// connectAs connects as another user, which root may become for one thread.
func connectAs(t *testing.T, uid int, path string) net.Conn {
	t.Helper()
	connected := make(chan int, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, its user with it.
		runtime.LockOSThread()
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
		}
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			t.Error(errno)
		}
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
			t.Error(err)
		}
		connected <- fd
	}()
	f := os.NewFile(uintptr(<-connected), path)
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Even where the file's permissions let someone in, the gate looks who it is.
func TestGateRefusesStrangers(t *testing.T) {
	dir, err := os.MkdirTemp("", "portico")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, socketName)
	g := gate{uid: os.Geteuid()}
	connect := func() net.Conn { return connectAs(t, stranger, path) }
	if os.Geteuid() != 0 {
		// Nobody else to be: so portico is another's.
		g.uid++
		connect = func() net.Conn {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			return conn
		}
	}
	listener, err := listenControl(path, true, g)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{dir: 0o755, path: 0o777} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	c := &control{listener: listener, gate: g, log: slog.New(slog.NewTextHandler(&log, nil)),
		commands: map[string]command{"hello": hello}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()

	conn := connect()
	// It may have hung up before it reads; its answer waits all the same.
	_, _ = conn.Write([]byte(`{"command":"hello"}` + "\n"))
	var a answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil || !strings.Contains(a.Error, "nor in the group portico") {
		t.Errorf("answered %+v, %v", a, err)
	}
	cancel()
	<-ended
	if !strings.Contains(log.String(), "was refused") {
		t.Errorf("logged %q", log.String())
	}
}

func TestGateMembers(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	ids, err := me.GroupIds()
	if err != nil || len(ids) == 0 {
		t.Fatal(ids, err)
	}
	own, other := &user.Group{Gid: ids[0]}, &user.Group{Gid: "4294967000"}
	for name, c := range map[string]struct {
		group   *user.Group
		account *user.User
		gid     uint32
		want    bool
	}{
		"without the group":                {nil, me, 0, false},
		"in the group by its file":         {own, me, 1, true},
		"in another":                       {other, me, 1, false},
		"running under the group":          {other, me, 4294967000, true},
		"an account that is not known":     {own, nil, 1, false},
		"unknown, running under the group": {other, nil, 4294967000, true},
	} {
		if got := (gate{group: c.group}).member(c.account, c.gid); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
