package config

import (
	"errors"
	"fmt"

	"forge.home.arpa/portico/config/tomldoc"
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
	for _, key := range []string{"http", "https", "admin"} {
		n := server.Get(key)
		if n == nil {
			continue
		}
		items := n.Elems()
		if n.Kind() == tomldoc.String {
			items = []*node{n}
		}
		for _, item := range items {
			if addr, err := parseListen(item.Text()); err == nil {
				places[addr] = Problem{Line: item.Pos().Line, Col: item.Pos().Col, Path: item.Path().String()}
			}
		}
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
