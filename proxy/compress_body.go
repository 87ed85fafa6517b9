package proxy

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"forge.home.arpa/portico/proxy/message"
)

// encoder is what gzip and zstd have in common.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

const (
	// maxEncoders bounds the answers that are encoded at once: each takes about
	// a megabyte as long as its client reads, and a small machine has not many.
	// Others are sent plain rather than made to wait.
	maxEncoders = 32
	// zstdWindow is how far back zstd looks, in bytes: enough for a page.
	zstdWindow = 128 << 10
)

var (
	encoding atomic.Int32 // answers under way
	encoders = map[string]*sync.Pool{
		"gzip": {New: func() any { return newGzip() }},
		"zstd": {New: func() any { return newZstd() }},
	}
)

func newGzip() encoder {
	w, err := gzip.NewWriterLevel(io.Discard, 5)
	if err != nil {
		panic(err) // the level is one of the package's
	}
	return w
}

// newZstd makes an encoder that starts no goroutines.
func newZstd() encoder {
	w, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstdWindow))
	if err != nil {
		panic(err) // the options are the package's
	}
	return w
}

// compressed encodes a body on its way. What is at hand is encoded together;
// before it waits it sends all it has, so that a stream stays a stream. It
// implements message.Body.
type compressed struct {
	from   message.Body
	coding string
	to     encoder
	out    bytes.Buffer
	ended  bool
}

// newCompressed returns nil where enough are under way already.
func newCompressed(coding string, from message.Body) *compressed {
	if encoding.Add(1) > maxEncoders {
		encoding.Add(-1)
		return nil
	}
	b := &compressed{from: from, coding: coding, to: encoders[coding].Get().(encoder)}
	b.to.Reset(&b.out)
	return b
}

// Next implements message.Body.
func (b *compressed) Next() ([]byte, error) {
	b.out.Reset()
	for b.out.Len() == 0 {
		if b.ended {
			return nil, io.EOF
		}
		if err := b.encode(); err != nil {
			return nil, err
		}
	}
	return b.out.Bytes(), nil
}

// encode takes the next bytes of the body.
func (b *compressed) encode() error {
	data, err := b.from.Next()
	if err == io.EOF {
		b.ended = true
		return b.to.Close()
	}
	if err != nil {
		return err
	}
	if _, err := b.to.Write(data); err != nil {
		return err
	}
	if !b.from.Ready() {
		return b.to.Flush()
	}
	return nil
}

// Ready implements message.Body.
func (b *compressed) Ready() bool { return b.ended || b.from.Ready() }

// release gives the encoder back; nil has none.
func (b *compressed) release() {
	if b == nil {
		return
	}
	b.to.Reset(io.Discard)
	encoders[b.coding].Put(b.to)
	encoding.Add(-1)
}
