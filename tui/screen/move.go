package screen

import (
	"slices"
	"strconv"
)

// move says that count rows, from row on, stood by rows lower before: a
// negative by means that they stood higher.
type move struct{ row, count, by int }

// moveCost is about what the sequences of a move weigh, in bytes.
const moveCost = 24

// maxMoves is how many lists of one frame may scroll.
const maxMoves = 3

// bestMove finds the move that saves most bytes, if one saves any.
func bestMove(old, next []string) (best move, ok bool) {
	saved := 0
	for by := 1 - len(next); by < len(next); by++ {
		if by == 0 {
			continue
		}
		m, s := longestRun(old, next, by)
		if s > saved {
			best, saved = m, s
		}
	}
	return best, saved > moveCost+best.spoils(old, next)
}

// longestRun finds the rows that moved by so many and would cost most bytes to
// write anew. Rows that fit where they are as well do not end a run.
func longestRun(old, next []string, by int) (best move, saved int) {
	first, last := max(0, -by), min(len(next), len(next)-by)
	run := move{row: first, by: by}
	bytes := 0
	for i := first; i < last; i++ {
		if next[i] != old[i+by] {
			run, bytes = move{row: i + 1, by: by}, 0
			continue
		}
		run.count++
		if next[i] != old[i] {
			bytes += len(next[i])
		}
		if bytes > saved {
			best, saved = run, bytes
		}
	}
	return best, saved
}

// region is the rows that a move touches, from top to bottom inclusive.
func (m move) region() (top, bottom int) {
	return min(m.row, m.row+m.by), max(m.row, m.row+m.by) + m.count - 1
}

// vacated is the rows that a move leaves blank, from first up to end.
func (m move) vacated() (first, end int) {
	top, bottom := m.region()
	if m.by > 0 {
		return bottom + 1 - m.by, bottom + 1
	}
	return top, top - m.by
}

// extended is the move with a row more at an end where that saves bytes: the
// cursor's sign or a figure is all that has changed in such a row.
func (m move) extended(old, next []string) move {
	for _, more := range []move{{m.row - 1, m.count + 1, m.by}, {m.row, m.count + 1, m.by}} {
		if more.fits(len(next)) && more.cost(more, old, next) < m.cost(more, old, next) {
			m = more
		}
	}
	return m
}

// fits reports whether all of it is within h rows.
func (m move) fits(h int) bool {
	top, bottom := m.region()
	return top >= 0 && bottom < h
}

// cost is the bytes that rows of a region still need after the move.
func (m move) cost(region move, old, next []string) int {
	top, bottom := region.region()
	rows := slices.Clone(old)
	m.apply(rows)
	n := 0
	for i := top; i <= bottom; i++ {
		if rows[i] != next[i] {
			n += len(appendLine(nil, i, rows[i], next[i]))
		}
	}
	return n
}

// spoils is the bytes of rows that were right and are blank after the move.
func (m move) spoils(old, next []string) int {
	n := 0
	for i, end := m.vacated(); i < end; i++ {
		if next[i] == old[i] {
			n += len(next[i])
		}
	}
	return n
}

// apply does the move on rows, as the terminal does it on its own.
func (m move) apply(rows []string) {
	copy(rows[m.row:m.row+m.count], rows[m.row+m.by:])
	for i, end := m.vacated(); i < end; i++ {
		rows[i] = eraseLine
	}
}

// append appends the sequences: a scroll region, delete or insert lines at its
// top, no region. Blank lines take the current background, so the caller has
// reset the style.
func (m move) append(b []byte) []byte {
	top, bottom := m.region()
	n, op := m.by, byte('M')
	if m.by < 0 {
		n, op = -m.by, 'L'
	}
	b = append(b, "\x1b["...)
	b = strconv.AppendInt(b, int64(top+1), 10)
	b = append(b, ';')
	b = strconv.AppendInt(b, int64(bottom+1), 10)
	b = append(b, 'r')
	b = appendCursor(b, top, 0)
	b = append(b, "\x1b["...)
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, op)
	return append(b, "\x1b[r"...)
}
