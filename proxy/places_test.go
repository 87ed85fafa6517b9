package proxy_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// waits tells whether the connection brings nothing for a while.
func (c *client) waits() bool {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	_, err := c.r.Peek(1)
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return err != nil && err != io.EOF
}

// ofTwo returns the one of two connections that goes on; the other has ended.
func ofTwo(t *testing.T, a, b *client) *client {
	t.Helper()
	ended := make(chan *client, 2)
	for _, c := range []*client{a, b} {
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		go func() {
			if _, err := c.r.Peek(1); err != io.EOF {
				c = nil
			}
			ended <- c
		}()
	}
	one, other := <-ended, <-ended
	for _, c := range []*client{a, b} {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	}
	switch {
	case one != nil && other != nil, one == nil && other == nil:
		t.Fatal("both connections ended, or none")
	case one == a || other == a:
		return b
	}
	return a
}

func TestMaxConnectionsOfTheServer(t *testing.T) {
	addr, asked, letGo := hanging(t)
	var log bytes.Buffer
	s := newLoggedSite(t, "", slog.New(slog.NewTextHandler(&log, nil)))
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nmax_conns = 2\n" + routeTo("slow", addr) + "[route.quick]\nhost = \"quick\"\nrespond = { status = 200 }\n")
	const slow, quick = "GET / HTTP/1.1\r\nHost: slow\r\n\r\n", "GET / HTTP/1.1\r\nHost: quick\r\n\r\n"

	one, two := s.client(), s.client()
	one.asks(quick)
	two.asks(quick)
	three := s.client()
	if resp, _ := three.asks(quick); resp.StatusCode != 200 { // one that rests makes room
		t.Fatalf("the third: %d", resp.StatusCode)
	}
	two = ofTwo(t, one, two)
	if len(s.server.Status().Warnings) > 0 {
		t.Errorf("nobody waited: %+v", s.server.Status().Warnings)
	}

	two.send(slow)
	<-asked
	three.send(slow)
	<-asked
	four := s.client()
	four.send(quick)
	if !four.waits() {
		t.Error("a connection beyond max_conns was served or refused")
	}
	if w := s.server.Status().Warnings; len(w) != 1 || !strings.Contains(w[0].What, "all 2 connections") || w[0].Since.IsZero() {
		t.Errorf("warnings %+v", w)
	}
	letGo <- struct{}{}
	letGo <- struct{}{}
	for _, c := range []*client{two, three} { // both end well; then one makes room
		if resp, err := http.ReadResponse(c.r, nil); err != nil || resp.StatusCode != 200 {
			t.Errorf("%v, %v", resp, err)
		}
	}
	if resp, err := http.ReadResponse(four.r, nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("the one who waited: %v, %v", resp, err)
	}
	if resp, _ := s.client().asks(quick); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
	if len(s.server.Status().Warnings) > 0 {
		t.Errorf("nobody waits any more: %+v", s.server.Status().Warnings)
	}
	s.close()
	if n := strings.Count(log.String(), "all connections are busy"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

// TestWaitingHoldsNoEditUp: a listener that waits for a place is dropped at
// once, and the server ends.
func TestWaitingHoldsNoEditUp(t *testing.T) {
	addr, asked, letGo := hanging(t)
	s := newSite(t, "")
	text := "\nmax_conns = 1\n" + routeTo("slow", addr)
	s.apply("[server]\nhttp = \"" + s.addr + "\"" + text)
	one := s.client()
	one.send("GET / HTTP/1.1\r\nHost: slow\r\n\r\n")
	<-asked
	s.client().send("GET / HTTP/1.1\r\nHost: slow\r\n\r\n")
	other := freeAddr(t)
	s.apply("[server]\nhttp = \"" + other + "\"" + text)
	s.apply("[server]\nhttp = \"" + s.addr + "\"" + text) // waits until the old one is gone
	close(letGo)
	if resp, err := http.ReadResponse(one.r, nil); err != nil || resp.StatusCode != 502 {
		t.Errorf("%v, %v", resp, err)
	}
}

// TestNewcomersKeepTheirPlace: a connection whose first request is on its way is
// not ended for another; one that brings none for long is.
func TestNewcomersKeepTheirPlace(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nmax_conns = 2\nheader_timeout = \"6s\"\n" +
		"[route.quick]\nhost = \"quick\"\nrespond = { status = 200 }\n")
	const quick = "GET / HTTP/1.1\r\nHost: quick\r\n\r\n"
	t.Run("all at once", func(t *testing.T) {
		var all []*client
		for range 3 {
			all = append(all, s.client())
		}
		time.Sleep(300 * time.Millisecond) // they are accepted, as far as they will be
		for _, c := range all {
			c.send(quick)
		}
		for i, c := range all {
			if resp, err := http.ReadResponse(c.r, nil); err != nil || resp.StatusCode != 200 {
				t.Errorf("connection %d: %v, %v", i, resp, err)
			}
			c.Close()
		}
	})
	s.settles()
	t.Run("silent ones", func(t *testing.T) {
		one, two := s.client(), s.client()
		if resp, _ := s.client().asks(quick); resp.StatusCode != 200 {
			t.Errorf("status %d", resp.StatusCode)
		}
		ofTwo(t, one, two)
	})
}
