package http1_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// Deadlines may be late by a quarter, never early.
func inTime(t *testing.T, began time.Time, d time.Duration) {
	t.Helper()
	if took := time.Since(began); took < d || took > d+d/4 {
		t.Errorf("it took %v, want %v and at most a quarter more", took, d)
	}
}

// drip writes s a byte at a time, with a pause before each.
func drip(c net.Conn, s string, pause time.Duration) {
	for i := range len(s) {
		time.Sleep(pause)
		if _, err := c.Write([]byte{s[i]}); err != nil {
			return
		}
	}
}

// bubble runs f with a connection whose time is not real.
func bubble(t *testing.T, f func(t *testing.T, peer, ours net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		peer, ours := net.Pipe()
		f(t, peer, ours)
		peer.Close()
		ours.Close()
		time.Sleep(48 * time.Hour) // whoever sleeps yet finds the pipe closed
	})
}

func TestIdle(t *testing.T) {
	bubble(t, func(t *testing.T, peer, ours net.Conn) {
		c := http1.NewServerConn(ours, limits)
		for range 3 { // a wait that ended leaves no trace in the next
			began := time.Now()
			if err := c.Await(75 * time.Second); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			inTime(t, began, 75*time.Second)
		}
		go drip(peer, get11, 0)
		if err := c.Await(time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestSlowHead(t *testing.T) {
	for _, c := range []struct{ name, stream string }{
		{"a head", get11},
		{"an empty line", "\r\n" + get11},
		{"half an empty line", "\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, peer, ours net.Conn) {
				go drip(peer, c.stream, time.Second)
				conn := http1.NewServerConn(ours, limits)
				if err := conn.Await(time.Minute); err != nil {
					t.Fatal(err)
				}
				x := message.New()
				began := time.Now()
				err := conn.ReadRequest(x, 10*time.Second)
				if headVerdict(t, err) != "408" {
					t.Error(err)
				}
				if took := time.Since(began); took != 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestSlowHeadInTime: the deadline of a head does not reach into the body, nor
// into the next wait.
func TestSlowHeadInTime(t *testing.T) {
	bubble(t, func(t *testing.T, peer, ours net.Conn) {
		const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n"
		go func() {
			drip(peer, post, 100*time.Millisecond)
			drip(peer, strings.Repeat("b", 20), 4*time.Second)
			time.Sleep(50 * time.Second)
			drip(peer, get11, 0)
		}()
		c := http1.NewServerConn(ours, limits)
		c.SetIdle(5 * time.Second)
		for range 2 {
			if err := c.Await(time.Minute); err != nil {
				t.Fatal(err)
			}
			x := message.New()
			if r := readRequest(t, c, x); r.end != isWhole || !r.more {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func TestIdleBody(t *testing.T) {
	for _, framing := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
		bubble(t, func(t *testing.T, peer, ours net.Conn) {
			go drip(peer, "POST / HTTP/1.1\r\nHost: a\r\n"+framing+"\r\n\r\n3e8\r\n"+strings.Repeat("b", 100), time.Second)
			c := http1.NewServerConn(ours, limits)
			c.SetIdle(5 * time.Second)
			if err := c.Await(time.Minute); err != nil {
				t.Fatal(err)
			}
			x := message.New()
			if err := c.ReadRequest(x, time.Hour); err != nil {
				t.Fatal(err)
			}
			last := time.Now()
			for {
				_, err := x.Request.Body.Next()
				if err == nil {
					last = time.Now()
					continue
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) || http1.BodyFault(err) != nil {
					t.Error(err)
				}
				break
			}
			inTime(t, last, 5*time.Second)
		})
	}
}

func TestSlowAnswer(t *testing.T) {
	for _, wait := range []time.Duration{0, 10 * time.Second} {
		bubble(t, func(t *testing.T, peer, ours net.Conn) {
			go func() {
				io.ReadFull(peer, make([]byte, len(get11)))
				time.Sleep(24 * time.Hour)
				drip(peer, answer("Content-Length: 0"), 0)
			}()
			x := message.New()
			x.Request.Method, x.Request.Path, x.Request.Authority = []byte("GET"), []byte("/"), []byte("a")
			c := http1.NewClientConn(ours, limits)
			if err := c.WriteRequest(x, nil); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err := c.ReadResponse(x, wait, nil)
			if wait == 0 && err != nil || wait > 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			if wait > 0 {
				inTime(t, began, wait)
			}
		})
	}
}

// TestSlowReader: who takes nothing of an answer is given up, who takes a
// little of a long one is not.
func TestSlowReader(t *testing.T) {
	for _, takes := range []bool{false, true} {
		bubble(t, func(t *testing.T, peer, ours net.Conn) {
			c := http1.NewServerConn(ours, limits)
			c.SetIdle(60 * time.Second)
			go func() {
				drip(peer, get11, 0)
				for b := make([]byte, 2<<10); takes; time.Sleep(time.Second) {
					if _, err := peer.Read(b); err != nil {
						return
					}
				}
			}()
			if err := c.Await(time.Minute); err != nil {
				t.Fatal(err)
			}
			x := message.New()
			readRequest(t, c, x)
			var body message.Bytes
			body.Set(make([]byte, 1<<20))
			x.Response.Status, x.Response.Length, x.Response.Body = 200, 1<<20, &body
			began := time.Now()
			err := c.Respond(x)
			var gone *http1.ClientError
			switch {
			case takes && err != nil:
				t.Error(err)
			case !takes && (!errors.As(err, &gone) || !errors.Is(err, os.ErrDeadlineExceeded)):
				t.Error(err)
			case !takes:
				inTime(t, began, 60*time.Second)
			}
			ours.Close()
		})
	}
}

// TestStopReading ends the waiting for a body, before or while it is awaited.
func TestStopReading(t *testing.T) {
	for _, early := range []bool{false, true} {
		bubble(t, func(t *testing.T, peer, ours net.Conn) {
			go drip(peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nb", 0)
			c := http1.NewServerConn(ours, limits)
			c.SetIdle(time.Hour)
			if err := c.Await(time.Minute); err != nil {
				t.Fatal(err)
			}
			x := message.New()
			if err := c.ReadRequest(x, time.Minute); err != nil {
				t.Fatal(err)
			}
			up, upstream := net.Pipe()
			go io.Copy(io.Discard, upstream)
			began := time.Now()
			if early {
				c.StopReading()
			} else {
				time.AfterFunc(time.Second, c.StopReading)
			}
			var sent atomic.Int64
			err := http1.NewClientConn(up, limits).SendBody(&x.Request, &sent)
			if !errors.Is(err, message.ErrBodyCut) || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			if c.Done() {
				t.Error("the connection takes another request")
			}
			up.Close()
		})
	}
}

// TestRelayRests: after an upgrade nobody has to speak in any time.
func TestRelayRests(t *testing.T) {
	bubble(t, func(t *testing.T, client, ours net.Conn) {
		upstream, toUpstream := net.Pipe()
		e := newExchange(ours, toUpstream)
		done := make(chan error, 1)
		go func() {
			e.run()
			var up, down atomic.Int64
			err := http1.Relay(e.client, e.upstream, &up, &down)
			done <- err
		}()
		go io.WriteString(client, wish)
		hear(t, upstream, wish)
		go io.WriteString(upstream, switched)
		hear(t, client, switched)
		time.Sleep(12 * time.Hour)
		go io.WriteString(client, "ping")
		hear(t, upstream, "ping")
		time.Sleep(12 * time.Hour)
		go io.WriteString(upstream, "pong")
		hear(t, client, "pong")
		client.Close()
		upstream.Close()
		<-done // a pipe has no half-close, so any error will do
	})
}

// halfPipe is a pipe with two ends for each side, as a socket has.
type halfPipe struct {
	net.Conn
	closed chan struct{}
}

func (h halfPipe) CloseWrite() error {
	close(h.closed)
	return nil
}

func TestLinger(t *testing.T) {
	for _, c := range []struct {
		name         string
		pause, lasts time.Duration // between bytes, for how long
		want         time.Duration
	}{
		{"silence", 0, 0, 5 * time.Second},
		{"a while, then silence", 4 * time.Second, 12 * time.Second, 17 * time.Second},
		{"no end", time.Second, time.Hour, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, peer, ours net.Conn) {
				half := halfPipe{ours, make(chan struct{})}
				conn := http1.NewServerConn(half, limits)
				go func() {
					<-half.closed
					if c.pause > 0 {
						drip(peer, strings.Repeat("b", int(c.lasts/c.pause)), c.pause)
					}
				}()
				conn.StopReading() // as after an upload that was cut: it counts no more
				began := time.Now()
				conn.Linger(5*time.Second, 30*time.Second)
				if took := time.Since(began); took != c.want {
					t.Errorf("it took %v, want %v", took, c.want)
				}
				ours.Close()
			})
		})
	}
}

// TestLingerSaves: the last answer reaches a client that is still sending.
func TestLingerSaves(t *testing.T) {
	noneLeft(t)
	client, ours := tcpPair(t)
	c := http1.NewServerConn(ours, limits)
	x := message.New()
	defer x.Release()
	say(t, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
	if err := c.Await(patience); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadRequest(x, patience); err != nil {
		t.Fatal(err)
	}
	c.CloseAfter()
	x.Response.Status = 413
	if err := c.Respond(x); err != nil || c.Done() {
		t.Fatalf("error %v, or another request", err)
	}
	lingered := make(chan bool)
	go func() {
		c.Linger(patience, patience)
		ours.Close()
		close(lingered)
	}()
	say(t, client, noise(1000000))
	hear(t, client, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	heardEnd(t, client)
	client.Close()
	waitFor(t, "the end of the lingering", lingered)
}

// deadlines counts how often they are moved.
type deadlines struct {
	*script
	read, write int
	last        time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read++
	d.last = t
	return nil
}

func (d *deadlines) SetWriteDeadline(time.Time) error {
	d.write++
	return nil
}

// TestDeadlinesRest: moving a timer costs more than reading a head.
func TestDeadlinesRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &deadlines{script: &script{}}
		for range 100 {
			conn.pieces = append(conn.pieces, []byte(get11))
		}
		c := http1.NewServerConn(conn, limits)
		x := message.New()
		x.Response.Status = 204
		for range 100 {
			if err := c.Await(time.Minute); err != nil {
				t.Fatal(err)
			}
			c.SetIdle(5 * time.Minute)
			if r := readRequest(t, c, x); !r.more {
				t.Fatalf("%+v", r)
			}
			if err := c.Respond(x); err != nil {
				t.Fatal(err)
			}
			x.Request = message.Request{}
			time.Sleep(time.Second)
		}
		if conn.read > 10 || conn.write > 3 {
			t.Errorf("in 100 s the deadlines were moved %d and %d times", conn.read, conn.write)
		}
	})
}
