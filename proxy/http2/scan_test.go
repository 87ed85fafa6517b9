package http2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	h2 "golang.org/x/net/http2"
)

// naiveFrames reads the frames of a whole stream at once.
func naiveFrames(b []byte) (seen []string) {
	for len(b) >= 9 {
		n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		kind := h2.FrameType(b[3])
		start := b[9:min(9+n, len(b))]
		peek := 0
		switch {
		case kind == h2.FrameRSTStream, kind == h2.FrameGoAway:
			peek = min(8, n)
		case kind == h2.FrameData && b[4]&8 != 0:
			peek = min(1, n)
		}
		if len(start) < peek {
			return seen // it has not arrived
		}
		start = start[:peek]
		seen = append(seen, fmt.Sprintf("%d %s %d %d %x", n, kind, b[4], binary.BigEndian.Uint32(b[5:])&^(1<<31), start))
		if len(b) < 9+n {
			return seen
		}
		b = b[9+n:]
	}
	return seen
}

// FuzzScan finds the same frames however the bytes arrive.
func FuzzScan(f *testing.F) {
	var b bytes.Buffer
	w := h2.NewFramer(&b, nil)
	_ = w.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1 << 15})
	_ = w.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("block"), EndHeaders: true})
	_ = w.WriteData(1, true, nil)
	_ = w.WriteDataPadded(1, false, nil, make([]byte, 20))
	_ = w.WriteRawFrame(h2.FrameData, h2.FlagDataPadded, 1, nil)
	_ = w.WriteRSTStream(1, h2.ErrCodeCancel)
	_ = w.WriteGoAway(3, h2.ErrCodeEnhanceYourCalm, []byte("why"))
	_ = w.WriteRawFrame(h2.FrameGoAway, 0, 0, nil)
	_ = w.WriteRawFrame(h2.FrameRSTStream, 0, 1, []byte{1, 2})
	f.Add(b.Bytes(), 1)
	f.Add(b.Bytes(), 7)
	f.Add(b.Bytes(), 64)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		piece = max(1, piece&0xff)
		var seen []string
		s := scan{see: func(h h2.FrameHeader, start []byte) error {
			seen = append(seen, fmt.Sprintf("%d %s %d %d %x", h.Length, h.Type, h.Flags, h.StreamID, start))
			_ = errCode(start)
			return nil
		}}
		for p := range slices.Chunk(data, piece) {
			if err := s.bytes(p); err != nil {
				t.Fatal(err)
			}
		}
		if want := naiveFrames(data); !slices.Equal(seen, want) {
			t.Errorf("saw %q, want %q", seen, want)
		}
	})
}
