package screen_test

import (
	"fmt"
	"strings"
	"testing"

	"forge.home.arpa/portico/tui/screen"
	"forge.home.arpa/portico/tui/screen/emulator"
)

// TestResetEndsTheRegion: a console killed within a shift leaves a scroll
// region; a shell's text must scroll the whole screen all the same.
func TestResetEndsTheRegion(t *testing.T) {
	e := emulator.New(10, 5)
	fmt.Fprint(e, "\x1b[?1049h\x1b[2;4r\x1b[2H", screen.Reset, "\x1b[1Htop\x1b[5H\n")
	for _, row := range e.Cells() {
		if strings.Contains(emulator.Text(row), "top") {
			t.Error("the first row did not scroll away")
		}
	}
}
