package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// at sits at a console of 80x24 over a home.
func at(t *testing.T, o modelOptions) (*person, *world) {
	t.Helper()
	w := home()
	routes := w.status.Routes
	s := realStore(t, w, plainFile)
	w.status.Routes = routes
	if o.Width == 0 {
		o.Width, o.Height = 80, 24
	}
	o.Env.UTF8 = true
	return sit(t, w.source(s), o), w
}

// cursorLine is the line with the cursor's sign.
func (p *person) cursorLine() string {
	for l := range strings.SplitSeq(p.text(), "\n") {
		if strings.HasPrefix(l, ">") {
			return l
		}
	}
	return ""
}

func TestPages(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{Page: "routes"})
		p.sees("[3 Routes]")
		for key, page := range map[string]string{"1": "[1 Now]", "2": "[2 Requests]", "3": "[3 Routes]", "4": "[4 Upstreams]", "!": "[1 Now]"} {
			p.press(key)
			p.sees(page)
		}
	})
}

// TestBurst: three keys that arrive in one read are three keys, and alt+x is
// esc and x.
func TestBurst(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		k := keyMsg("3")
		k.Runes = []rune("2kkk")
		p.handle(k)
		p.settle()
		if l := p.cursorLine(); !strings.Contains(l, "12:07:53") {
			t.Errorf("the cursor is on %q", l)
		}
		p.press("enter")
		k = keyMsg("3")
		k.Alt = true
		p.handle(k)
		p.settle()
		p.sees("[3 Routes]")
	})
}

// TestLiveList: new requests show while the list follows; pinned, they are
// counted; G follows again.
func TestLiveList(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		p.press("2")
		p.sees("FOLLOW")
		for i := range 3 {
			w.request(40 + i)
		}
		p.wait(200 * time.Millisecond)
		if l := p.cursorLine(); !strings.Contains(l, "12:08:03") {
			t.Errorf("the cursor is on %q", l)
		}
		p.press("k", "k")
		pinned := p.cursorLine()
		for i := range 132 {
			w.request(43 + i)
		}
		p.wait(500 * time.Millisecond)
		p.sees("PINNED +132 new")
		if l := p.cursorLine(); l != pinned {
			t.Errorf("the cursor went from %q to %q", pinned, l)
		}
		p.press("G")
		p.sees("FOLLOW")
		p.misses("new")
	})
}

func TestFreezeList(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		p.press("2", " ")
		before := p.cursorLine()
		for i := range 7 {
			w.request(40 + i)
		}
		p.wait(time.Second)
		p.sees("FROZEN +7 new")
		if p.cursorLine() != before {
			t.Error("the list moved while frozen")
		}
		p.press("F")
		p.sees("FOLLOW")
	})
}

// TestFilterLine: live, the last good one stays while a bad one is typed, esc
// clears, up recalls.
func TestFilterLine(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("/")
		p.write("host:git")
		p.sees("[2Req]", "filter: host:git", "git.home.lan")
		p.misses("ha.home.lan")
		p.write(" ~q")
		p.sees("no term ~q", "filter: host:git")
		p.press("enter")
		p.sees("no term ~q")
		p.press("backspace", "backspace", "backspace", "enter")
		p.sees("filter: host:git")
		p.press("/", "esc")
		p.misses("filter:")
		p.sees("ha.home.lan")
		p.press("/", "up")
		p.sees("filter: host:git")
		p.press("enter", "esc")
		p.misses("filter:")
		p.press("/")
		p.write("nothing-like-it")
		p.press("enter")
		p.sees("no request matches nothing-like-it", "esc clears the filter")
	})
}

func TestUnmatchedCommand(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.command("unmatched")
		p.sees("1 host asked for and without a route", "203.0.113.80", "2001:db8::17", "GET /wp-login.php")
		p.misses("git.home.lan")
		p.press("enter")
		p.sees("203.0.113.80", "filter: ")
		p.misses("git.home.lan")
		p.command("filter up:nas 5xx")
		p.sees("filter: up:nas 5xx", "git.home.lan")
	})
}

func (p *person) command(s string) {
	p.press(":")
	p.write(s)
	p.press("enter")
}

