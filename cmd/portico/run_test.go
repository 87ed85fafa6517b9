package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// freePort is a port that nobody had a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// routeTo writes a configuration with one route and returns portico's URL.
func (h *home) routeTo(upstream string) string {
	h.t.Helper()
	port := freePort(h.t)
	h.write("portico.toml", oneRoute(port, upstream))
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

func oneRoute(port int, upstream string) string {
	return fmt.Sprintf("[server]\nhttp = \"127.0.0.1:%d\"\n[route.one]\nhost = \"*\"\nto = %q\n", port, upstream)
}

// answering is an upstream that answers every request with a text.
func answering(t *testing.T, text string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	t.Cleanup(s.Close)
	return s.URL
}

func get(t *testing.T, url string) string {
	t.Helper()
	c := http.Client{Timeout: soon, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestServesAndSaysHowItIs(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "hello"))
	p := h.start("run", "--headless").serving()
	if got := get(t, url); got != "hello" {
		t.Fatalf("got %q", got)
	}

	r := h.run("status")
	for _, want := range []string{"portico.toml", "one", "listening", strings.TrimPrefix(url, "http://"), "REQ/S"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("status does not show %q:\n%s%s", want, r.out, r.err)
		}
	}
	r = h.run("status", "--json")
	var got report
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatalf("%v in %s%s", err, r.out, r.err)
	}
	if got.Config != "portico.toml" || len(got.Sum) != 64 || len(got.Routes) != 1 || got.Routes[0].Name != "one" ||
		len(got.Upstreams) != 1 || len(got.Listeners) != 1 || got.Total.Requests != 1 {
		t.Errorf("status --json: %+v", got)
	}

	for _, name := range []string{`"version"`, `"routes"`, `"name"`, `"health"`, `"upstreams"`, `"requests_per_second"`, `"p95_ms"`} {
		if !strings.Contains(r.out, name) {
			t.Errorf("status --json has no %s, which scripts read", name)
		}
	}

	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 {
		t.Errorf("after SIGTERM: exit %d", code)
	}
	if _, err := os.Lstat(h.socket()); err == nil {
		t.Error("the socket is still there")
	}
}

func TestSecondPorticoOnOneStateIsRefused(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, ""))
	p := h.start("--headless").serving()
	h.routeTo(answering(t, ""))
	r := h.run("run", "--headless", "--socket", h.path("other.sock"))
	if r.code != 1 || !strings.Contains(r.err, "pid "+strconv.Itoa(p.cmd.Process.Pid)) {
		t.Errorf("%+v, want exit 1 and pid %d", r, p.cmd.Process.Pid)
	}
	if !p.running() {
		t.Error("the first has ended")
	}
	p.signal(syscall.SIGKILL)
	p.ends(soon)
	// Neither the lock nor the socket of one that was killed is in the way.
	h.start("run", "--headless").serving()
	if r := h.run("status"); r.code != 0 {
		t.Errorf("status after a kill: %+v", r)
	}
}

// slow is an upstream whose answer ends when it is told to.
type slow struct {
	url    string
	begun  chan struct{}
	finish chan struct{}
}

func newSlow(t *testing.T) *slow {
	t.Helper()
	s := &slow{begun: make(chan struct{}), finish: make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		close(s.begun)
		<-s.finish
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
	}()
	return s
}

// asked waits until the request has come.
func (s *slow) asked(t *testing.T) {
	t.Helper()
	select {
	case <-s.begun:
	case <-time.After(soon):
		t.Fatal("the upstream was not asked")
	}
}

func TestTermDrains(t *testing.T) {
	h := newHome(t)
	up := newSlow(t)
	url := h.routeTo(up.url)
	p := h.start("run", "--headless").serving()
	got := make(chan string, 1)
	go func() { got <- get(t, url) }()
	up.asked(t)
	p.signal(syscall.SIGTERM)
	p.says("msg=stopping")
	eventually(t, "no connection is accepted any more", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if !p.running() {
		t.Fatal("it ended with a request under way")
	}
	close(up.finish)
	if body := <-got; body != "late" {
		t.Errorf("the request under way got %q", body)
	}
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestSecondTermEndsAtOnce(t *testing.T) {
	for _, second := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(second.String(), func(t *testing.T) {
			h := newHome(t)
			up := newSlow(t)
			defer close(up.finish)
			url := h.routeTo(up.url)
			p := h.start("run", "--headless").serving()
			go func() {
				if r, err := http.Get(url); err == nil {
					r.Body.Close()
				}
			}()
			up.asked(t)
			p.signal(syscall.SIGTERM)
			p.says("msg=stopping")
			p.signal(second)
			if code := p.ends(soon); code != 1 {
				t.Errorf("exit %d, want 1", code)
			}
		})
	}
}

func TestHangupReloads(t *testing.T) {
	h := newHome(t)
	port := freePort(t)
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	h.write("portico.toml", oneRoute(port, answering(t, "old")))
	p := h.start("run", "--headless").serving()
	if got := get(t, url); got != "old" {
		t.Fatalf("got %q", got)
	}
	h.write("portico.toml", "[route.one\n")
	p.signal(syscall.SIGHUP)
	p.says("msg=\"not reloaded, the running configuration stays")
	if got := get(t, url); got != "old" {
		t.Fatalf("under a broken file: got %q", got)
	}
	h.write("portico.toml", oneRoute(port, answering(t, "new")))
	p.signal(syscall.SIGHUP)
	eventually(t, "the new upstream answers", func() bool { return get(t, url) == "new" })
}

func TestHangupWithATakenPort(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	p := h.start("run", "--headless").serving()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h.write("portico.toml", oneRoute(l.Addr().(*net.TCPAddr).Port, "http://127.0.0.1:1"))
	p.signal(syscall.SIGHUP)
	p.says("or stop " + strconv.Itoa(os.Getpid()))
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
}

// What stops or ends other programs does neither to a proxy.
func TestSignalsThatDoNothing(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	p := h.start("run", "--headless").serving()
	for _, s := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGHUP} {
		p.signal(s)
		if got := get(t, url); got != "here" {
			t.Fatalf("after %s: got %q", s, got)
		}
	}
}

