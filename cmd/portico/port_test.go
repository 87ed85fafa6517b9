package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

func TestTakenPortNamesItsProcess(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(address, func(t *testing.T) {
			held, err := net.Listen("tcp", address)
			if err != nil {
				t.Skipf("no such address here: %v", err)
			}
			defer held.Close()
			c, _ := config.Parse([]byte("[server]\nhttp = [\n  \":1\",\n  \"" + held.Addr().String() + "\"]\n"))
			c.Server.HTTP = c.Server.HTTP[1:]
			_, err = listening{proxy.New(proxy.Options{Log: slog.New(slog.DiscardHandler)})}.Prepare(c)
			var refusal *config.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("%v", err)
			}
			comm, _ := os.ReadFile("/proc/self/comm")
			want := fmt.Sprintf("4:3: cannot listen on %s: address already in use (name another address, or stop %d %s)",
				held.Addr(), os.Getpid(), strings.TrimSpace(string(comm)))
			if got := refusal.Problem.String(); got != want || refusal.Problem.Path != "server.http[1]" {
				t.Errorf("%s: %q, want %q", refusal.Problem.Path, got, want)
			}
		})
	}
}

// TestTakenPortsAreAllNamed: a start names each of them with its line.
func TestTakenPortsAreAllNamed(t *testing.T) {
	h := newHome(t)
	var taken []any
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		taken = append(taken, l.Addr())
	}
	h.write("portico.toml", fmt.Sprintf("[server]\nhttp = [\n\"%s\",\n\"%s\"]\n[route.a]\nhost = \"*\"\nto = \"builtin://whoami\"\n", taken...))
	r := h.run("run", "--headless")
	for i, addr := range taken {
		if want := fmt.Sprintf("portico.toml:%d:1: cannot listen on %s: address already in use (", 3+i, addr); r.code != 1 || !strings.Contains(r.err, want) {
			t.Errorf("%q is not said: %+v", want, r)
		}
	}
}

// TestTakenPortOfTheStarter: there is no file to name another address in yet.
func TestTakenPortOfTheStarter(t *testing.T) {
	if l, err := net.Listen("tcp", ":8080"); err == nil { // else somebody has it already
		defer l.Close()
	}
	r := newHome(t).run("run", "--headless")
	for _, want := range []string{"starter.toml:6:8: cannot listen on :8080: address already in use", "portico init writes portico.toml"} {
		if r.code != 1 || !strings.Contains(r.err, want) {
			t.Errorf("%q is not said: %+v", want, r)
		}
	}
}

func TestListenHelp(t *testing.T) {
	failed := func(err error, address string) error {
		tcp := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
		op := &net.OpError{Op: "listen", Net: "tcp", Addr: tcp, Err: os.NewSyscallError("bind", err)}
		return fmt.Errorf("prepare: %w", &proxy.ListenError{Addr: address, Err: op})
	}
	home, _ := config.Parse([]byte("[server]\nhttp = \"0.0.0.0:80\"\n"))
	for name, c := range map[string]struct {
		err   error
		says  string
		wraps error
	}{
		"a port below 1024":                  {failed(unix.EACCES, "0.0.0.0:80"), "line 2: cannot listen on 0.0.0.0:80: permission denied (ports below 1024 need a right: AmbientCapabilities=CAP_NET_BIND_SERVICE", unix.EACCES},
		"an absent address":                  {failed(unix.EADDRNOTAVAIL, "192.0.2.1:8080"), "does not have that address", unix.EADDRNOTAVAIL},
		"a port that nobody is seen to hold": {failed(unix.EADDRINUSE, "192.0.2.1:1"), "sudo ss -ltnp", unix.EADDRINUSE},
		"another right":                      {failed(unix.EACCES, "0.0.0.0:8080"), "permission denied", unix.EACCES},
		"another error":                      {errDifferent, errDifferent.Error(), errDifferent},
	} {
		t.Run(name, func(t *testing.T) {
			got := listenHelp(c.err, home)
			if !strings.Contains(got.Error(), c.says) || !errors.Is(got, c.wraps) {
				t.Errorf("%v, want %q", got, c.says)
			}
		})
	}
}

var errDifferent = errors.New("something different")

// A listener that stands in the way of its successor is portico itself: nobody
// is to stop it.
func TestListenersThatOverlapNeedARestart(t *testing.T) {
	h := newHome(t)
	port := freePort(t)
	h.write("portico.toml", lab(port))
	p := h.start("run", "--headless")
	p.serving()
	h.write("portico.toml", strings.Replace(h.file(), "127.0.0.1:", ":", 1))
	want := fmt.Sprintf("cannot listen on :%d while 127.0.0.1:%d is served: this change needs a restart", port, port)
	p.says("line=3 column=8 problem=\"" + want + "\" hint=\"restart portico when the file says so\"")
	var r report
	if err := json.Unmarshal([]byte(h.does("status", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 1 || r.Problems[0].Line != 3 || r.Problems[0].Message != want {
		t.Errorf("%+v", r.Problems)
	}
	if log := p.log.String(); strings.Contains(log, "stop") {
		t.Errorf("the log says\n%s", log)
	}
}

func TestListeningInodes(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0
   2: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0 100 0 0 10 0
   3: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 14 1 0 100 0 0 10 0
   4: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15 1
   5: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16 1
   6: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1 0 100 0 0 10 0
   7: nonsense 0A
   8: XX:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18 1 0 100 0 0 10 0
`
	for address, want := range map[string][]string{
		"127.0.0.1:8080":    {"socket:[11]", "socket:[12]", "socket:[16]"},
		"[::1]:8080":        {"socket:[12]", "socket:[15]"},
		"0.0.0.0:8081":      {"socket:[17]"},
		"192.168.1.20:8080": {"socket:[12]"},
		"127.0.0.1:80":      nil,
	} {
		if got := listeningInodes([]byte(table), netip.MustParseAddrPort(address)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
