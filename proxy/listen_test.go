package proxy_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestDroppedListenerResetsNobody: visitors who come without a pause while the
// address is given up are served, or find nobody there.
func TestDroppedListenerResetsNobody(t *testing.T) {
	const route = "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"ok\" }\n"
	s := newSite(t, route)
	elsewhere := "[server]\nhttp = \"" + freeAddr(t) + "\"\n" + route
	var served, refused atomic.Int64
	for range 10 {
		stop := make(chan struct{})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					switch err := knock(s.addr); {
					case err == nil:
						served.Add(1)
					case errors.Is(err, syscall.ECONNREFUSED):
						refused.Add(1)
						time.Sleep(time.Millisecond)
					default:
						t.Errorf("neither served nor refused: %v", err)
					}
				}
			})
		}
		time.Sleep(50 * time.Millisecond)
		s.apply(elsewhere)
		until(t, "the address to be given up", func() bool { return errors.Is(knock(s.addr), syscall.ECONNREFUSED) })
		close(stop)
		group.Wait()
		s.apply(route)
	}
	if served.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d served, %d refused", served.Load(), refused.Load())
	}
}

// knock is a visit on a connection of its own.
func knock(addr string) error {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	answer, err := io.ReadAll(c)
	if err == nil && len(answer) == 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}
