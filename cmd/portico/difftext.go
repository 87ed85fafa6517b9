package main

import (
	"fmt"
	"io"

	"forge.home.arpa/portico/config"
)

// diffLine is a config.DiffLine as it goes over the control socket.
type diffLine struct {
	Op   string `json:"op"` // " ", "-" or "+"
	Line int    `json:"line"`
	Text string `json:"text"`
}

func diffLineOf(l config.DiffLine) diffLine { return diffLine{string(l.Op), l.Line, l.Text} }

// printDiff prints the lines that changed and those around them. A place in
// the new file, in the form that editors jump to, stands before each stretch.
func printDiff(w io.Writer, file string, diff []diffLine) error {
	w = plain{w}
	next, ahead := 0, 0 // the line expected in the new file; how far the old one is ahead of it
	for _, l := range diff {
		at := l.Line
		if l.Op == "-" {
			at -= ahead
		}
		if at != next {
			if _, err := fmt.Fprintf(w, "%s:%d:\n", file, at); err != nil {
				return err
			}
		}
		next = at
		switch l.Op {
		case "-":
			ahead++
		case "+":
			ahead--
			next++
		default:
			next++
		}
		if _, err := fmt.Fprintf(w, "%s %s\n", l.Op, l.Text); err != nil {
			return err
		}
	}
	return nil
}
