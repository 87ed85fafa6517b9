package tui

import (
	caret "github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// lineMost bounds what can be typed or pasted into one line, in runes.
const lineMost = 2048

// lineKeys are the keys that edit a line. Danger: textinput's own map takes
// keys of tmux and screen, and its Paste runs the clipboard programs of the
// machine the proxy is on; a binding without keys never matches.
var lineKeys = textinput.KeyMap{
	CharacterForward:        key.NewBinding(key.WithKeys("right")),
	CharacterBackward:       key.NewBinding(key.WithKeys("left")),
	DeleteWordBackward:      key.NewBinding(key.WithKeys("ctrl+w")),
	DeleteAfterCursor:       key.NewBinding(key.WithKeys("ctrl+k")),
	DeleteBeforeCursor:      key.NewBinding(key.WithKeys("ctrl+u")),
	DeleteCharacterBackward: key.NewBinding(key.WithKeys("backspace")),
	DeleteCharacterForward:  key.NewBinding(key.WithKeys("delete")),
	LineStart:               key.NewBinding(key.WithKeys("home")),
	LineEnd:                 key.NewBinding(key.WithKeys("end", "ctrl+e")),
}

// editing are the bindings of lineKeys.
var editing = []key.Binding{
	lineKeys.CharacterForward, lineKeys.CharacterBackward, lineKeys.DeleteWordBackward,
	lineKeys.DeleteAfterCursor, lineKeys.DeleteBeforeCursor, lineKeys.DeleteCharacterBackward,
	lineKeys.DeleteCharacterForward, lineKeys.LineStart, lineKeys.LineEnd,
}

// line is a line of text under the cursor. It edits as textinput does and
// draws itself, through a pen: textinput's cursor is a style, which NO_COLOR
// takes away, and its text is not cleaned.
type line struct{ input textinput.Model }

// newLine makes an empty line that takes keys.
func newLine() line {
	in := textinput.New()
	in.KeyMap, in.CharLimit = lineKeys, lineMost
	in.Cursor.SetMode(caret.CursorStatic) // so that nothing blinks
	in.Focus()
	return line{in}
}

func (l *line) String() string { return l.input.Value() }

// set replaces the text and puts the cursor at its end.
func (l *line) set(s string) {
	l.input.SetValue(s)
	l.input.CursorEnd()
}

// key edits the line; it tells whether the key was one for it. A pasted line
// end or tab becomes a blank.
func (l *line) key(k tea.KeyMsg) bool {
	if k.Type != tea.KeyRunes && k.Type != tea.KeySpace && !key.Matches(k, editing...) {
		return false
	}
	l.input, _ = l.input.Update(k)
	return true
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
	typed := []rune(l.String())
	at := l.input.Position()
	rs := []rune(k.clean(string(typed[:at])))
	for len(rs) > 0 && width(string(rs)) > n {
		rs = rs[1:]
	}
	return string(rs), k.clean(string(typed[at:]))
}
