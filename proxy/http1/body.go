package http1

import (
	"bytes"
	"errors"
	"io"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// body streams the body of the message that was read last from its source. It
// implements message.Body.
type body struct {
	src      *source
	wait     time.Duration // between two bytes; 0 for ever
	trailers *message.Fields
	limits   Limits

	kind       bodyKind
	left       int64 // of the body, or of the chunk
	taken      int   // handed out by Next and not yet discarded
	first      bool  // no chunk was read yet
	extensions int   // bytes of them so far
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
	b.kind, b.left, b.trailers = kind, length, trailers
	b.taken, b.first, b.extensions, b.err = 0, true, 0, nil
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
		if err := b.src.fill(b.wait); err != nil {
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
	b.taken = len(data)
	return data, nil
}

func (b *body) fail(err error) {
	switch {
	case err == errBufferFull:
		err = errChunkSize
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
	data := b.src.unread()
	skip := 0
	if !b.first {
		if len(data) >= 1 && data[0] != '\r' || len(data) >= 2 && data[1] != '\n' {
			return false, errChunkEnd
		}
		skip = 2
	}
	if len(data) < skip {
		return false, nil
	}
	i := bytes.IndexByte(data[skip:], '\n')
	if i < 0 {
		if len(data)-skip > maxExtensions {
			return false, errChunkExtLong
		}
		return false, nil
	}
	line := data[skip : skip+i]
	if i == 0 || line[i-1] != '\r' {
		return false, errBareLF
	}
	size, ext, err := chunkLine(line[:i-1])
	if err != nil {
		return false, err
	}
	if size == 0 {
		return b.lastChunk(data, skip+i+1)
	}
	if b.extensions += ext; b.extensions > maxExtensions {
		return false, errChunkExtLong
	}
	b.src.discard(skip + i + 1)
	b.first, b.left = false, size
	return true, nil
}

// lastChunk reads the trailers that begin at data[from:]. Until they are there
// nothing is discarded, so the last chunk is simply read again.
func (b *body) lastChunk(data []byte, from int) (bool, error) {
	rest := data[from:]
	if len(rest) < 2 {
		return false, nil
	}
	n := 2
	if rest[0] != '\r' || rest[1] != '\n' {
		s := scan{}
		var err error
		n, err = s.end(rest, Limits{Line: b.limits.Line, Head: b.limits.Head, Fields: b.limits.Fields})
		if err != nil || n == 0 {
			return false, b.trailerRoom(err, from)
		}
		if err := b.readTrailers(rest[:n]); err != nil {
			return false, err
		}
	}
	b.src.discard(from + n)
	b.err = io.EOF
	return true, nil
}

// trailerRoom makes the buffer as large as trailers may be.
func (b *body) trailerRoom(err error, from int) error {
	var m *malformed
	switch {
	case errors.As(err, &m) && m.status != 400:
		return errTrailers
	case err != nil:
		return err
	}
	b.src.grow(from + b.limits.Head + bufferSize)
	return nil
}

// readTrailers keeps a copy: trailers may be read by the goroutine that sends
// the body, and the exchange's memory belongs to the other. Fields that would
// change how the message is read or routed are dropped (RFC 9110 section
// 6.5.1).
func (b *body) readTrailers(block []byte) error {
	rest := bytes.Clone(block)
	for len(rest) > 2 {
		f, after, err := fieldLine(rest)
		if err != nil {
			return err
		}
		rest = after
		if allowedTrailer(f.Known) && b.trailers != nil {
			*b.trailers = append(*b.trailers, f)
		}
	}
	return nil
}

func allowedTrailer(n message.Name) bool {
	switch n {
	case message.Other, message.Date, message.ContentType:
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
	case b.kind == byLength && b.taken == 0 && int64(len(b.src.unread())) >= b.left:
		return b.src.unread()[:b.left], true
	}
	return nil, false
}
