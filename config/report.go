package config

import (
	"cmp"
	"fmt"
	"slices"
)

// maxProblems bounds a report. Behind it problems are counted, but no longer
// placed and worded: both take time that grows with the text.
const maxProblems = 100

// report collects the problems of a text.
type report struct {
	errors, warnings Problems
	unplaced         [2]int // errors and warnings behind the bound
}

// room tells whether one more problem would be shown, and counts it if not.
func (r *report) room(warning bool) bool {
	list, more := r.errors, &r.unplaced[0]
	if warning {
		list, more = r.warnings, &r.unplaced[1]
	}
	if len(list) < maxProblems {
		return true
	}
	*more++
	return false
}

func (r *report) add(p Problem) {
	if p.Warning {
		r.warnings = append(r.warnings, p)
	} else {
		r.errors = append(r.errors, p)
	}
}

// list gives the problems in file order. Where there are too many, errors go
// before warnings.
func (r *report) list() Problems {
	shown := min(len(r.warnings), maxProblems-len(r.errors))
	ps := slices.Concat(r.errors, r.warnings[:shown])
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	more := len(r.warnings) - shown + r.unplaced[0] + r.unplaced[1]
	if more > 0 {
		last := ps[len(ps)-1]
		ps = append(ps, Problem{
			Line: last.Line, Col: last.Col,
			Message: fmt.Sprintf("%d more problems are not shown", more),
			Warning: r.unplaced[0] == 0,
		})
	}
	return ps
}
