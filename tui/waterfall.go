package tui

import (
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// phase is one part of a request's time.
type phase struct {
	name string
	took time.Duration
}

// phases are in the order they came. What none of them took was spent on tries
// before, or on waiting for one.
func phases(p record.Phases) []phase {
	rest := p.Total - (p.Guard + p.Queue + p.Dial + p.Handshake + p.Send + p.FirstByte + p.Body)
	if rest < time.Millisecond || rest < p.Total/50 {
		rest = 0
	}
	return []phase{
		{"guards", p.Guard}, {"queue", p.Queue}, {"tries, wait", rest}, {"dial", p.Dial}, {"TLS", p.Handshake},
		{"send", p.Send}, {"first byte", p.FirstByte}, {"body", p.Body},
	}
}

// waterfall draws each phase as a bar where it lies in the whole, in w cells.
func (l *look) waterfall(p record.Phases, w int) []text {
	const label = 21 // name and time
	var lines []text
	begun := time.Duration(0)
	for _, ph := range phases(p) {
		if ph.took <= 0 {
			continue
		}
		name := fill(ph.name, 12) + fillLeft(unitDuration(ph.took), 7)
		lines = append(lines, say(name+"  ", calm, l.bar(begun, ph.took, p.Total, w-label)))
		begun += ph.took
	}
	return append(lines, say(fill("total", 12)+fillLeft(unitDuration(p.Total), 7)))
}

// bar is blanks until a phase begins and blocks while it lasts.
func (l *look) bar(begun, took, total time.Duration, w int) string {
	if w < 4 || total <= 0 {
		return ""
	}
	at := func(d time.Duration) int {
		return min(int(float64(w)*float64(d)/float64(total)), w)
	}
	from := min(at(begun), w-1)
	n := max(at(begun+took)-from, 1)
	return blanks(from) + strings.Repeat(l.signs.block, n)
}

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }

// fill pads plain words at the right, fillLeft at the left.
func fill(s string, n int) string     { return s + blanks(n-len(s)) }
func fillLeft(s string, n int) string { return blanks(n-len(s)) + s }
