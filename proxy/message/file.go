package message

import "io"

// InFile is a Body that lies in a file, for a while at least: over plain TCP the
// kernel can send it without our reading it.
type InFile interface {
	Body
	// File returns where the next n bytes of the body are read, 0 where they
	// lie in no file or are not worth it.
	File() (from io.Reader, n int64)
	// Took says that n of them were read there.
	Took(n int64)
}
