package http1_test

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// idleConns is how many connections are held; the kernel's share is not counted.
const idleConns = 1000

// BenchmarkIdle reports what a connection costs that waits for a request after
// it was answered one.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleCost(b, idleConns), "B/conn")
	}
}

func idleCost(tb testing.TB, n int) float64 {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	clients, served := make([]int, n), make([]net.Conn, n)
	before := inUse()
	var waiting, ended sync.WaitGroup
	for i := range n {
		clients[i] = rawDial(tb, l.Addr().(*net.TCPAddr))
		defer syscall.Close(clients[i])
		if served[i], err = l.Accept(); err != nil {
			tb.Fatal(err)
		}
		waiting.Add(1)
		ended.Go(func() { serveIdle(tb, served[i], &waiting) })
	}
	for _, fd := range clients {
		if _, err := syscall.Write(fd, []byte(get11)); err != nil {
			tb.Fatal(err)
		}
	}
	waiting.Wait()
	cost := float64(inUse()-before) / float64(n)
	for _, c := range served {
		c.Close()
	}
	ended.Wait()
	return cost
}

// rawDial makes a connection that Go's heap knows nothing of.
func rawDial(tb testing.TB, to *net.TCPAddr) int {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		tb.Fatal(err)
	}
	return fd
}

// serveIdle answers one request and waits for the next.
func serveIdle(tb testing.TB, conn net.Conn, waiting *sync.WaitGroup) {
	c := http1.NewServerConn(conn, limits)
	defer c.Release()
	if err := answerOne(c); err != nil {
		tb.Error(err)
	}
	waiting.Done()
	if err := c.Await(time.Hour); !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		tb.Error(err)
	}
}

func answerOne(c *http1.ServerConn) error {
	x := message.New()
	defer x.Release()
	if err := c.Await(patience); err != nil {
		return err
	}
	if err := c.ReadRequest(x, patience); err != nil {
		return err
	}
	x.Response.Status = 204
	return c.Respond(x)
}

// inUse is what heap and stacks hold after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // pools keep what they hold over one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
