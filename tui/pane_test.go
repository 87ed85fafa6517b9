package tui

import (
	"strings"
	"testing"
	"time"
)

// wantPane compares the detail with the marked row: both tell of one request.
func (p *person) wantPane() {
	p.t.Helper()
	row := p.m.requests.stream.selected()
	if row == nil {
		p.t.Fatalf("no row is marked:\n%s", p.text())
	}
	if id := row.ReqID.String(); !strings.Contains(p.text(), id) {
		p.t.Errorf("the detail is not of %s:\n%s", id, p.text())
	}
}

// TestPaneFollowsMark: whatever moves the mark, the detail beside it is of the
// marked request, as c and t are.
func TestPaneFollowsMark(t *testing.T) {
	for _, size := range [][2]int{{160, 45}, {100, 40}} {
		atNoon(t, func(t *testing.T) {
			p := sit(t, home().source(realStore(t, home(), homeFile)), modelOptions{Width: size[0], Height: size[1]})
			p.press("2", "F", "k", "k")
			p.wantPane()
			p.press("/")
			p.write("host:203")
			p.wantPane()
			p.press("enter")
			p.wantPane()
			p.sees("GET 203.0.113.80/wp-login.php")
			p.press("esc", "s")
			p.press("j", "s")
			p.press("j")
			p.wantPane()
			p.resize(158, 31)
			p.wantPane()
			p.press("S", "j")
			p.wantPane()
			p.press("esc", "c")
			p.wait(time.Second)
			if got := p.got[len(p.got)-1].(copyMsg).text; !strings.Contains(got, p.m.requests.stream.selected().Host.String()) {
				t.Errorf("c copied %s", got)
			}
		})
	}
}
