package http2

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"
)

// frames is a connection that looks at the frames passing through it, both
// ways: what the protocol allows without end is given an end here.
type frames struct {
	net.Conn
	in     io.Reader
	header time.Duration // for a head to arrive whole
	fault  func(why string)
	budget budget

	// Of the reading goroutine:
	received scan
	block    bool // within a head
	armed    bool // the head's deadline stands

	// Of whoever writes, one at a time:
	writing sync.Mutex
	sent    scan
	closing sync.Once
}

func newFrames(nc net.Conn, read []byte, header time.Duration, fault func(string)) *frames {
	f := &frames{Conn: nc, header: header, fault: fault}
	f.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(read), nc), readBuffer)
	f.received = scan{skip: len(h2.ClientPreface), see: f.seeReceived}
	f.sent.see = f.seeSent
	f.budget.init()
	return f
}

const readBuffer = 4 << 10

// errFlood ends a connection whose client keeps us busy and wants nothing.
var errFlood = errors.New("http2: a flood of frames")

func (f *frames) Read(p []byte) (int, error) {
	n, err := f.in.Read(p)
	if n > 0 {
		if wrong := f.received.bytes(p[:n]); wrong != nil {
			f.fault("a flood of frames that ask for nothing")
			return 0, wrong
		}
		f.limitHead()
	}
	return n, err
}

// limitHead gives a head that has begun its time. Until it is complete nothing
// else can arrive on the connection.
func (f *frames) limitHead() {
	within := f.block || f.received.within(h2.FrameHeaders) || f.received.within(h2.FrameContinuation)
	if within == f.armed || f.header <= 0 {
		return
	}
	f.armed = within
	var until time.Time
	if within {
		until = time.Now().Add(f.header)
	}
	_ = f.SetReadDeadline(until) // on a closed connection the next read tells
}

// seeReceived judges a frame from the client by its head.
func (f *frames) seeReceived(h h2.FrameHeader, payload []byte) error {
	switch h.Type {
	case h2.FrameHeaders:
		f.block = !h.Flags.Has(h2.FlagHeadersEndHeaders)
		return nil
	case h2.FrameContinuation:
		f.block = !h.Flags.Has(h2.FlagContinuationEndHeaders)
	case h2.FrameWindowUpdate:
		if !f.budget.acknowledge() {
			return errFlood
		}
		return nil
	case h2.FrameData:
		if h.Flags.Has(h2.FlagDataEndStream) || dataIn(h, payload) > 0 {
			return nil
		}
	}
	if !f.budget.spend(1) {
		return errFlood
	}
	return nil
}

// dataIn is how many bytes of a DATA frame are no padding.
func dataIn(h h2.FrameHeader, payload []byte) int {
	if h.Flags.Has(h2.FlagDataPadded) && len(payload) > 0 {
		return int(h.Length) - 1 - int(payload[0])
	}
	return int(h.Length)
}

// spend takes from what the client may cost without wanting anything.
func (f *frames) spend(cost int) {
	if !f.budget.spend(cost) {
		f.fault("a flood of requests taken back")
		f.Close()
	}
}

func (f *frames) Write(p []byte) (int, error) {
	f.writing.Lock()
	defer f.writing.Unlock()
	_ = f.sent.bytes(p) // seeSent has no errors
	return f.Conn.Write(p)
}

// seeSent lets answers earn what a client's receiving of them costs, and tells
// of faults that were answered by the protocol itself.
func (f *frames) seeSent(h h2.FrameHeader, payload []byte) error {
	switch h.Type {
	case h2.FrameData:
		f.budget.sent(int(h.Length))
		f.budget.earn(earned)
	case h2.FrameHeaders:
		f.budget.earn(earned)
	case h2.FrameRSTStream:
		if code := errCode(payload); code == h2.ErrCodeProtocol {
			f.fault("a malformed HTTP/2 request: its stream was reset")
		}
	case h2.FrameGoAway:
		if code := errCode(payload[min(4, len(payload)):]); code != h2.ErrCodeNo {
			f.fault(fmt.Sprintf("broken HTTP/2: %v", code))
		}
	}
	return nil
}

// Close ends the connection. A client that flooded it is told so (RFC 9113
// section 10.5) where nobody is in the middle of saying something else.
func (f *frames) Close() error {
	f.closing.Do(func() {
		if !f.budget.broke() || !f.writing.TryLock() {
			return
		}
		defer f.writing.Unlock()
		_ = f.SetWriteDeadline(time.Now().Add(goodbye)) // best effort, all of it
		_ = h2.NewFramer(f.Conn, nil).WriteGoAway(0, h2.ErrCodeEnhanceYourCalm, nil)
	})
	return f.Conn.Close()
}

// goodbye is how long a last word may take.
const goodbye = 100 * time.Millisecond
