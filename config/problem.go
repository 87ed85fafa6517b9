package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a configuration, with its place.
type Problem struct {
	Line, Col int    // from 1; Col counts characters; 0 where there is no place
	Path      string // "route.cctv.to[1]"
	Message   string
	Hint      string
	Warning   bool // the configuration can be used all the same
}

// String gives "LINE:COL: message (hint)".
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Col)
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is an error that lists all problems of a file, in file order.
type Problems []Problem

// Error gives one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors leaves out the warnings.
func (ps Problems) Errors() Problems { return ps.pick(false) }

// Warnings leaves out the errors.
func (ps Problems) Warnings() Problems { return ps.pick(true) }

func (ps Problems) pick(warning bool) (out Problems) {
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}
