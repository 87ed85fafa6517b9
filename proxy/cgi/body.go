package cgi

import (
	"io"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// body is what the application wrote after its head.
type body struct {
	src   *source
	idle  time.Duration // between two bytes; 0 for ever
	left  int64         // that Content-Length promised; message.Unknown without one
	taken int           // handed out and not yet taken
	begun bool          // the first byte may take any time
	err   error
}

// Ready implements message.Body.
func (b *body) Ready() bool {
	b.settle()
	return b.err != nil || len(b.src.ready()) > 0 || b.src.err != nil
}

// Next implements message.Body.
func (b *body) Next() ([]byte, error) {
	b.settle()
	for b.err == nil {
		data := b.src.ready()
		if len(data) > 0 {
			return b.hand(data)
		}
		b.err = b.more()
	}
	return nil, b.err
}

// more waits for output.
func (b *body) more() error {
	var until time.Time
	if b.begun && b.idle > 0 {
		until = time.Now().Add(b.idle)
	}
	if err := b.src.until(until); err != nil {
		return err
	}
	err := b.src.fill()
	if err == io.EOF && b.left > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// hand gives data out. An answer that is longer than it promised is known as
// broken before its last bytes are passed on, as far as that has come: it must
// not look complete.
func (b *body) hand(data []byte) ([]byte, error) {
	b.taken, b.begun = len(data), true
	if b.left != message.Unknown && int64(len(data)) > b.left {
		b.taken, b.err = 0, errTooMuch
		return nil, b.err
	}
	return data, nil
}

// settle takes what was handed out. A body of known length ends there: nobody
// waits for what the application does afterwards.
func (b *body) settle() {
	if b.taken == 0 {
		return
	}
	b.src.take(b.taken)
	if b.left != message.Unknown {
		b.left -= int64(b.taken)
	}
	b.taken = 0
	if b.left == 0 {
		b.err = io.EOF
		if len(b.src.ready()) > 0 {
			b.err = errTooMuch
		}
	}
}

var errTooMuch error = &message.BadResponse{Why: "a body longer than its Content-Length"}
