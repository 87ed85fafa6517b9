package message

import "errors"

// Interim takes 1xx answers on their way to the client.
type Interim interface {
	Interim(status int, fields Fields) error
}

// ErrBodyCut is wrapped around a failure to read the client's body, so that it
// is told from a failure to write to the upstream.
var ErrBodyCut = errors.New("the client's body was cut short")

// BadResponse is an answer that an upstream must not give.
type BadResponse struct {
	Why      string
	TooLarge bool // it is well-formed as far as it was read
}

func (e *BadResponse) Error() string { return "bad answer: " + e.Why }

// Unsendable is a request that the upstream's protocol has no room for. Nothing
// of it was sent.
type Unsendable struct {
	Status int // for the client
	Why    string
}

func (e *Unsendable) Error() string { return "cannot be sent: " + e.Why }
