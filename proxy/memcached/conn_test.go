package memcached_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/memcached"
	"forge.home.arpa/portico/proxy/message"
)

// script is a connection whose server said everything beforehand, in pieces.
type script struct {
	net.Conn
	said  []byte
	then  []string // said after each further request
	piece int
	wrote bytes.Buffer
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.said) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), s.piece)], s.said)
	s.said = s.said[n:]
	return n, nil
}
func (s *script) Write(b []byte) (int, error) {
	if s.wrote.Len() > 0 && len(s.then) > 0 {
		s.said, s.then = append(s.said, s.then[0]...), s.then[1:]
	}
	return s.wrote.Write(b)
}
func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// ask gets a key and reads the value whole.
func ask(c *memcached.Conn, method, key string) (x *message.Exchange, body []byte, err error) {
	x = message.New()
	x.Request.Method, x.Request.Path = []byte(method), []byte(key)
	if err := c.Ask(x, nil, 0, nil); err != nil || x.Response.Body == nil {
		return x, nil, err
	}
	for {
		x.Response.Body.Ready()
		data, err := x.Response.Body.Next()
		if err == io.EOF {
			return x, body, nil
		}
		if err != nil {
			return x, body, err
		}
		body = append(body, data...)
	}
}

func TestAnswers(t *testing.T) {
	const head = "VALUE k 0 5\r\n"
	for _, c := range []struct {
		name, said string
		status     int
		body       string
		bad        string // part of what a BadResponse says; "cut" for a connection that ended
		reusable   bool
	}{
		{"a value", head + "hello\r\nEND\r\n", 200, "hello", "", true},
		{"a value with its number", "VALUE k 0 5 99\r\nhello\r\nEND\r\n", 200, "hello", "", true},
		{"an empty value", "VALUE k 0 0\r\n\r\nEND\r\n", 200, "", "", true},
		{"a value of lines", "VALUE k 0 5\r\n\r\nEN\r\r\nEND\r\n", 200, "\r\nEN\r", "", true},
		{"one byte", "VALUE k 0 1\r\nx\r\nEND\r\n", 200, "x", "", true},
		{"a miss", "END\r\n", 404, "", "", true},
		{"bytes after the end", head + "hello\r\nEND\r\nEND\r\n", 200, "hello", "", false},
		{"bytes after a miss", "END\r\nVALUE", 404, "", "", false},
		{"nothing", "", 0, "", "cut", false},
		{"half a line", "VALUE k 0", 0, "", "cut", false},
		{"cut within the value", head + "hel", 200, "", "cut", false},
		{"cut before the end", head + "hello", 200, "", "cut", false},
		{"cut within the end", head + "hello\r\nEND\r", 200, "", "cut", false},
		{"longer than it said", head + "hello!\r\nEND\r\n", 200, "", "does not end", false},
		{"shorter than it said", head + "hell\r\nEND\r\nEND\r\n", 200, "", "does not end", false},
		{"two values", head + "hello\r\nVALUE k 0 5\r\n", 200, "", "does not end", false},
		{"an empty value that is none", "VALUE k 0 0\r\nxx\r\nEND\r\n", 0, "", "does not end", false},
		{"another key", "VALUE kk 0 5\r\nhello\r\nEND\r\n", 0, "", "another key", false},
		{"no key", "VALUE  0 5\r\nhello\r\nEND\r\n", 0, "", "another key", false},
		{"no length", "VALUE k 0\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"a signed length", "VALUE k 0 +5\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"a negative length", "VALUE k 0 -5\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"flags of words", "VALUE k x 5\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"flags too large", "VALUE k 4294967296 5\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"10 GB", "VALUE k 0 10000000000\r\n", 0, "", "more than 1 GB", false},
		{"more than a number holds", "VALUE k 0 99999999999999999999999999\r\n", 0, "", "malformed", false},
		{"too many words", "VALUE k 0 5 1 2\r\nhello\r\nEND\r\n", 0, "", "malformed", false},
		{"a bare line feed", "VALUE k 0 5\nhello\r\nEND\r\n", 0, "", "without CR", false},
		{"an endless line", strings.Repeat("x", 10000), 0, "", "too long", false},
		{"an error", "SERVER_ERROR out of memory\r\n", 0, "", `"SERVER_ERROR out of memory"`, false},
		{"an error with control characters", "ERROR\x1b[2J\xff\r\n", 0, "", `"ERROR\x1b[2J\xff"`, false},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "", "HTTP/1.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{1, 3, 1 << 20} {
				conn := memcached.NewConn(&script{said: []byte(c.said), piece: piece})
				x, body, err := ask(conn, "GET", "k")
				var bad *message.BadResponse
				switch {
				case c.bad == "cut":
					if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("in pieces of %d: error %v", piece, err)
					}
				case c.bad != "":
					if !errors.As(err, &bad) || !strings.Contains(bad.Why, c.bad) {
						t.Errorf("in pieces of %d: error %v", piece, err)
					}
				case err != nil || string(body) != c.body:
					t.Errorf("in pieces of %d: %q, %v", piece, body, err)
				}
				if c.bad != "" && len(body) > 4 {
					t.Errorf("in pieces of %d: the whole value was given out: %q", piece, body)
				}
				if c.status != 0 && x.Response.Status != c.status {
					t.Errorf("in pieces of %d: status %d", piece, x.Response.Status)
				}
				if got := conn.Reusable(); got != c.reusable && !(got && piece < 10 && strings.HasPrefix(c.name, "bytes after")) {
					t.Errorf("in pieces of %d: reusable is %v", piece, got) // what has not arrived is Quiet's to find
				}
				conn.Release()
			}
		})
	}
}

