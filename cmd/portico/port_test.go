package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTakenPortNamesItsProcess(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(address, func(t *testing.T) {
			held, err := net.Listen("tcp", address)
			if err != nil {
				t.Skipf("no such address here: %v", err)
			}
			defer held.Close()
			_, taken := net.Listen("tcp", held.Addr().String())
			if taken == nil {
				t.Fatal("the port was given twice")
			}
			got := listenHelp(fmt.Errorf("listen: %w", taken), "home.toml").Error()
			comm, _ := os.ReadFile("/proc/self/comm")
			for _, want := range []string{"address already in use", "home.toml", fmt.Sprintf("stop %d %s", os.Getpid(), strings.TrimSpace(string(comm)))} {
				if !strings.Contains(got, want) {
					t.Errorf("%q does not say %q", got, want)
				}
			}
		})
	}
}

func TestListenHelp(t *testing.T) {
	failed := func(err error, address string) error {
		tcp := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
		return &net.OpError{Op: "listen", Net: "tcp", Addr: tcp, Err: os.NewSyscallError("bind", err)}
	}
	for name, c := range map[string]struct {
		err   error
		says  string
		wraps error
	}{
		"a port below 1024":                  {failed(unix.EACCES, "0.0.0.0:80"), "CAP_NET_BIND_SERVICE", unix.EACCES},
		"an absent address":                  {failed(unix.EADDRNOTAVAIL, "192.0.2.1:8080"), "does not have that address", unix.EADDRNOTAVAIL},
		"a port that nobody is seen to hold": {failed(unix.EADDRINUSE, "192.0.2.1:1"), "sudo ss -ltnp", unix.EADDRINUSE},
		"another right":                      {failed(unix.EACCES, "0.0.0.0:8080"), "permission denied", unix.EACCES},
		"another error":                      {errDifferent, errDifferent.Error(), errDifferent},
	} {
		t.Run(name, func(t *testing.T) {
			got := listenHelp(c.err, "home.toml")
			if !strings.Contains(got.Error(), c.says) || !errors.Is(got, c.wraps) {
				t.Errorf("%v, want %q", got, c.says)
			}
		})
	}
}

var errDifferent = errors.New("something different")

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
