package screen

const (
	// NoWrap makes a line that is wider than the window end at its edge. A
	// terminal may think a character wider than we do, and a wrapped line
	// would scroll everything away from where Shift believes it.
	NoWrap = "\x1b[?7l"

	// Wrap ends NoWrap and any style.
	Wrap = "\x1b[m\x1b[?7h"

	// Reset takes a terminal from the console's state to a shell's: plain
	// style, wrapping, no scroll region, no pastes marked, the cursor shown, the
	// first screen. Only for where Bubble Tea's own end did not arrive: some terminals take
	// the second of two returns to the first screen for a change to the other.
	Reset = Wrap + "\x1b[r\x1b[?2004l\x1b[?25h" + firstScreen

	firstScreen = "\x1b[?1049l"
)
