package config

import (
	"errors"
	"fmt"
	"strings"
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

// Refusals are all that a Preparer cannot use.
type Refusals []*Refusal

// Error gives one a line.
func (rs Refusals) Error() string {
	lines := make([]string, len(rs))
	for i, r := range rs {
		lines[i] = r.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lists them; errors.As finds the first.
func (rs Refusals) Unwrap() []error {
	errs := make([]error, len(rs))
	for i, r := range rs {
		errs[i] = r
	}
	return errs
}

// Problems are what is wrong with the file.
func (rs Refusals) Problems() (ps Problems) {
	for _, r := range rs {
		ps = append(ps, r.Problem)
	}
	return ps
}

// RefusedBy finds the Refusals of an error; nil for none.
func RefusedBy(err error) Refusals {
	var all Refusals
	var one *Refusal
	switch {
	case errors.As(err, &all):
		return all
	case errors.As(err, &one):
		return Refusals{one}
	}
	return nil
}

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

// refused gives the problems that keep a configuration from running.
func refused(err error) Problems {
	if rs := RefusedBy(err); rs != nil {
		return rs.Problems()
	}
	return Problems{{Message: err.Error()}}
}
