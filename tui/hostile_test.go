package tui

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// hostile is a world in which every name and every request is text from
// someone who wishes us ill.
func hostile(s string) *world {
	w := &world{log: record.New(100, 100, 100)}
	r := route("cloud", "", "", proxy.StateDown, 1e9, 1<<30, 7)
	r.Name, r.Hosts, r.Paths, r.Target, r.To, r.Reason = s, []string{s, s}, []string{s}, s, []string{s}, s
	u := upstream(s, s)
	u.State, u.Reason, u.Failures = proxy.StateDown, s, 1<<30
	w.status = proxy.Status{
		Listeners: []proxy.ListenerStatus{{Address: s, Bound: s}, {Address: s, Error: s}},
		Routes:    []proxy.RouteStatus{r, r},
		Upstreams: []proxy.UpstreamStatus{u},
		Total:     record.Rates{PerSecond: -1, BytesPerSecond: 1e30, P95: -time.Hour, Errors: 9, Recent: 1},
	}
	for range 3 {
		var row record.Row
		row.Start = time.Now().UnixNano()
		row.Method.Set([]byte(s))
		row.Host.Set([]byte(s))
		row.Path.Set([]byte(s))
		row.ReqID.Set([]byte(s))
		row.Route, row.Upstream, row.Rule, row.Detail = s, s, s, s
		row.Cause, row.Status, row.Aborted = record.CauseProtocol, uint16(len(s)*31), true
		row.Client = netip.IPv6Unspecified().WithZone("e")
		row.Phases = record.Phases{Total: -1, Dial: 1 << 60, Body: 3}
		row.BytesOut = -1 << 62
		w.log.Put(&row, []byte(s), []byte("HTTP/1.1 200 OK\r\nX: "+s))
	}
	return w
}

type hostileStore struct {
	Store
	s string
}

func (h *hostileStore) Path() string { return h.s }
func (h *hostileStore) Problems() (config.Problems, time.Time) {
	return config.Problems{{Line: 3, Path: h.s, Message: h.s, Hint: h.s}}, time.Now()
}

func (h *hostileStore) History() ([]config.Version, error) {
	v := config.Version{N: -1 << 62, Who: h.s, What: h.s, Runs: true}
	return []config.Version{v, v, {N: 1}}, nil
}

func (h *hostileStore) VersionDiff(int) ([]config.DiffLine, error) {
	return []config.DiffLine{{Op: '+', Line: 1, Text: h.s}, {Op: '-', Line: 9, Text: h.s}}, nil
}

func (h *hostileStore) PreviewUndo(int) (*config.Preview, config.Applied, error) {
	return &config.Preview{Config: h.Current().Config, Confirm: time.Hour}, config.Applied{What: h.s}, nil
}

func (h *hostileStore) Pending() (config.Pending, bool) {
	return config.Pending{Until: time.Now(), Who: h.s, What: h.s, Stuck: errors.New(h.s)}, len(h.s)%2 == 0
}

func (h *hostileStore) LastGood() (time.Time, bool) { return time.Now(), true }

// walk goes through every page and everything that opens.
var walk = []string{
	"enter", "esc", "2", "k", "enter", "x", "j", "G", "t", "j", "esc", "esc", "v", "l", "s", "s", "S", " ",
	"/", "a", "~", "esc", "3", "j", "a", "x", "tab", "y", "esc", "y", "4", "enter", "esc",
	"6", "enter", "u", "esc", "esc", "tab", "g", "esc", "1", "g", "enter", "B",
	":", "t", "e", "s", "tab", "enter", "?", "q", "down", "esc", "L", "!", "q", "esc",
	":", "w", "a", "l", "enter", "x",
}

// FuzzFrames: whatever the window's size and whatever the world says, a frame
// is exactly h lines of at most w cells, and nothing in it acts on the
// terminal. sit and press check each frame.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{
		"", "git.home.lan", "\x1b[2J\x1b]52;c;eA==\x07", "a\nb\r\nc\td", "\u202egpj.exe", "写真写真写真写真写真写真写真写真写真写真写真",
		"e\u0301\u0301\u0301", "👨\u200d👩\u200d👧", "\xff\xfe\xfd", "?a=b&c=\x9b31m", strings.Repeat("x", 400), "🇨🇭🇨", "route.\"a\".b[1]", " ",
	} {
		f.Add(uint8(80), uint8(24), s, true)
		f.Add(uint8(40), uint8(10), s, false)
		f.Add(uint8(160), uint8(45), s, true)
		f.Add(uint8(1), uint8(1), s, false)
	}
	f.Add(uint8(255), uint8(120), "x", true)
	f.Add(uint8(41), uint8(200), "x", true)
	f.Fuzz(func(t *testing.T, w, h uint8, s string, utf8 bool) {
		atNoon(t, func(t *testing.T) {
			world := hostile(s)
			routes := world.status.Routes
			store := realStore(t, world, homeFile)
			world.status.Routes = routes
			world.moves = proxy.Moves{Looked: -1, Moved: 1 << 60, Kinds: []proxy.Move{{From: s, To: s, Rule: s, Method: s, Host: s, Path: s, Client: s}}}
			src := world.source(&hostileStore{store, s})
			src.Log = func() []string { return []string{s, "level=ERROR " + s} }
			p := sit(t, src, modelOptions{
				Env: environment{Colors: 16 * int(w%2), UTF8: utf8}, Width: max(int(w), 1), Height: max(int(h), 1), Foreground: true,
			})
			p.press(walk...)
			p.resize(int(h)+1, int(w)+1)
			p.press(walk[:20]...)
			p.press("esc", "esc", "1", ":", "w", "a", "l", "enter")
			p.resize(int(w)+1, int(h)+1)
			p.look()
		})
	})
}

// TestAllSizes draws every page in every size from 1x1 to 400x120, in steps
// that hit each border of the layout.
func TestAllSizes(t *testing.T) {
	widths := []int{1, 2, 3, 5, 9, 14, 20, 30, 39, 40, 41, 47, 53, 59, 60, 61, 79, 80, 99, 100, 110, 129, 130, 131, 160, 200, 400}
	heights := []int{1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 20, 24, 29, 30, 31, 45, 120}
	pages := [][]string{{"1"}, {"2"}, {"k", "enter"}, {"t"}, {"3"}, {"a"}, {"esc", "4"}, {"6"}, {"enter"}, {"esc", "tab"}, {"esc", "?"}, {"esc", "/", "x"}, {"esc", ":"}, {"esc", "q"}, {"esc", ":", "w", "a", "enter"}}
	atNoon(t, func(t *testing.T) {
		w := home()
		p := sit(t, w.source(realStore(t, w, homeFile)), modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: 80, Height: 24, Foreground: true})
		for _, keys := range pages {
			p.press(keys...)
			for _, w := range widths {
				for _, h := range heights {
					p.resize(w, h)
					p.look()
				}
			}
		}
	})
}
