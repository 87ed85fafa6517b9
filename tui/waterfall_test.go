package tui

import (
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// TestWaterfallOfTries: time that no phase took is shown too, and the bars end
// where the request did.
func TestWaterfallOfTries(t *testing.T) {
	l := newLook(environment{UTF8: true})
	p := record.Phases{Total: time.Second, Guard: time.Millisecond, Dial: 9 * time.Millisecond, FirstByte: 490 * time.Millisecond}
	var lines []string
	for _, line := range l.waterfall(p, 61) {
		s := ""
		for _, part := range line {
			s += part.s
		}
		lines = append(lines, s)
	}
	all := strings.Join(lines, "\n")
	if !strings.Contains(all, "tries, wait   500ms") {
		t.Errorf("the tries before are not told:\n%s", all)
	}
	if n := len([]rune(lines[len(lines)-2])); n < 58 || n > 61 {
		t.Errorf("the last bar ends at %d:\n%s", n, all)
	}
	p.Total = 501 * time.Millisecond
	for _, ph := range phases(p) {
		if ph.name == "tries, wait" && ph.took != 0 {
			t.Errorf("%s of tries are made up", ph.took)
		}
	}
}
