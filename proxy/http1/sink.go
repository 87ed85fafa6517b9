package http1

import (
	"net"
	"time"
)

// sink writes to a connection under a deadline.
type sink struct {
	conn  net.Conn
	until deadline
	idle  time.Duration // how long one write may take without progress
	bytes int64         // written since the last reset
}

func (s *sink) init(conn net.Conn) {
	s.conn = conn
	s.until.set = conn.SetWriteDeadline
}

// write writes all of b. A slow reader gets the idle time for each piece, so a
// long answer over a thin line is not cut.
func (s *sink) write(b []byte) error {
	for {
		if err := s.until.arm(s.idle); err != nil {
			return err
		}
		piece := b[:min(int64(len(b)), pieceWithin(s.idle))]
		n, err := s.conn.Write(piece)
		s.bytes += int64(n)
		if err != nil || n == len(b) {
			return err
		}
		b = b[n:]
	}
}

// tryWrite writes a few bytes if that needs no waiting at all.
func (s *sink) tryWrite(b []byte) {
	if !writable(s.conn) || s.until.arm(s.idle) != nil {
		return
	}
	n, _ := s.conn.Write(b) // whoever writes next sees the failure
	s.bytes += int64(n)
}

const (
	smallPiece = 16 << 10
	largePiece = 256 << 10
)

// pieceWithin is how much is moved under one deadline: a kilobyte for each
// second of it, so that a thin line is slow but not idle.
func pieceWithin(idle time.Duration) int64 {
	if idle == 0 {
		return largePiece
	}
	return min(max(int64(idle/time.Second)<<10, smallPiece), largePiece)
}
