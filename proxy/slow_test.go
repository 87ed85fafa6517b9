package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// patient applies the routes with short times for clients.
func (s *site) patient(routes string) {
	s.apply(fmt.Sprintf("[server]\nhttp = %q\nheader_timeout = \"1s\"\nidle_timeout = \"1s\"\n%s", s.addr, routes))
}

// TestSlowClients: 300 who send their heads and bodies a byte at a time harm
// nobody else, in the same run, and get no more time than is due to them.
func TestSlowClients(t *testing.T) {
	const slow = 300
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	s := newSite(t, routeTo("site", addr))
	for try := 1; ; try++ {
		alone := s.typical()
		var slowly []net.Conn
		for i := range slow {
			c := s.dial()
			slowly = append(slowly, c)
			head := "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
			if i%2 == 0 {
				head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
			}
			if _, err := io.WriteString(c, head); err != nil {
				t.Fatal(err)
			}
		}
		stop := make(chan struct{})
		dripped := make(chan struct{})
		go func() {
			defer close(dripped)
			for {
				for _, c := range slowly {
					io.WriteString(c, "x")
				}
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
		until(t, "the slow ones to be connected", func() bool { return s.server.Status().Open >= slow })
		beside := s.typical()
		close(stop)
		<-dripped
		for _, c := range slowly {
			c.Close()
		}
		s.settles()
		// A machine that is busy with something else may take its time in one
		// of the two, but not every time.
		if beside < 5*alone {
			return
		} else if try == 5 {
			t.Fatalf("a GET takes %v beside %d slow clients, %v alone", beside, slow, alone)
		}
	}
}

// typical is the median time of a GET on a connection of its own.
func (s *site) typical() time.Duration {
	var took []time.Duration
	for range 200 {
		began := time.Now()
		if status, _, err := s.visit("/"); status != 200 || err != nil {
			s.t.Fatal(status, err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// TestSlowHeadAndBody: a head has its time in all, however it drips; a body has
// the time between two bytes.
func TestSlowHeadAndBody(t *testing.T) {
	freed := make(chan struct{}, 1)
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.Copy(io.Discard, r)
		freed <- struct{}{}
	})
	s := newSite(t, timed(addr))
	s.patient(timed(addr))
	t.Run("a head that drips", func(t *testing.T) {
		c := s.client()
		go func() {
			for _, b := range []byte("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: " + strings.Repeat("x", 1000)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 408 ") {
			t.Errorf("%q", head)
		}
		c.Close()
		s.settles()
	})
	t.Run("a body that stops", func(t *testing.T) {
		c := s.client()
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
		within(t, "the upstream to be freed", freed)
		if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 408 ") {
			t.Errorf("%q", head)
		}
		if row := s.lastRow(2); row.Cause.String() != "body-timeout" {
			t.Errorf("cause %q", row.Cause)
		}
		c.Close()
		s.settles()
	})
	t.Run("nothing at all", func(t *testing.T) {
		s.client().expectEnd()
		s.settles()
	})
	t.Run("half a head, then the end", func(t *testing.T) {
		c := s.client()
		c.send("GET / HT")
		c.Conn.(*net.TCPConn).CloseWrite()
		c.expectEnd()
		s.settles()
	})
}

// TestPipelineFlood: many requests in one breath are answered in order; one who
// never listens holds neither memory nor the upstream for long.
func TestPipelineFlood(t *testing.T) {
	const n = 5000
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
	s := newSite(t, timed(addr))
	c := s.client()
	go func() {
		w := bufio.NewWriter(c)
		for i := range n {
			fmt.Fprintf(w, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		}
		w.Flush()
	}()
	for i := range n {
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != fmt.Sprint("/", i) {
			t.Fatalf("answer %d is %q, %v", i, body, err)
		}
	}
	c.Close()
	s.settles()
}

// TestDeafClients ask for much and read nothing.
func TestDeafClients(t *testing.T) {
	freed := make(chan struct{}, 2)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, &pattern{}) // until the connection ends
		freed <- struct{}{}
	})
	child := newChild(t, timed(addr))
	before := child.memory("VmHWM")
	for _, requests := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2000)} {
		c, err := net.Dial("tcp", child.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go io.WriteString(c, requests)
		within(t, "the upstream to be freed", freed)
	}
	if grown := child.memory("VmHWM") - before; grown > flatMemory {
		t.Errorf("resident memory grew by %d MiB", grown>>20)
	}
}
