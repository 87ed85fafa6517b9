package config

import (
	"errors"
	"fmt"
)

// Refusal is the error of a Preparer that cannot use a value of the file, with
// the place of that value.
type Refusal struct {
	Problem Problem
	Err     error // why; may be nil
}

// Error gives the problem with its line.
func (r *Refusal) Error() string {
	text := r.Problem.Message
	if r.Problem.Line > 0 {
		text = fmt.Sprintf("line %d: %s", r.Problem.Line, text)
	}
	if r.Problem.Hint != "" {
		text += " (" + r.Problem.Hint + ")"
	}
	return text
}

// Unwrap gives the reason.
func (r *Refusal) Unwrap() error { return r.Err }

// Refuse makes a Refusal of an address to listen on. It has no line where the
// address is the default.
func (c *Config) Refuse(addr, message, hint string, err error) *Refusal {
	p := c.places[addr]
	p.Message, p.Hint = message, hint
	return &Refusal{p, err}
}

// placesOf finds the addresses of [server].
func placesOf(server *node) map[string]Problem {
	places := map[string]Problem{}
	for _, l := range listenersOf(server) {
		places[l.addr] = Problem{Line: l.node.Pos().Line, Col: l.node.Pos().Col, Path: l.node.Path().String()}
	}
	return places
}

// refused gives the problem that keeps a configuration from running.
func refused(err error) Problem {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Problem
	}
	return Problem{Message: err.Error()}
}
