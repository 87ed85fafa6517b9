package http1

import (
	"bytes"
	"io"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// body streams the body of the message that was read last from its source. It
// implements message.Body.
type body struct {
	src      *source
	wait     time.Duration // between two bytes; 0 for ever
	patient  bool          // the first byte may take any time
	trailers *message.Fields
	limits   Limits

	kind       bodyKind
	length     int64 // of the body, where it is known
	left       int64 // of the body, or of the chunk
	taken      int   // handed out by Next and not yet discarded
	begun      bool  // a byte of it was handed out
	first      bool  // no chunk was read yet
	last       bool  // the last chunk was read: trailers follow
	extensions int   // bytes of them so far
	ending     scan  // looks for the end of the trailers
	err        error // io.EOF once the body is complete
}

type bodyKind uint8

const (
	noBody bodyKind = iota
	byLength
	byChunks
	byClose
)

func (b *body) start(kind bodyKind, length int64, trailers *message.Fields) {
	b.kind, b.length, b.left, b.trailers = kind, length, length, trailers
	b.taken, b.first, b.last, b.extensions, b.ending, b.err = 0, true, false, 0, scan{}, nil
	b.begun = false
	if kind == noBody || kind == byLength && length == 0 {
		b.err = io.EOF
	}
}

// complete tells whether the whole body was read.
func (b *body) complete() bool {
	b.settle()
	if b.kind == byLength && b.left == 0 {
		b.err = io.EOF
	}
	return b.err == io.EOF
}

// settle discards what Next handed out.
func (b *body) settle() {
	if b.taken == 0 {
		return
	}
	b.src.discard(b.taken)
	if b.kind != byClose {
		b.left -= int64(b.taken)
	}
	b.taken = 0
}

// Ready tells whether Next returns without waiting.
func (b *body) Ready() bool { return b.advance() }

// Next implements message.Body.
func (b *body) Next() ([]byte, error) {
	for !b.advance() {
		if err := b.src.fill(b.patience()); err != nil {
			b.fail(err)
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	data := b.src.unread()
	if b.kind != byClose && int64(len(data)) > b.left {
		data = data[:b.left]
	}
	b.taken, b.begun = len(data), true
	return data, nil
}

// patience is how long the next byte may take.
func (b *body) patience() time.Duration {
	if b.patient && !b.begun {
		return 0
	}
	return b.wait
}

func (b *body) fail(err error) {
	switch {
	case err == io.EOF && b.kind != byClose:
		err = io.ErrUnexpectedEOF
	}
	b.err = err
}

// advance goes on as far as the bytes at hand allow, and tells whether Next has
// something to return.
func (b *body) advance() bool {
	b.settle()
	if b.err != nil {
		return true
	}
	switch b.kind {
	case byChunks:
		return b.advanceChunks()
	case byLength:
		if b.left == 0 {
			b.err = io.EOF
			return true
		}
	}
	return !b.src.empty()
}

func (b *body) advanceChunks() bool {
	for b.left == 0 && b.err == nil {
		more, err := b.nextChunk()
		if err != nil {
			b.err = err
			return true
		}
		if !more {
			return false
		}
	}
	return b.err != nil || !b.src.empty()
}

// nextChunk reads the end of one chunk and the line of the next; false when
// its bytes have not all arrived.
func (b *body) nextChunk() (bool, error) {
	if b.last {
		return b.end()
	}
	data := b.src.unread()
	skip := 0
	if !b.first {
		if len(data) >= 1 && data[0] != '\r' || len(data) >= 2 && data[1] != '\n' {
			return false, errChunkEnd
		}
		skip = len(crlf)
	}
	if len(data) < skip {
		return false, nil
	}
	i := bytes.IndexByte(data[skip:], '\n')
	if i > maxChunkLine || i < 0 && len(data)-skip > maxChunkLine {
		return false, errChunkExtLong
	}
	if i < 0 {
		return false, nil
	}
	if i == 0 || data[skip+i-1] != '\r' {
		return false, errBareLF
	}
	size, ext, err := chunkLine(data[skip : skip+i-1])
	if err != nil {
		return false, err
	}
	if b.extensions += ext; b.extensions > maxExtensions {
		return false, errChunkExtLong
	}
	b.src.discard(skip + i + 1)
	b.first, b.left, b.last = false, size, size == 0
	return true, nil
}

// end reads the trailers, if there are any, and the empty line behind them.
func (b *body) end() (bool, error) {
	data := b.src.unread()
	n := len(crlf)
	if !bytes.HasPrefix(data, crlf) {
		var err error
		if n, err = b.ending.end(data, b.limits); err != nil {
			return false, trailerFault(err)
		}
		if n == 0 {
			if len(data) == len(b.src.buf) {
				b.src.grow(b.limits.Head + bufferSize)
			}
			return false, nil
		}
		if err := b.readTrailers(data[:n]); err != nil {
			return false, err
		}
	}
	b.src.discard(n)
	b.err = io.EOF
	return true, nil
}

// trailerFault: trailers have no status of their own for what is too long.
func trailerFault(err error) error {
	if err == errBareLF {
		return err
	}
	return errTrailers
}

// readTrailers keeps a copy: trailers may be read by the goroutine that sends
// the body, and the exchange's memory belongs to the other. Fields that would
// change how the message is read or routed are dropped (RFC 9110 section
// 6.5.1).
func (b *body) readTrailers(block []byte) error {
	var trailers message.Fields
	for rest := bytes.Clone(block); len(rest) > len(crlf); {
		f, after, err := fieldLine(rest)
		if err != nil {
			return err
		}
		rest = after
		if allowedTrailer(f.Known) {
			trailers = append(trailers, f)
		}
	}
	*b.trailers = trailers
	return nil
}

func allowedTrailer(n message.Name) bool {
	switch n {
	case message.Other, message.Date:
		return true
	}
	return false
}

// Whole implements what message.Whole asks for: a body that has arrived
// completely and was not yet begun.
func (b *body) Whole() ([]byte, bool) {
	switch {
	case b.kind == noBody:
		return nil, true
	case b.kind == byLength && b.taken == 0 && b.left == b.length && int64(len(b.src.unread())) >= b.left:
		return b.src.unread()[:b.left], true
	}
	return nil, false
}