func TestReuse(t *testing.T) {
	large := strings.Repeat("0123456789", 10_000)
	s := &script{said: []byte("VALUE a 0 100000\r\n" + large + "\r\nEND\r\n"), then: []string{"END\r\n", "VALUE c 2 2\r\nhi\r\nEND\r\n"}, piece: 1000}
	conn := memcached.NewConn(s)
	for _, c := range []struct{ key, body, encoding string }{{"a", large, ""}, {"b", "", ""}, {"c", "hi", "gzip"}} {
		x, body, err := ask(conn, "GET", c.key)
		if err != nil || string(body) != c.body || string(x.Response.Fields.Find("Content-Encoding")) != c.encoding || !conn.Reusable() {
			t.Fatalf("%s: %d bytes, %v, reusable %v", c.key, len(body), err, conn.Reusable())
		}
	}
	if got := s.wrote.String(); got != "get a\r\nget b\r\nget c\r\n" {
		t.Errorf("sent %q", got)
	}
}

func TestHEADLeavesTheValue(t *testing.T) {
	conn := memcached.NewConn(&script{said: []byte("VALUE k 0 5\r\nhello\r\nEND\r\n"), piece: 100})
	x, body, err := ask(conn, "HEAD", "k")
	if err != nil || body != nil || x.Response.Length != 5 || conn.Reusable() {
		t.Errorf("%q, length %d, %v, reusable %v", body, x.Response.Length, err, conn.Reusable())
	}
}

// A key must never become a second command.
func TestBadKeysAreNotSent(t *testing.T) {
	for _, key := range []string{"", "a b", "a\r\nflush_all", "a\x00", "a\x7f", strings.Repeat("k", 251)} {
		s := &script{said: []byte("END\r\n"), piece: 100}
		if _, _, err := ask(memcached.NewConn(s), "GET", key); err == nil && s.wrote.Len() > 0 || s.wrote.Len() > 0 {
			t.Errorf("%q was sent: %q, %v", key, s.wrote.String(), err)
		}
	}
}

func TestPing(t *testing.T) {
	for said, well := range map[string]bool{"VERSION 1.6.18\r\n": true, "ERROR\r\n": false, "": false, "VERSION": false, "HTTP/1.1 400\r\n": false} {
		if err := memcached.Ping(&script{said: []byte(said), piece: 4}); (err == nil) != well {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// FuzzAnswer: whatever a server says, the value has the length that was said or
// the answer is an error, and memory stays flat.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("VALUE k 0 5\r\nhello\r\nEND\r\n"), 3)
	f.Add([]byte("VALUE k 2 0 7\r\n\r\nEND\r\n"), 1)
	f.Add([]byte("END\r\nEND\r\n"), 100)
	f.Add([]byte("SERVER_ERROR x\r\n"), 2)
	f.Add([]byte("VALUE k 0 18446744073709551615\r\n"), 9)
	f.Fuzz(func(t *testing.T, said []byte, piece int) {
		conn := memcached.NewConn(&script{said: said, piece: max(1, piece)})
		defer conn.Release()
		x, body, err := ask(conn, "GET", "k")
		if err != nil {
			if conn.Reusable() {
				t.Errorf("reusable after %v", err)
			}
			return
		}
		switch r := &x.Response; {
		case r.Status == 200 && int64(len(body)) != r.Length:
			t.Errorf("%d bytes of %d", len(body), r.Length)
		case r.Status == 200 && !bytes.Contains(said, append(append([]byte("\r\n"), body...), "\r\nEND\r\n"...)):
			t.Errorf("%q was not said", body)
		case r.Status == 404 && !bytes.HasPrefix(said, []byte("END\r\n")):
			t.Errorf("a miss that was not said")
		case r.Status != 200 && r.Status != 404:
			t.Errorf("status %d", r.Status)
		}
	})
}