// TestRouteToItsRequests: Enter on a route shows its requests, esc leads back.
func TestRouteToItsRequests(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("3", "j", "enter")
		p.sees("[2Req]", "filter: route:git", "/api/v1/repos")
		p.misses("photos.home.lan")
		p.press("esc")
		p.sees("[3 Routes]")
		if l := p.cursorLine(); !strings.Contains(l, "git.home.lan") {
			t.Errorf("the cursor is on %q", l)
		}
		p.press("2")
		p.misses("filter:")
		p.press("4", "G", "enter")
		p.sees("filter: up:nas:3000")
		p.press("q")
		p.sees("[4 Upstreams]")
	})
}

func TestNowLeadsOn(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.sees("nas:3000 is DOWN since 10:04 (2h)", "git answers 502: refused 192.168.1.20:3000")
		p.press("enter")
		p.sees("[4 Upstreams]")
		if l := p.cursorLine(); !strings.Contains(l, "nas:3000") {
			t.Errorf("the cursor is on %q", l)
		}
		p.press("!", "j", "j", "enter")
		p.sees("filter: route:cloud")
	})
}

// TestStandingWarnings: what the proxy says is not as it should be.
func TestStandingWarnings(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		w.status.Upstreams, w.status.Routes = nil, nil
		w.status.Warnings = []proxy.Warning{{Since: time.Now().Add(-time.Minute), Short: "visitors hidden", What: proxy.HidesVisitors}}
		p := sit(t, w.source(realStore(t, w, plainFile)), modelOptions{Width: 120, Height: 24})
		p.sees("visitors hidden", "your router hides visitors; `allow` and bans cannot tell them apart")
	})
}

func TestAllWell(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		w.status.Upstreams[3].State = proxy.StateOK
		w.status.Routes[1].Health = proxy.StateOK
		p.wait(2 * time.Second)
		p.sees("all well", "up 4/4")
		p.misses("DOWN")
	})
}

// TestWorstFirst: what visitors feel stands before what they do not.
func TestWorstFirst(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := facts{known: true, file: "/etc/portico.toml", notices: []string{"your router hides visitors"}}
	f.status.Listeners = []proxy.ListenerStatus{{Address: ":443", Error: "address already in use"}}
	a, b := upstream("http://a:1", "app"), upstream("http://b:1", "app")
	a.State, a.Since, a.Routes = proxy.StateDown, now, []string{"app", "gone"}
	b.State, b.Since, b.Routes = proxy.StateDown, now.Add(-time.Hour), []string{"alone"}
	f.status.Upstreams = []proxy.UpstreamStatus{a, b}
	f.status.Routes = []proxy.RouteStatus{route("alone", "", "", proxy.StateDown, 0, 0, 0), route("app", "", "", proxy.StateOK, 0, 0, 0)}
	var got []string
	for _, n := range f.news(time.Now()) {
		got = append(got, n.what+" | "+n.felt)
	}
	want := []string{
		"not listening on :443 | nobody can connect there",
		"b:1 is DOWN | alone answers 502",
		"your router hides visitors | ",
		"a:1 is DOWN | other upstreams serve app",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEmptyHome(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := &world{log: record.New(10, 10, 10)}
		w.status.Listeners = []proxy.ListenerStatus{{Address: ":443", TLS: true}, {Address: ":8080", Bound: "[::]:8080"}}
		s := realStore(t, w, "[server]\nhttp = \":8080\"\n")
		p := sit(t, w.source(s), modelOptions{Width: 80, Height: 24})
		p.sees("all well", "no route yet", "no request yet: curl http://localhost:8080/")
		p.press("2")
		p.sees("no request yet: curl http://localhost:8080/")
		p.press("enter", "k", "G", "g", "t", "c", " ", "s")
		p.press("3")
		p.sees("no route yet: a adds one")
		p.press("enter", "e", "x", "D", "4")
		p.sees("no upstream")
		p.press("enter")
	})
}

func TestDetail(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{Height: 60, Width: 240})
		p.press("2", "k", "k", "enter") // the 502
		p.sees("GET git.home.lan/api/v1/repos/ann/portico", "502 Bad Gateway",
			"refused: nothing listens at the upstream's address", "connect: connection refused",
			"http://nas:3000", "192.168.1.23, the peer itself", "req-0037", "12:07:54.900",
			"first byte", "■ git", "✗ any", "host git.home.lan, all paths",
			"Authorization: Bearer ***", "Cookie: session=***; theme=***", "Set-Cookie: session=***; Path=/; HttpOnly")
		p.misses("s3cr3t", "eyJhbGciOi", "n3w")
		ask := w.asked[len(w.asked)-1]
		if ask.URL != "http://git.home.lan/api/v1/repos/ann/portico" || ask.Method != "GET" || ask.From.String() != "192.168.1.23" {
			t.Errorf("asked for %+v", ask)
		}
		p.press("x")
		p.sees("session=s3cr3t; theme=dark", "eyJhbGciOi", "session=n3w")
		p.press("esc", "enter")
		p.sees("session=s3cr3t") // still the same look at it
		p.press("esc", "j", "enter", "k")
		p.misses("s3cr3t")
	})
}

