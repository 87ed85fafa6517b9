package http1

import (
	"errors"
	"io"
	"net"
	"time"
)

// source reads from a connection into a buffer that it holds only while bytes
// lie in it.
type source struct {
	conn  net.Conn
	ready waiter // reads without holding a buffer while it waits
	until deadline

	pooled *buffer // what buf is a slice of; nil when buf was made larger
	buf    []byte  // nil while empty
	r, w   int     // buf[r:w] is unread
}

func (s *source) init(conn net.Conn) {
	s.conn = conn
	s.until.set = conn.SetReadDeadline
	s.ready.init(s)
}

var errBufferFull = errors.New("http1: buffer full")

func (s *source) unread() []byte { return s.buf[s.r:s.w] }
func (s *source) empty() bool    { return s.r == s.w }

// discard takes n bytes off; with the last one the buffer goes back.
func (s *source) discard(n int) {
	s.r += n
	if s.empty() {
		s.release()
	}
}

func (s *source) release() {
	if s.pooled != nil {
		putBuffer(s.pooled)
	}
	s.pooled, s.buf, s.r, s.w = nil, nil, 0, 0
}

func (s *source) acquire() {
	s.pooled = getBuffer()
	s.buf, s.r, s.w = s.pooled[:], 0, 0
}

// fill waits for at least one more byte, at most for the time given (0: for
// ever). The bytes that are unread stay, though perhaps elsewhere.
func (s *source) fill(wait time.Duration) error {
	if err := s.until.arm(wait); err != nil {
		return err
	}
	return s.fillNow()
}

// fillNow is fill under whatever deadline stands.
func (s *source) fillNow() error {
	if s.empty() {
		s.release()
		return s.ready.read(s)
	}
	if s.w == len(s.buf) {
		if s.r == 0 {
			return errBufferFull
		}
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	n, err := s.conn.Read(s.buf[s.w:])
	s.w += n
	if n > 0 {
		return nil
	}
	return noProgress(err)
}

// grow makes room for n bytes in all.
func (s *source) grow(n int) {
	if n <= len(s.buf) {
		return
	}
	larger := make([]byte, n)
	w := copy(larger, s.unread())
	if s.pooled != nil {
		putBuffer(s.pooled)
	}
	s.pooled, s.buf, s.r, s.w = nil, larger, 0, w
}

// plainRead is for connections that are no sockets, or systems without
// readiness: it holds a buffer while it waits.
func (s *source) plainRead() error {
	s.acquire()
	n, err := s.conn.Read(s.buf)
	s.w = n
	if n > 0 {
		return nil
	}
	s.release()
	return noProgress(err)
}

func noProgress(err error) error {
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}
