package config

import (
	"bytes"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// around is the number of unchanged lines shown on either side of a change.
const around = 3

// lineDiff lists the lines that differ and those around them. A line that only
// ends otherwise counts as changed, and says how it ends.
func lineDiff(before, after []byte) (list []DiffLine) {
	old, now := splitLines(before), splitLines(after)
	shown := 0 // lines of now listed or left out
	hunks := lcs.DiffLines(old, now)
	for i, h := range hunks {
		for k := max(shown, h.ReplStart-around); k < h.ReplStart; k++ {
			list = append(list, diffLine(' ', k, now))
		}
		for k := h.Start; k < h.End; k++ {
			list = append(list, diffLine('-', k, old).ending(old[k], now, k-h.Start+h.ReplStart, h.ReplEnd))
		}
		for k := h.ReplStart; k < h.ReplEnd; k++ {
			list = append(list, diffLine('+', k, now).ending(now[k], old, k-h.ReplStart+h.Start, h.End))
		}
		shown = h.ReplEnd
		next := len(now)
		if i+1 < len(hunks) {
			next = hunks[i+1].ReplStart
		}
		for ; shown < min(h.ReplEnd+around, next); shown++ {
			list = append(list, diffLine(' ', shown, now))
		}
	}
	return list
}

func diffLine(op byte, i int, lines []string) DiffLine {
	return DiffLine{Op: op, Line: i + 1, Text: strings.TrimRight(lines[i], "\r\n")}
}

// ending adds how a line ends where that is all that differs from the line i of
// others, the one in its place in the other text.
func (d DiffLine) ending(line string, others []string, i, end int) DiffLine {
	if i >= end || strings.TrimRight(others[i], "\r\n") != d.Text {
		return d
	}
	switch line[len(d.Text):] {
	case "":
		d.Text += "  (without a line end)"
	case "\r\n":
		d.Text += "  (ends in CR LF)"
	}
	return d
}

// splitLines keeps the line ends; an empty text has no lines.
func splitLines(text []byte) (lines []string) {
	for line := range bytes.Lines(text) {
		lines = append(lines, string(line))
	}
	return lines
}
