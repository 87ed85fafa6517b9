package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames is a client that sends whatever frames it likes.
type frames struct {
	t testing.TB
	net.Conn
	*http2.Framer
	table *hpack.Encoder
	block bytes.Buffer
	next  uint32
}

func (s *site) frames() *frames {
	s.t.Helper()
	c := s.dial()
	s.t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		s.t.Fatal(err)
	}
	f := &frames{t: s.t, Conn: c, Framer: http2.NewFramer(c, c), next: 1}
	f.Framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	f.table = hpack.NewEncoder(&f.block)
	f.do(f.WriteSettings())
	return f
}

func (f *frames) do(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// fields encodes a head: names and values in turn.
func (f *frames) fields(list ...string) []byte {
	f.block.Reset()
	for i := 0; i < len(list); i += 2 {
		f.do(f.table.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]}))
	}
	return bytes.Clone(f.block.Bytes())
}

var get = []string{":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a.lan"}

// ask sends a request without a body and returns its stream.
func (f *frames) ask(list ...string) uint32 {
	return f.open(true, f.fields(list...))
}

func (f *frames) open(whole bool, block []byte) uint32 {
	id := f.next
	f.next += 2
	const most = 16 << 10
	first := block[:min(len(block), most)]
	rest := block[len(first):]
	if f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndStream: whole, EndHeaders: len(rest) == 0}) != nil {
		return id // the answer says more
	}
	for len(rest) > 0 {
		part := rest[:min(len(rest), most)]
		if rest = rest[len(part):]; f.WriteContinuation(id, len(rest) == 0, part) != nil {
			return id
		}
	}
	return id
}

// outcome reads until a stream was answered or reset, or the connection ended,
// and says how: "200", "reset PROTOCOL_ERROR", "goaway COMPRESSION_ERROR",
// "closed".
func (f *frames) outcome(stream uint32) string {
	f.t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		frame, err := f.ReadFrame()
		if t, ok := err.(net.Error); ok && t.Timeout() {
			return "nothing"
		}
		if err != nil {
			return "closed"
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			if frame.StreamID == stream {
				return frame.PseudoValue("status")
			}
		case *http2.RSTStreamFrame:
			if frame.StreamID == stream {
				return fmt.Sprint("reset ", frame.ErrCode)
			}
		case *http2.GoAwayFrame:
			return fmt.Sprint("goaway ", frame.ErrCode)
		}
	}
}

// expectClosed reads until the connection ends, and returns what was said
// before: "" or the error of a GOAWAY.
func (f *frames) expectClosed() (said string) {
	f.t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		frame, err := f.ReadFrame()
		if t, ok := err.(net.Error); ok && t.Timeout() {
			f.t.Fatal("the connection stays open")
		}
		if err != nil {
			return said
		}
		if g, ok := frame.(*http2.GoAwayFrame); ok {
			said = fmt.Sprint(g.ErrCode)
		}
	}
}
