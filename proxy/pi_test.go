package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	manySockets = 10_000
	// manyMemory is what a proxy with that many open WebSockets may have
	// resident: a Raspberry Pi has 1 GiB, for everything.
	manyMemory = 250 << 20
)

// TestManyWebSockets keeps them open through a proxy of its own process, after
// a message each way. Where files are scarce there are fewer of them, in as much
// less memory.
func TestManyWebSockets(t *testing.T) {
	n := min(manySockets, (openFiles(t)-300)/2) // two for each, on both sides of the proxy
	if raced {
		n /= 20
	}
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		_ = c.SetDeadline(time.Time{})
		if _, err := readHead(r); err != nil {
			return
		}
		io.WriteString(c, switching)
		echoFrame(c, r) // io.Copy would hold a pipe for each
	})
	child := newChild(t, routeTo("ws", addr))
	start := child.memory("VmRSS")
	for range 2 { // the second time nothing of the first is left
		clients := openMany(t, child.addr, n)
		open := child.memory("VmRSS")
		syscall.Kill(child.pid, syscall.SIGUSR1)
		time.Sleep(2 * time.Second)
		t.Logf("%d WebSockets: %d MiB resident, %d at start; %d bytes each", n, open>>20, start>>20, (open-start)/int64(n))
		if most := int64(manyMemory) / manySockets * int64(n); open > most && !raced {
			t.Errorf("%d WebSockets take %d MiB, more than %d", n, open>>20, most>>20)
		}
		for _, c := range clients {
			vanish(c, "reset") // leaves no port behind that nobody may use for a minute
		}
		until(t, "the proxy to close them too", func() bool { return child.files() < 100 })
	}
}

func echoFrame(c net.Conn, r *bufio.Reader) {
	frame := make([]byte, 64)
	for {
		n, err := r.Read(frame)
		if err != nil {
			return
		}
		if _, err := c.Write(frame[:n]); err != nil {
			return
		}
	}
}

// openFiles is how many this process and its children may have.
func openFiles(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if want := uint64(2*manySockets + 1000); limit.Max < want {
		// Allowed to root, in most places.
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: want}) == nil {
			return int(want)
		}
		t.Logf("no more than %d files may be open here", limit.Max)
	}
	return int(limit.Max)
}

// openMany upgrades n connections, from several addresses, and has a message go
// to and fro on each.
func openMany(t *testing.T, addr string, n int) []net.Conn {
	t.Helper()
	clients := make([]net.Conn, n)
	t.Cleanup(func() {
		for _, c := range clients {
			if c != nil {
				c.Close()
			}
		}
	})
	var group sync.WaitGroup
	const hands = 16
	failed := make(chan error, hands)
	for hand := range hands {
		group.Go(func() {
			for i := hand; i < n; i += hands {
				c, err := openOne(addr, i)
				if clients[i] = c; err != nil {
					failed <- fmt.Errorf("WebSocket %d: %w", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	return clients
}

func openOne(addr string, i int) (net.Conn, error) {
	d := net.Dialer{Timeout: time.Minute, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%4))}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	frame := "\x81\x85\x00\x00\x00\x00hello"
	if _, err := io.WriteString(c, "GET /"+strings.Repeat("p", i%40)+" HTTP/1.1\r\n"+handshake+frame); err != nil {
		return c, err
	}
	got := make([]byte, 512)
	for n := 0; !strings.HasSuffix(string(got[:n]), frame); {
		k, err := c.Read(got[n:])
		if n += k; err != nil {
			return c, fmt.Errorf("%q: %w", got[:n], err)
		}
	}
	return c, nil
}
