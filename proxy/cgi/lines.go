package cgi

import "bytes"

// longestLine bounds a line of an application's errors, in bytes; a longer one
// is told in parts.
const longestLine = 1024

// lines gathers what an application says on its standard error into lines.
type lines struct {
	to   func(line []byte) // may be nil
	held []byte
}

func (l *lines) write(b []byte) {
	if l.to == nil {
		return
	}
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		end := i
		if i < 0 {
			end = len(b)
		}
		n := min(end, longestLine-len(l.held))
		l.held = append(l.held, b[:n]...)
		whole := i >= 0 && n == end
		if b = b[n:]; whole {
			b = b[1:]
		}
		if whole || len(l.held) == longestLine {
			l.flush()
		}
	}
}

// flush tells what there is of a line.
func (l *lines) flush() {
	if text := bytes.TrimSpace(l.held); len(text) > 0 && l.to != nil {
		l.to(text)
	}
	l.held = l.held[:0]
}
