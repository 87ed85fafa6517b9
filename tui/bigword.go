package tui

import "strings"

// letters are those that the wall's words need, five rows high.
var letters = map[rune][bigRows]string{
	'A': {" # ", "# #", "###", "# #", "# #"},
	'D': {"## ", "# #", "# #", "# #", "## "},
	'E': {"###", "#  ", "## ", "#  ", "###"},
	'K': {"# #", "# #", "## ", "# #", "# #"},
	'L': {"#  ", "#  ", "#  ", "#  ", "###"},
	'N': {"#  #", "## #", "# ##", "#  #", "#  #"},
	'O': {"###", "# #", "# #", "# #", "###"},
	'W': {"#   #", "#   #", "# # #", "## ##", "#   #"},
	' ': {" ", " ", " ", " ", " "},
	'0': {"###", "# #", "# #", "# #", "###"},
	'1': {" # ", "## ", " # ", " # ", "###"},
	'2': {"###", "  #", "###", "#  ", "###"},
	'3': {"###", "  #", "###", "  #", "###"},
	'4': {"# #", "# #", "###", "  #", "  #"},
	'5': {"###", "#  ", "###", "  #", "###"},
	'6': {"###", "#  ", "###", "# #", "###"},
	'7': {"###", "  #", "  #", "  #", "  #"},
	'8': {"###", "# #", "###", "# #", "###"},
	'9': {"###", "# #", "###", "  #", "###"},
}

const bigRows = 5

// bigWord is a word in letters of several cells.
type bigWord struct {
	rows          [bigRows]string // "#" for ink
	across, along int             // cells a dot: columns, lines
}

// enlarge builds the word as large as w columns and h lines hold it, in dots
// that are about square; false where it does not fit at all.
func enlarge(word string, w, h int) (b bigWord, fits bool) {
	for _, c := range word {
		for i, dots := range letters[c] {
			b.rows[i] += dots + " "
		}
	}
	for i := range b.rows {
		b.rows[i] = b.rows[i][:max(len(b.rows[i])-1, 0)]
	}
	n := max(len(b.rows[0]), 1)
	b.along = min(h/bigRows, (w/n+1)/2)
	b.across = min(w/n, 2*b.along)
	return b, b.along > 0
}

func (b *bigWord) width() int  { return len(b.rows[0]) * b.across }
func (b *bigWord) height() int { return bigRows * b.along }

// draw writes the word at the top of the area, in its middle.
func (b *bigWord) draw(a area, t tone) {
	for i := range b.height() {
		p := a.line(i).to((a.w - b.width()) / 2)
		for _, dot := range b.rows[i/b.along] {
			if dot == '#' {
				p.put(t, strings.Repeat(p.look.signs.block, b.across))
			} else {
				p.put(plain, blanks(b.across))
			}
		}
	}
}