// TestDetailOfARefusal names the guard, the address judged and its header.
func TestDetailOfARefusal(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.command("filter 403")
		p.press("enter")
		p.sees("403 Forbidden", "by deny lan, for 203.0.113.9", "203.0.113.9, from X-Forwarded-For of 192.168.1.23", "over TLS")
		p.command("unmatched")
		p.press("enter", "enter")
		p.sees("404 Not Found", "no route has this host and path")
	})
}

// TestDetailOutlivesTheRing: what is read stays while the ring goes round.
func TestDetailOutlivesTheRing(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		w.log = record.New(5, 2, 2)
		w.request(1)
		s := realStore(t, w, plainFile)
		p := sit(t, w.source(s), modelOptions{Width: 80, Height: 24})
		p.press("2", "enter")
		for i := range 50 {
			w.request(i + 2)
		}
		p.wait(time.Second)
		p.sees("req-0001", "connection refused")
		p.press("esc")
		p.sees("FOLLOW")
	})
}

func TestDetailResumesFollowing(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{Width: 160, Height: 45})
		p.press("2")
		p.sees("last failures and refusals")
		p.press("enter")
		p.sees("PINNED", "why this route")
		p.press("esc")
		p.sees("FOLLOW", "last failures and refusals")
		p.press("k", "enter", "esc")
		p.sees("PINNED")
		p.press("k")
		p.sees("req-0037") // the pane goes with the cursor
		p.press("tab", "j", "tab", "k")
		p.sees("GET photos.home.lan/api/v1/photos?***", "req-0036")
		p.misses("token=abc")
	})
}

func TestDetailCopies(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("2", "k", "k", "c")
		p.sees("copied as curl")
		c, ok := p.got[len(p.got)-1].(copyMsg)
		if !ok || !strings.HasPrefix(c.text, "curl -i -H 'User-Agent: curl/8.5' ") || strings.Contains(c.text, "s3cr3t") || !strings.Contains(c.text, ".home.lan:8080/") {
			t.Errorf("copied %+v", p.got)
		}
		p.press("enter", "x", "c")
		if c := p.got[len(p.got)-1].(copyMsg); !strings.Contains(c.text, "session=s3cr3t") {
			t.Errorf("revealed, copied %s", c.text)
		}
	})
}

// TestCopyWithoutClipboard: the kernel's console has none, so the command shows.
func TestCopyWithoutClipboard(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{Env: environment{Linux: true}})
		p.press("2", "c")
		p.sees("no clipboard", "curl -i -X 'PROPFIND'")
		if len(p.got) > 0 {
			t.Errorf("got %v", p.got)
		}
		p.press("esc")
		p.sees("FOLLOW")
	})
}

func TestTrace(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		p.command("test git.home.lan/x?token=s3cr3t")
		p.sees("trace GET http://git.home.lan/x?***", "route       git", "upstream    http://nas:3000",
			"allow      refuse  203.0.113.9 is not in lan", "■ git", "✗ any")
		p.misses("s3cr3t")
		if got := w.asked[len(w.asked)-1].From.String(); got != "127.0.0.1" {
			t.Errorf("asked from %s", got)
		}
		p.press("esc", "2", "t")
		p.sees("trace PROPFIND http://cloud.home.lan/remote.php")
		p.press("q")
		p.sees("[2 Requests]")
		p.command("test http://")
		p.sees("the URL has no host")
		p.press("esc")
		p.command("test")
		p.sees("say one URL")
	})
}

func TestSortAndColumns(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("2", "s")
		p.sees("by status")
		if l := p.cursorLine(); !strings.Contains(l, " 502 ") {
			t.Errorf("the first is %q", l)
		}
		p.press("s", "S")
		p.sees("by ms reversed")
		if l := p.cursorLine(); !strings.Contains(l, " 0.1 ") {
			t.Errorf("the first is %q", l)
		}
		p.press("S", "s")
		p.misses("by ")
		p.misses(" IP ")
		p.press("v")
		p.sees(" IP ", " UP\n")
		p.press("v", "l", "l", "l")
		p.misses("HOST")
		p.sees("TIME", "ST", "PATH", "IP", "ROUTE")
		p.press("h", "h", "h", "h")
		p.sees("HOST", "MS")
	})
}

