package message

import "io"

// Bytes is a body that lies in memory.
type Bytes struct{ rest []byte }

// Set gives it its bytes, which must stay as they are.
func (b *Bytes) Set(data []byte) { b.rest = data }

// Next implements Body.
func (b *Bytes) Next() ([]byte, error) {
	if len(b.rest) == 0 {
		return nil, io.EOF
	}
	data := b.rest
	b.rest = nil
	return data, nil
}

// Ready implements Body.
func (b *Bytes) Ready() bool { return true }
