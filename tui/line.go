package tui

import (
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// lineMost bounds what can be typed or pasted into one line, in runes.
const lineMost = 2048

// line is a line of text under the cursor. The zero value is empty and ready.
//
// It stands in place of bubbles' textinput, whose paste key runs the
// clipboard programs of the machine the proxy is on, and whose cursor needs a
// style that NO_COLOR takes away.
type line struct {
	runes []rune
	at    int // the cursor stands before runes[at]
}

func (l *line) String() string { return string(l.runes) }

// set replaces the text and puts the cursor at its end.
func (l *line) set(s string) {
	l.runes = []rune(s)
	l.at = len(l.runes)
}

// key edits the line; it tells whether the key was one for it.
func (l *line) key(k tea.KeyMsg) bool {
	switch k.Type {
	case tea.KeyRunes, tea.KeySpace:
		l.insert(k.Runes)
	case tea.KeyBackspace:
		l.erase(l.at - 1)
	case tea.KeyDelete:
		l.erase(l.at)
	case tea.KeyLeft:
		l.at = max(l.at-1, 0)
	case tea.KeyRight:
		l.at = min(l.at+1, len(l.runes))
	case tea.KeyHome:
		l.at = 0
	case tea.KeyEnd, tea.KeyCtrlE:
		l.at = len(l.runes)
	case tea.KeyCtrlU:
		l.runes, l.at = append([]rune(nil), l.runes[l.at:]...), 0
	case tea.KeyCtrlK:
		l.runes = l.runes[:l.at]
	case tea.KeyCtrlW:
		l.eraseWord()
	default:
		return false
	}
	return true
}

// insert adds text at the cursor; a pasted line end or tab becomes a blank.
func (l *line) insert(rs []rune) {
	rs = rs[:min(len(rs), max(lineMost-len(l.runes), 0))]
	added := make([]rune, 0, len(l.runes)+len(rs))
	added = append(added, l.runes[:l.at]...)
	for _, r := range rs {
		if unicode.IsControl(r) {
			r = ' '
		}
		added = append(added, r)
	}
	l.runes = append(added, l.runes[l.at:]...)
	l.at += len(rs)
}

func (l *line) erase(i int) {
	if i < 0 || i >= len(l.runes) {
		return
	}
	l.runes = append(append([]rune(nil), l.runes[:i]...), l.runes[i+1:]...)
	if i < l.at {
		l.at--
	}
}

// eraseWord takes away the blanks and the word before the cursor.
func (l *line) eraseWord() {
	before := strings.TrimRight(string(l.runes[:l.at]), " ")
	keep := []rune(before[:strings.LastIndexByte(before, ' ')+1])
	l.runes = append(keep, l.runes[l.at:]...)
	l.at = len(keep)
}

// draw shows the line in at most n cells with its cursor, scrolled so that the
// cursor is seen. Without colours the cursor is a bar between characters.
func (l *line) draw(p *pen, n int) {
	end := min(p.at()+n, p.end-p.start)
	before, after := l.window(p.look, end-p.at()-1)
	p.put(plain, before)
	if !p.look.colours {
		p.put(plain, "|").put(plain, cut(after, end-p.at()))
		return
	}
	under, rest := " ", ""
	if rs := []rune(after); len(rs) > 0 {
		under, rest = string(rs[:1]), string(rs[1:])
	}
	p.reverse = !p.reverse
	p.put(plain, under)
	p.reverse = !p.reverse
	p.put(plain, cut(rest, end-p.at()))
}

// window is the cleaned text before and after the cursor, the former cut from
// the left to n cells.
func (l *line) window(k *look, n int) (before, after string) {
	rs := []rune(k.clean(string(l.runes[:l.at])))
	for len(rs) > 0 && width(string(rs)) > n {
		rs = rs[1:]
	}
	return string(rs), k.clean(string(l.runes[l.at:]))
}
