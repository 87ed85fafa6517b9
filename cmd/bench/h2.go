//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	h2Window = 4 << 20 // of a stream; what was read is given back by quarters
	h2Update = h2Window / 4
)

// h2client is one HTTP/2 connection of the load, with several streams open.
type h2client struct {
	l      *loader
	in     *bufio.Reader
	out    *bufio.Writer
	framer *http2.Framer

	head    bytes.Buffer
	encoder *hpack.Encoder

	streams map[uint32]*h2stream
	nextID  uint32
	unacked int // bytes of the connection's window to give back
}

type h2stream struct {
	index   int // of the request
	due     time.Time
	got     int // bytes of its body
	unacked int
}

// overH2 makes requests over one HTTP/2 connection until none is left.
func (l *loader) overH2(ctx context.Context) error {
	conn, err := l.dial(ctx, "h2")
	if err != nil {
		return err
	}
	defer conn.Close()
	t := conn.(*tls.Conn)
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	if t.ConnectionState().NegotiatedProtocol != "h2" {
		return errors.New("the proxy does not speak HTTP/2")
	}
	c := &h2client{
		l: l, in: bufio.NewReaderSize(conn, blockSize), out: bufio.NewWriter(conn),
		streams: map[uint32]*h2stream{}, nextID: 1,
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.SetReuseFrames()
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.head)
	return c.run(ctx)
}

// run keeps as many streams open as the workload says. All that became ready
// with one read leaves in one write.
func (c *h2client) run(ctx context.Context) error {
	if err := c.preface(); err != nil {
		return err
	}
	for {
		if err := c.fill(ctx); err != nil {
			return err
		}
		if len(c.streams) == 0 {
			return nil
		}
		if c.in.Buffered() == 0 {
			if err := c.out.Flush(); err != nil {
				return err
			}
		}
		f, err := c.framer.ReadFrame()
		if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		if err := c.frame(f); err != nil {
			return err
		}
	}
}

func (c *h2client) preface() error {
	c.out.WriteString(http2.ClientPreface) // an error stays until Flush
	err := c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: h2Window})
	if err != nil {
		return err
	}
	return c.framer.WriteWindowUpdate(0, 4*h2Window)
}

// fill opens the streams that may be open and are not.
func (c *h2client) fill(ctx context.Context) error {
	for len(c.streams) < c.l.Streams {
		i, err := c.l.take(ctx)
		if i < 0 {
			return err
		}
		if err := c.open(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *h2client) open(index int) error {
	c.head.Reset()
	for _, f := range h2Request {
		if err := c.encoder.WriteField(f); err != nil {
			return err
		}
	}
	c.streams[c.nextID] = &h2stream{index: index, due: time.Now()}
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: c.nextID, BlockFragment: c.head.Bytes(), EndStream: true, EndHeaders: true})
	c.nextID += 2
	return err
}

// h2Request is request as HTTP/2 has it.
var h2Request = func() []hpack.HeaderField {
	lines := strings.Split(strings.TrimSpace(request), "\r\n")
	path := strings.Fields(lines[0])[1]
	fields := []hpack.HeaderField{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: host}, {Name: ":path", Value: path},
	}
	for _, line := range lines[2:] { // the second is Host
		name, value, _ := strings.Cut(line, ": ")
		fields = append(fields, hpack.HeaderField{Name: strings.ToLower(name), Value: value})
	}
	return fields
}()

// frame handles what the proxy sent.
func (c *h2client) frame(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		if status := f.PseudoValue("status"); status != "200" {
			return fmt.Errorf("answered %q", status)
		}
		return c.data(f.StreamID, nil, f.StreamEnded())
	case *http2.DataFrame:
		return c.data(f.StreamID, f.Data(), f.StreamEnded())
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return c.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return c.framer.WritePing(true, f.Data)
		}
	case *http2.RSTStreamFrame:
		return fmt.Errorf("a stream was reset: %v", f.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Errorf("the connection was given up: %v", f.ErrCode)
	}
	return nil
}

// data checks a part of a body and, at its end, counts the request as done.
func (c *h2client) data(id uint32, block []byte, end bool) error {
	s := c.streams[id]
	if s == nil {
		return fmt.Errorf("a frame for stream %d, which is not open", id)
	}
	if s.got+len(block) > c.l.Body {
		return errors.New("more bytes than the answer has")
	}
	if !bytes.Equal(block, pattern[s.got%period:][:len(block)]) {
		return fmt.Errorf("the body differs from the origin's after byte %d", s.got)
	}
	s.got += len(block)
	if end {
		if s.got != c.l.Body {
			return fmt.Errorf("answered %d bytes, want %d", s.got, c.l.Body)
		}
		c.l.took[s.index] = time.Since(s.due)
		delete(c.streams, id)
	}
	return c.giveBack(id, s, len(block), end)
}

// giveBack reopens the windows by what was read.
func (c *h2client) giveBack(id uint32, s *h2stream, n int, ended bool) error {
	c.unacked += n
	s.unacked += n
	if c.unacked >= h2Update {
		if err := c.framer.WriteWindowUpdate(0, uint32(c.unacked)); err != nil {
			return err
		}
		c.unacked = 0
	}
	if s.unacked < h2Update || ended {
		return nil
	}
	err := c.framer.WriteWindowUpdate(id, uint32(s.unacked))
	s.unacked = 0
	return err
}
