package proxy

import (
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"forge.home.arpa/portico/proxy/message"
)

// maxInflated bounds what one value may become, in bytes: a few kilobytes can
// say gigabytes.
const maxInflated = 64 << 20

// inflated is a compressed body for a client that does not take it so. It
// implements message.Body.
type inflated struct {
	from  bodyReader
	gzip  *gzip.Reader
	left  int64
	ahead []byte // read before the head was sent
	buf   [32 << 10]byte
}

// inflate replaces a compressed body. Its first bytes are read at once, so that
// a value that is no gzip can be answered for by another.
func inflate(r *message.Response, isHEAD bool) error {
	r.Fields.Remove("Content-Encoding")
	r.Length = message.Unknown
	if isHEAD {
		return nil
	}
	if r.Body == nil {
		return &message.BadResponse{Why: "the value is no gzip: it is empty"}
	}
	b := &inflated{from: bodyReader{body: r.Body}, left: maxInflated}
	var err error
	if b.gzip, err = gzip.NewReader(&b.from); err != nil {
		return b.fault(err)
	}
	if b.ahead, err = b.read(); err != nil && err != io.EOF {
		return err
	}
	r.Body = b
	return nil
}

// Next implements message.Body.
func (b *inflated) Next() ([]byte, error) {
	if data := b.ahead; len(data) > 0 {
		b.ahead = nil
		return data, nil
	}
	return b.read()
}

// read fills the buffer, so that a small value is known to be well before the
// head is sent.
func (b *inflated) read() ([]byte, error) {
	n := 0
	for n < len(b.buf) {
		m, err := b.gzip.Read(b.buf[n:])
		n += m
		if err == nil {
			continue
		}
		if err = b.fault(err); err != io.EOF || n == 0 {
			return nil, err
		}
		break // the end comes again
	}
	if b.left -= int64(n); b.left < 0 {
		return nil, &message.BadResponse{Why: "the value inflates to more than 64 MB"}
	}
	return b.buf[:n], nil
}

// fault tells what the value is to blame for from what its connection is.
func (b *inflated) fault(err error) error {
	switch {
	case b.from.err != nil && b.from.err != io.EOF:
		return b.from.err
	case err == io.EOF && b.from.err == io.EOF:
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &message.BadResponse{Why: "the value is no gzip: it ends too early"}
	}
	return &message.BadResponse{Why: "the value is no gzip: " + err.Error()}
}

// Ready implements message.Body.
func (b *inflated) Ready() bool { return len(b.ahead) > 0 || b.from.ready() }

// bodyReader reads a body as an io.Reader.
type bodyReader struct {
	body message.Body
	rest []byte
	err  error
}

func (r *bodyReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		r.rest, r.err = r.body.Next()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *bodyReader) ready() bool { return len(r.rest) > 0 || r.err != nil || r.body.Ready() }
