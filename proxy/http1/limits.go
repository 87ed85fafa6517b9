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
	// maxExtensions bounds the chunk extensions of one body, in bytes: they
	// are dropped, so nobody has a reason to send more.
	maxExtensions = 4 << 10
	// maxNominated bounds the names in Connection.
	maxNominated = 32
	// maxInterim bounds the 1xx answers before the final one.
	maxInterim = 64
)
