package proxy

import (
	"strconv"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/time/rate"
)

// stderr tells the log what the applications of a route say of their errors. A
// page that is broken says so at each visit: more than a few lines a second are
// counted only.
type stderr struct {
	limit  *rate.Limiter
	silent atomic.Int64 // lines that were not told
}

const (
	stderrLines = 5 // a second
	stderrBurst = 50
)

func newStderr() *stderr { return &stderr{limit: rate.NewLimiter(stderrLines, stderrBurst)} }

// say tells one line.
func (s *stderr) say(v *visit, line string) {
	if !s.limit.Allow() {
		s.silent.Add(1)
		return
	}
	v.server.log.Warn("application error", "route", v.route.Name, "upstream", v.row.Upstream,
		"text", line, "left_out", s.silent.Swap(0))
}

// printable escapes what would move a terminal's cursor, turn its direction or
// begin a new line.
func printable(line []byte) string {
	b := make([]byte, 0, len(line))
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, '\\', 'x', hexDigits[line[0]>>4], hexDigits[line[0]&15])
		case strconv.IsPrint(r):
			b = append(b, line[:n]...)
		default:
			quoted := strconv.QuoteRune(r)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		line = line[n:]
	}
	return string(b)
}

const hexDigits = "0123456789abcdef"
