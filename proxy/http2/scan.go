package http2

import (
	"encoding/binary"

	h2 "golang.org/x/net/http2"
)

// scan finds the frames in a stream of bytes that arrives in pieces.
type scan struct {
	skip int // bytes before the first frame
	// see is called once for each frame, with the start of the payload of
	// those that end something or are padded.
	see func(h h2.FrameHeader, start []byte) error

	head  [frameHead]byte
	have  int // of head
	now   h2.FrameHeader
	start [peeked]byte // of the payload
	got   int          // of start
	want  int          // of start
	left  int          // of the payload
}

const (
	frameHead = 9
	peeked    = 8 // the error code of a GOAWAY ends there
)

// bytes takes the next piece; the error is see's.
func (s *scan) bytes(p []byte) error {
	for len(p) > 0 {
		var n int
		switch {
		case s.skip > 0:
			n = min(s.skip, len(p))
			s.skip -= n
		case s.have < frameHead:
			n = copy(s.head[s.have:], p)
			if s.have += n; s.have == frameHead {
				if err := s.begin(); err != nil {
					return err
				}
			}
		default:
			n = min(s.left, len(p))
			if err := s.payload(p[:n]); err != nil {
				return err
			}
		}
		p = p[n:]
	}
	return nil
}

func (s *scan) begin() error {
	s.now = h2.FrameHeader{
		Length:   uint32(s.head[0])<<16 | uint32(s.head[1])<<8 | uint32(s.head[2]),
		Type:     h2.FrameType(s.head[3]),
		Flags:    h2.Flags(s.head[4]),
		StreamID: binary.BigEndian.Uint32(s.head[5:]) &^ (1 << 31),
	}
	s.left, s.got, s.want = int(s.now.Length), 0, 0
	switch {
	case s.now.Type == h2.FrameRSTStream || s.now.Type == h2.FrameGoAway:
		s.want = min(s.left, peeked)
	case s.now.Type == h2.FrameData && s.now.Flags.Has(h2.FlagDataPadded):
		s.want = min(s.left, 1) // the length of the padding
	}
	s.endIf(s.left == 0)
	if s.want > 0 {
		return nil
	}
	return s.see(s.now, nil)
}

func (s *scan) payload(p []byte) error {
	missing := s.want - s.got
	s.got += copy(s.start[s.got:s.want], p)
	s.left -= len(p)
	s.endIf(s.left == 0)
	if missing > 0 && s.got == s.want {
		return s.see(s.now, s.start[:s.got])
	}
	return nil
}

func (s *scan) endIf(ended bool) {
	if ended {
		s.have = 0
	}
}

// within tells whether a frame of that type has begun and not ended.
func (s *scan) within(t h2.FrameType) bool { return s.have == frameHead && s.now.Type == t }

// errCode reads an error code, 0 where there is none.
func errCode(b []byte) h2.ErrCode {
	if len(b) < 4 {
		return h2.ErrCodeNo
	}
	return h2.ErrCode(binary.BigEndian.Uint32(b))
}
