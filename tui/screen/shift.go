package screen

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Shift rewrites the frames of Bubble Tea v1's renderer so that a list which
// scrolls costs a scroll and its new rows, and a line of which the end or the middle
// changed costs that. Everything else passes as it is, but for the return to the
// first screen, which is preceded by a clear: tmux 3.3 would else push rows of
// a window that was resized meanwhile into the shell's screen.
//
// It remembers exactly what the renderer believes is on the screen, and
// forgets it when the renderer does: after a resize and a clear screen comes a
// full frame. The style is reset before and after each line it writes, so a
// line means the same wherever it stands. It moves by rows and cuts only
// printable ASCII, so it needs no opinion about how wide a character is.
type Shift struct {
	out io.Writer

	mu   sync.Mutex
	rows []string // on the screen, as written: text and ESC[K
	buf  []byte
}

// NewShift returns a Shift that writes to out, one write a frame.
func NewShift(out io.Writer) *Shift { return &Shift{out: out} }

// Write takes one write of the renderer.
func (s *Shift) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := parseFrame(string(b))
	switch {
	case string(b) == firstScreen:
		return s.send([]byte(home+eraseBelow+firstScreen), len(b))
	case !ok:
		return s.out.Write(b)
	}
	next, known := f.rows(s.rows)
	if !known {
		s.rows = nil
		return s.out.Write(b)
	}
	old := make([]string, len(next))
	if !f.full {
		copy(old, s.rows)
	}
	s.rows = next
	s.buf = draw(s.buf[:0], f, old, next)
	if len(s.buf) == 0 {
		return len(b), nil
	}
	return s.send(s.buf, len(b))
}

// send writes b in the place of n bytes.
func (s *Shift) send(b []byte, n int) (int, error) {
	if _, err := s.out.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// draw appends what turns old into next; it changes old.
func draw(b []byte, f frame, old, next []string) []byte {
	if !f.below && slices.Equal(old, next) {
		return b
	}
	b = append(b, plain...)
	if f.below {
		// From the last line on, which is then written again: a window that
		// shrank has no row below it to start from.
		last := len(next) - 1
		b = append(appendCursor(b, last, 0), eraseBelow...)
		old[last] = eraseLine
	}
	for range maxMoves {
		m, ok := bestMove(old, next)
		if !ok {
			break
		}
		m = m.extended(old, next)
		b = m.append(b)
		m.apply(old)
	}
	for i, text := range next {
		if text != old[i] {
			b = appendLine(b, i, old[i], text)
		}
	}
	return append(b, tailOf(len(next))...)
}

// appendLine appends what turns the row's old text into the new one.
func appendLine(b []byte, row int, old, text string) []byte {
	cut := commonPrefix(old, text)
	b = appendCursor(b, row, cut)
	if middle, ok := onlyMiddle(old[cut:], text[cut:]); ok {
		return append(b, middle...)
	}
	text, short := strings.CutSuffix(text[cut:], eraseLine)
	b = appendText(b, text)
	if leavesStyle(text) {
		b = append(b, plain...)
	}
	if short { // after the style, which would colour the rest of the row
		b = append(b, eraseLine...)
	}
	return b
}

// leavesStyle reports whether a style may still be on at the end of text.
func leavesStyle(text string) bool {
	return strings.Contains(text, "\x1b") &&
		!strings.HasSuffix(text, plain) && !strings.HasSuffix(text, "\x1b[0m")
}

// gap is as many blanks as cost more than an erasure and a step over it.
const gap = "            "

// appendText appends text that begins without a style.
func appendText(b []byte, text string) []byte {
	for text != "" {
		end := 1 + strings.IndexByte(text[1:], '\x1b')
		if end == 0 {
			end = len(text)
		}
		part := text[:end]
		text = text[end:]
		if part[0] != '\x1b' || strings.HasPrefix(part, plain) || strings.HasPrefix(part, "\x1b[0m") {
			b = appendGaps(b, part)
		} else {
			b = append(b, part...) // its blanks may have a colour
		}
	}
	return b
}

// appendGaps appends text without a style, and the blanks between columns as an
// erasure. The last blank is written: a combining mark may follow it.
func appendGaps(b []byte, text string) []byte {
	for {
		i := strings.Index(text, gap)
		if i < 0 {
			return append(b, text...)
		}
		b = append(b, text[:i]...)
		text = text[i:]
		n := len(text) - len(strings.TrimLeft(text, " ")) - 1
		for _, op := range []byte{'X', 'C'} { // erase, step over
			b = append(b, "\x1b["...)
			b = strconv.AppendInt(b, int64(n), 10)
			b = append(b, op)
		}
		text = text[n:]
	}
}

// commonPrefix is how many cells both lines begin with alike: printable ASCII
// only, where a byte is a cell and no style is on. The last such cell is
// counted out when something else follows it: that may be a combining mark,
// which belongs to it.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] && printable(a[n]) {
		n++
	}
	if n > 0 && (n < len(a) && !printable(a[n]) || n < len(b) && !printable(b[n])) {
		n--
	}
	return n
}

// onlyMiddle is what text begins with when what follows stands on the screen
// already: as many cells of printable ASCII as before. What follows must begin
// with such a cell too: a combining mark would belong to the last one written.
func onlyMiddle(old, text string) (string, bool) {
	n := len(text)
	if len(old) != n {
		return "", false
	}
	for n > 0 && old[n-1] == text[n-1] {
		n--
	}
	for n < len(text) && !printable(text[n]) {
		n++
	}
	for i := range n {
		if !printable(old[i]) || !printable(text[i]) {
			return "", false
		}
	}
	return text[:n], n < len(text)
}

func printable(c byte) bool { return c >= ' ' && c <= '~' }

// appendCursor appends the move of the cursor to a cell, counted from 0.
func appendCursor(b []byte, row, col int) []byte {
	b = append(b, "\x1b["...)
	b = strconv.AppendInt(b, int64(row+1), 10)
	if col > 0 {
		b = append(b, ';')
		b = strconv.AppendInt(b, int64(col+1), 10)
	}
	return append(b, 'H')
}
