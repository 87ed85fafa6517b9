package tui

import "strconv"

// tone says what a piece of text means. Colour only adds to it: the words and
// signs beside it say the same.
type tone uint8

const (
	plain tone = iota // the terminal's own foreground
	calm              // a key to press, a heading
	warn              // should be looked at
	bad               // visitors feel it
)

// attr is how a cell is drawn: a colour's SGR number (0 for the terminal's
// own) and whether it is reversed. There is no bold or faint: the kernel's
// console turns them into other colours.
type attr struct {
	colour  uint8
	reverse bool
}

// sgr is the escape sequence that selects a, whatever was selected before.
func (a attr) sgr() string {
	if a == (attr{}) {
		return "\x1b[m"
	}
	s := "\x1b[0"
	if a.reverse {
		s += ";7"
	}
	if a.colour != 0 {
		s += ";" + strconv.Itoa(int(a.colour))
	}
	return s + "m"
}

// look decides signs and colours, once a console.
type look struct {
	colours bool
	utf8    bool
	tones   [4]uint8 // SGR foreground of each tone
	signs   signs
}

// signs are the drawn characters beside text. All of them are in every Lat15
// and Uni console font.
type signs struct {
	rule, bar, tee, foot string // ─ │ ┬ ┴
	corners              [4]string
	odd                  string // stands for what cannot be drawn
	block                string // a full cell
	wrong, right         string // a route that lost, one that won
	into                 string // from route to upstream
	spark                [5]string
}

var (
	unicodeSigns = signs{
		rule: "─", bar: "│", tee: "┬", foot: "┴", corners: [4]string{"┌", "┐", "└", "┘"}, odd: "•", block: "█",
		wrong: "✗", right: "■", into: "→", spark: [5]string{" ", ".", "░", "▒", "█"},
	}
	asciiSigns = signs{
		rule: "-", bar: "|", tee: "+", foot: "+", corners: [4]string{"+", "+", "+", "+"}, odd: "?", block: "#",
		wrong: "x", right: "*", into: ">", spark: [5]string{" ", ".", ":", "=", "#"},
	}
)

func newLook(e environment) look {
	l := look{colours: e.Colors > 0, utf8: e.UTF8, signs: asciiSigns}
	if e.UTF8 {
		l.signs = unicodeSigns
	}
	l.tones = [4]uint8{plain: 0, calm: 36, warn: 33, bad: 31}
	if e.Light {
		// Cyan and yellow are hard to read on white, blue on black.
		l.tones[calm], l.tones[warn] = 34, 35
	}
	return l
}

func (l *look) attr(t tone, reverse bool) attr {
	if !l.colours {
		return attr{}
	}
	return attr{l.tones[t], reverse}
}
