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
		piece := b[:min(len(b), writePiece)]
		n, err := s.conn.Write(piece)
		s.bytes += int64(n)
		if err != nil || n == len(b) {
			return err
		}
		b = b[n:]
	}
}

const writePiece = 256 << 10