func TestStderrThatIsClosed(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.command("run", "--headless")
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	p := h.watch(cmd, &lockedBuffer{})
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	eventually(t, "the socket is there", func() bool { return h.run("status").code == 0 })
	p.signal(syscall.SIGHUP) // which is logged
	if got := get(t, url); got != "here" || !p.running() {
		t.Errorf("got %q", got)
	}
}

func TestTakenPortAtStart(t *testing.T) {
	h := newHome(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h.write("portico.toml", oneRoute(l.Addr().(*net.TCPAddr).Port, "http://127.0.0.1:1"))
	r := h.run("run", "--headless")
	for _, want := range []string{l.Addr().String(), "portico.toml", "stop " + strconv.Itoa(os.Getpid())} {
		if r.code != 1 || !strings.Contains(r.err, want) {
			t.Errorf("%+v, want exit 1 and %q", r, want)
		}
	}
}

func TestFaultyConfigurationAtStart(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", faulty)
	r := h.run("--headless")
	if r.code != 1 || !strings.Contains(r.err, "portico.toml:3:1: ") || !strings.Contains(r.err, "portico.toml:6:") {
		t.Errorf("%+v", r)
	}
	if r := h.run("--headless", "--config", "gone.toml"); r.code != 1 || !strings.Contains(r.err, "gone.toml") {
		t.Errorf("a named file that is missing: %+v", r)
	}
}

func TestLastGoodRunsInPlaceOfABrokenFile(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "good"))
	p := h.start("run", "--headless").serving()
	p.signal(syscall.SIGTERM)
	p.ends(soon)

	h.write("portico.toml", faulty)
	if r := h.run("run", "--headless", "--strict"); r.code != 1 || !strings.Contains(r.err, "portico.toml:3:1: ") {
		t.Errorf("--strict: %+v", r)
	}
	p = h.start("run", "--headless").serving()
	p.says("the last good one runs in its place")
	p.says("line=3")
	if got := get(t, url); got != "good" {
		t.Errorf("got %q", got)
	}
	r := h.run("status")
	if !strings.Contains(r.out, "the last good configuration runs") || !strings.Contains(r.out, "portico.toml:3:1: ") {
		t.Errorf("status: %+v", r)
	}
	if r := h.run("status", "--json"); !strings.Contains(r.out, `"last_good"`) {
		t.Errorf("status --json: %+v", r)
	}

	h.write("portico.toml", oneRoute(freePort(t), "http://127.0.0.1:1"))
	p.signal(syscall.SIGHUP)
	p.says("msg=reloaded")
	if r := h.run("status"); strings.Contains(r.out, "last good") {
		t.Errorf("status after the file was mended: %+v", r)
	}
}

// A warning is a person's to see to, and no reason to stand still.
func TestStrictTakesWarnings(t *testing.T) {
	h := newHome(t)
	port := freePort(t)
	h.write("portico.toml", strings.Replace(warned, "8080", strconv.Itoa(port), 1))
	h.start("run", "--headless", "--strict").serving().says("plain text")
}

// A disk that cannot be written takes the lock away and not the proxy.
func TestWithoutStateDirectory(t *testing.T) {
	h := newHome(t)
	url := h.routeTo(answering(t, "here"))
	file := h.write("file", "")
	p := h.start("run", "--headless", "--state", file+"/state").serving()
	p.says("no lock")
	if got := get(t, url); got != "here" {
		t.Errorf("got %q", got)
	}
	if r := h.run("status"); r.code != 0 {
		t.Errorf("the socket in the runtime directory: %+v", r)
	}
}

func TestSystemdIsTold(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, ""))
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.path("notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	told := make(chan string, 1000)
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := notify.Read(buf)
			if err != nil {
				return
			}
			told <- string(buf[:n])
		}
	}()
	hears := func(prefix string) {
		t.Helper()
		for deadline := time.After(soon); ; {
			select {
			case state := <-told:
				if strings.HasPrefix(state, prefix) {
					return
				}
			case <-deadline:
				t.Fatalf("systemd was not told %s", prefix)
			}
		}
	}
	h.env = append(h.env, "NOTIFY_SOCKET="+h.path("notify"), "WATCHDOG_USEC=100000")
	p := h.start("run", "--headless")
	hears("READY=1")
	hears("WATCHDOG=1")
	p.signal(syscall.SIGHUP)
	hears("RELOADING=1\nMONOTONIC_USEC=")
	hears("READY=1")
	p.signal(syscall.SIGTERM)
	hears("STOPPING=1")
	if code := p.ends(soon); code != 0 {
		t.Errorf("exit %d", code)
	}
}