func TestDateAcrossMidnight(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, w := at(t, modelOptions{})
		time.Sleep(12 * time.Hour)
		w.request(41)
		p.press("2")
		p.sees("01-01 12:07:58", "01-02 00:08:01")
	})
}

func TestHelp(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("?")
		p.sees("help  search:", ":filter TERMS")
		p.write("unmat")
		p.misses(":filter")
		p.press("backspace", "backspace", "backspace", "backspace", "backspace")
		p.write("found no route")
		p.press("enter")
		p.sees("1 host asked for and without a route")
		p.press("?")
		p.write("delete route")
		p.press("enter")
		p.sees("delete route cloud?")
		p.press("esc", "?")
		p.write("trace a url")
		p.press("enter")
		p.sees(":test ")
		p.press("esc", "?")
		p.write("qqq")
		p.sees("nothing is called so")
		p.press("enter", "esc")
		p.misses("search:")
	})
}

func TestCommandLine(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press(":")
		p.write("una")
		p.press("backspace")
		p.sees("undo unmatched")
		p.write("m")
		p.press("tab", "enter")
		p.sees("1 host asked for and without a route")
		p.press(":")
		p.write("edit ")
		p.sees("cloud git ha old photos www")
		p.write("g")
		p.press("tab")
		p.sees(":edit git |")
		p.press("enter")
		p.sees("edit route git")
		p.press("esc", ":", "up", "up")
		p.sees(":unmatched|")
		p.press("down", "down", "down", "esc")
		p.command("nonsense")
		p.sees("no command is called nonsense")
		p.command("3")
		p.sees("[3 Routes]")
		p.command("edit nobody")
		p.sees("no route is called nobody")
		p.command("disable")
		p.sees("say one name of a route")
		p.command("add one")
		p.sees("say a host and an upstream")
		p.command("add")
		p.sees("new route")
		p.press("esc")
		p.command("   ")
		p.command("q")
		if len(p.got) != 1 || p.got[0] != (leaveMsg{Left}) {
			t.Errorf("got %v", p.got)
		}
	})
}

func TestLeaveAttached(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		atNoon(t, func(t *testing.T) {
			p, _ := at(t, modelOptions{})
			p.press("?")
			p.press("esc", "2", "enter", key)
			if len(p.got) > 0 {
				t.Fatalf("%s in a detail leaves", key)
			}
			p.press(key)
			if len(p.got) != 1 || p.got[0] != (leaveMsg{Left}) {
				t.Errorf("%s: got %v", key, p.got)
			}
		})
	}
}

func TestLeaveForeground(t *testing.T) {
	for key, want := range map[string]Leave{"k": Keep, "s": Stop} {
		atNoon(t, func(t *testing.T) {
			p, _ := at(t, modelOptions{Foreground: true})
			p.press("ctrl+c", "enter", "q", "esc", "q", "y", "q")
			p.sees("k keep serving", "s stop", "esc back")
			if len(p.got) > 0 {
				t.Fatal("left without an answer")
			}
			p.press(key)
			if len(p.got) != 1 || p.got[0] != (leaveMsg{want}) {
				t.Errorf("%s: got %v", key, p.got)
			}
		})
	}
}

// gate is a terminal that is busy while it is told so.
type gate struct{ busy bool }

func (g *gate) Busy() bool { return g.busy }

func TestBusyTerminal(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		g := &gate{}
		p, _ := at(t, modelOptions{Gate: g})
		before := p.look()
		g.busy = true
		p.press("2")
		if p.look() != before {
			t.Error("a new frame while the terminal is busy")
		}
		g.busy = false
		p.handle(wakeMsg{})
		p.sees("[2 Requests]")
	})
}

// TestIdleFrames: nothing new, no new frame.
func TestIdleFrames(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		p, _ := at(t, modelOptions{})
		p.press("2")
		p.m.gathered = time.Now().Add(time.Hour) // no look at the facts meanwhile
		p.look()
		p.m.frame += " "
		marked := p.m.frame
		p.settle()
		for range 10 {
			time.Sleep(fastTick)
			p.settle()
			p.m.View()
		}
		if p.m.frame != marked {
			t.Error("a frame was drawn although nothing changed")
		}
	})
}
