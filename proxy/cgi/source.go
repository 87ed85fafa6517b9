package cgi

import (
	"io"
	"net"
	"sync"
	"time"
)

const bufferSize = 32 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// source gives the output of the application from a connection.
type source struct {
	conn    net.Conn
	records *records // nil where the connection carries nothing but output
	buf     *buffer
	r, w    int   // buf[r:w] is unread
	err     error // io.EOF once the output has ended as the protocol promised
}

// ready returns the output that is at hand; none tells nothing.
func (s *source) ready() []byte {
	if s.records == nil {
		return s.buf[s.r:s.w]
	}
	if s.err != nil && s.r == s.w {
		return nil
	}
	skip, n, err := s.records.next(s.buf[s.r:s.w])
	if s.r += skip; err != nil {
		s.err, s.w = err, s.r // the end, whatever follows
	}
	return s.buf[s.r : s.r+n]
}

// take takes n bytes of what is ready.
func (s *source) take(n int) {
	s.r += n
	if s.records != nil {
		s.records.took(n)
	}
}

// fill waits for more; a deadline stands. It is called where nothing is ready.
func (s *source) fill() error {
	if s.err != nil {
		return s.err
	}
	s.w = copy(s.buf[:], s.buf[s.r:s.w]) // less than the head of a record
	s.r = 0
	n, err := s.conn.Read(s.buf[s.w:])
	if s.w += n; n > 0 {
		return nil
	}
	switch {
	case err == nil:
		err = io.ErrNoProgress
	case err == io.EOF && s.records != nil:
		err = io.ErrUnexpectedEOF // the request has not ended
	}
	s.err = err
	return err
}

// until sets the deadline of what follows; the zero time is none.
func (s *source) until(t time.Time) error { return s.conn.SetReadDeadline(t) }

func (s *source) release() {
	if s.buf != nil {
		buffers.Put(s.buf)
	}
	s.buf, s.r, s.w = nil, 0, 0
}
