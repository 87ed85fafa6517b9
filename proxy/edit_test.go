package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// fixed answers every request over kept connections with its name.
func fixed(t testing.TB, name string) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			if _, err := readHead(r); err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name)
		}
	})
}

// TestEditsLoseNoRequest: a thousand edits that move a route between two
// upstreams, and a listener that comes and goes, while eight clients send
// without pause.
func TestEditsLoseNoRequest(t *testing.T) {
	one, two := fixed(t, "one"), fixed(t, "two")
	s := newSite(t, routeTo("site", one))
	spare := freeAddr(t)
	both := "[server]\nhttp = [\"" + s.addr + "\", \"" + spare + "\"]\n"
	done := make(chan struct{})
	var answered [2]atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			c := s.client()
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
					t.Errorf("sending: %v", err)
					return
				}
				resp, err := http.ReadResponse(c.r, nil)
				if err != nil {
					t.Errorf("reading: %v", err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				switch {
				case err == nil && string(body) == "one":
					answered[0].Add(1)
				case err == nil && string(body) == "two":
					answered[1].Add(1)
				default:
					t.Errorf("status %d, %q, %v", resp.StatusCode, body, err)
					return
				}
			}
		})
	}
	for i := range 1000 {
		to := one
		if i%2 == 0 {
			to = two
		}
		if i%10 < 5 {
			s.apply(both + routeTo("site", to))
		} else {
			s.apply(routeTo("site", to))
		}
	}
	close(done)
	clients.Wait()
	if answered[0].Load() == 0 || answered[1].Load() == 0 {
		t.Errorf("answers: %d from one, %d from two", answered[0].Load(), answered[1].Load())
	}
	t.Logf("%d answers from one, %d from two", answered[0].Load(), answered[1].Load())
}

func TestStateOutlivesAnEdit(t *testing.T) {
	s := newSite(t, routeTo("site", fixed(t, "one"))+routeTo2("dead", "dead.example", "127.0.0.1:1"))
	s.get("a", "/")
	for range 3 {
		s.get("dead.example", "/")
	}
	s.lastRow(4) // a record is written after its answer
	before := s.server.Status()
	s.apply(strings.ReplaceAll(routeTo("site", "x"), "http://x", before.Routes[1].To[0]) +
		routeTo2("dead", "dead.example", "127.0.0.1:1") + routeTo2("new", "new.example", "127.0.0.1:1"))
	after := s.server.Status()
	if after.Routes[2].Rates.Requests != 1 {
		t.Errorf("the route's count was lost: %+v", after.Routes[2].Rates)
	}
	if after.Routes[0].Health != proxy.StateDown || after.Routes[0].Reason != "refused 127.0.0.1:1" {
		t.Errorf("the upstream's health was lost: %v, %q", after.Routes[0].Health, after.Routes[0].Reason)
	}
}

func routeTo2(name, host, addr string) string {
	return fmt.Sprintf("[route.%s]\nhost = %q\nto = \"http://%s\"\n", name, host, addr)
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newSite(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"still here\" }\n")
	c, _ := config.Parse([]byte("[server]\nhttp = [\"" + s.addr + "\", \"" + l.Addr().String() + "\"]\n"))
	_, err = s.server.Prepare(c)
	var le *proxy.ListenError
	if !errors.As(err, &le) || le.Addr != l.Addr().String() {
		t.Fatalf("error %v", err)
	}
	if _, body := s.get("a", "/"); body != "still here" {
		t.Errorf("after a refused edit: %q", body)
	}
}

func TestDrain(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-finish
		io.WriteString(w, "done")
	})
	s := newSite(t, routeTo("site", addr))
	idle, busy := s.client(), s.client()
	idle.send("GET")
	busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-began
	s.stop()
	waitFor(t, "the listener to close", func() bool {
		c, err := net.DialTimeout("tcp", s.addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(finish)
	resp, err := http.ReadResponse(busy.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "done" || err != nil || !resp.Close {
		t.Errorf("%q, %v, close %v", body, err, resp.Close)
	}
	idle.Close()
	<-s.ended
}

func TestDrainCutsWhatHasNoEnd(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
		r.ReadByte()
	})
	s := newSite(t, routeTo("events", addr))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.head()
	s.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-s.ended:
	case <-ctx.Done():
		t.Fatal("Run did not return")
	}
	if rest, _ := io.ReadAll(c.r); bytes.HasSuffix(rest, []byte("0\r\n\r\n")) {
		t.Errorf("the cut answer looks complete: %q", rest)
	}
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
