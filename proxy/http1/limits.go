package http1

// Limits bound what a head may be, in bytes and fields.
type Limits struct {
	Line   int // the first line
	Head   int // first line and fields
	Fields int
}

// DefaultLimits are those of the documentation.
var DefaultLimits = Limits{Line: 16 << 10, Head: 32 << 10, Fields: 200}

const (
	// maxMethod is longer than any method in use, in bytes.
	maxMethod = 32
	// maxExtensions bounds the chunk extensions of one body, in bytes: they
	// are dropped, so nobody has a reason to send more.
	maxExtensions = 4 << 10
	// maxChunkLine is the longest line of a chunk: its size, as many
	// extensions as a body may have, and CR.
	maxChunkLine = maxSizeDigits + maxExtensions + len("\r")
	// maxSizeDigits: 60 bits, no length in use is longer.
	maxSizeDigits = 15
	// maxNominated bounds the names in Connection.
	maxNominated = 32
	// maxInterim bounds the 1xx answers before the final one.
	maxInterim = 64
)
