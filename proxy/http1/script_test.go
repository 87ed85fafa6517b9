package http1_test

import (
	"bytes"
	"io"
	"net"
	"time"
)

// script is a peer that said everything beforehand: each Read brings one piece,
// then comes the end. What is written to it is kept.
type script struct {
	pieces [][]byte
	out    bytes.Buffer
	writes int
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

func (s *script) Write(b []byte) (int, error) {
	s.writes++
	return s.out.Write(b)
}

func (s *script) Close() error                     { return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// whole, cut and bytewise are the ways a stream may arrive.
func whole(stream string) *script { return arriving(stream, len(stream)) }

func cut(stream string, at int) *script { return arriving(stream, at, len(stream)) }

func bytewise(stream string) *script {
	ends := make([]int, len(stream))
	for i := range ends {
		ends[i] = i + 1
	}
	return arriving(stream, ends...)
}

// arriving cuts stream into pieces that end there.
func arriving(stream string, ends ...int) *script {
	s, from := &script{}, 0
	for _, end := range ends {
		if end > from {
			s.pieces = append(s.pieces, []byte(stream[from:end]))
			from = end
		}
	}
	return s
}
