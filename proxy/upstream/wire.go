package upstream

import (
	"errors"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// ErrNotBegun is wrapped by the error of a request that the upstream says it has
// not begun: it may be sent anew, whatever its method.
var ErrNotBegun = errors.New("the request was not begun")

// Wire is one connection to an upstream in the protocol that it speaks. It
// carries one exchange at a time, and belongs to the goroutine that asks, except
// for what says otherwise.
type Wire interface {
	// SetIdle bounds how long the exchange may wait between two bytes of a body.
	SetIdle(time.Duration)
	// WriteRequest sends the head of x's request, and its whole body where that
	// is held in memory.
	WriteRequest(x *message.Exchange, held []byte) error
	// SendBody streams the body after WriteRequest and counts what was sent.
	// Another goroutine may read the answer meanwhile. A failure to read the
	// body is an error that wraps message.ErrBodyCut.
	SendBody(r *message.Request, sent *atomic.Int64) error
	// AnswerWithin bounds from now on how long another goroutine waits for the
	// head of the answer.
	AnswerWithin(wait time.Duration)
	// ReadAfter reads the head of the answer into x, whatever became of the
	// write; wait bounds the time to its first byte, 0 for ever.
	ReadAfter(writeErr error, x *message.Exchange, wait time.Duration, to message.Interim) error
	// Ask is WriteRequest and ReadAfter in one, on a connection that was Quiet
	// just now.
	Ask(x *message.Exchange, held []byte, wait time.Duration, to message.Interim) error

	// Answered tells whether any byte came back for the present request.
	Answered() bool
	// Quiet tells whether a kept connection can still carry a request.
	Quiet() bool
	// Reusable tells, after an answer, whether it can carry another.
	Reusable() bool
	// Spoil keeps it from carrying another.
	Spoil()
	// Close ends the waiting of whoever uses it; any goroutine may call it.
	Close() error
	// Release gives its memory back; it is not used afterwards.
	Release()
}
