package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// site is a running server over real loopback sockets.
type site struct {
	t      testing.TB
	server *proxy.Server
	addr   string
	stop   context.CancelFunc
	ended  chan struct{}
}

// newSite runs the routes given as TOML behind one listener.
func newSite(t testing.TB, routes string) *site {
	t.Helper()
	return newLoggedSite(t, routes, slog.New(slog.DiscardHandler))
}

func newLoggedSite(t testing.TB, routes string, log *slog.Logger) *site {
	t.Helper()
	return newSiteWith(t, routes, proxy.Options{Log: log})
}

func newSiteWith(t testing.TB, routes string, o proxy.Options) *site {
	t.Helper()
	leavesNobody(t)
	s := &site{t: t, server: proxy.New(o), ended: make(chan struct{}), addr: freeAddr(t)}
	s.apply(routes)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() {
		defer close(s.ended)
		if err := s.server.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	t.Cleanup(s.close)
	return s
}

// close ends the server and returns when it has ended.
func (s *site) close() {
	s.stop()
	<-s.ended
}

// freeAddr is a loopback address nobody listens on at the moment.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// apply puts other routes in force.
func (s *site) apply(routes string) {
	s.t.Helper()
	text := routes
	if !strings.Contains(text, "[server]") {
		text = "[server]\nhttp = \"" + s.addr + "\"\n" + text
	}
	c, problems := config.Parse([]byte(text))
	if c == nil {
		s.t.Fatalf("configuration:\n%v\n%s", problems, text)
	}
	change, err := s.server.Prepare(c)
	if err != nil {
		s.t.Fatalf("Prepare: %v", err)
	}
	change.Commit()
}

// raw sends bytes as they are and returns all that comes back until the end.
func (s *site) raw(request string) string {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil && len(answer) == 0 {
		s.t.Fatalf("no answer: %v", err)
	}
	return string(answer)
}

func (s *site) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// get asks for a URL by an independent client and reads the answer whole.
func (s *site) get(host, path string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = host
	return s.do(req)
}

func (s *site) do(req *http.Request) (*http.Response, string) {
	s.t.Helper()
	client := &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: body: %v", req.Method, req.URL, err)
	}
	return resp, string(body)
}

// lastRow waits until n requests were recorded and returns the newest.
func (s *site) lastRow(n uint64) record.Row {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for s.server.Records().Newest() < n {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d requests were recorded, want %d", s.server.Records().Newest(), n)
		}
		time.Sleep(time.Millisecond)
	}
	var rows [1]record.Row
	s.server.Records().Before(0, rows[:], nil)
	return rows[0]
}

// origin is an upstream that answers each connection by a function.
func origin(t testing.TB, serve func(c net.Conn, r *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(30 * time.Second))
				serve(c, bufio.NewReader(c))
			}()
		}
	}()
	return l.Addr().String()
}

// handler runs an upstream on net/http, an implementation independent of ours.
func handler(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

// readHead reads a request's head from an origin's connection.
func readHead(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		b.WriteString(line)
		if line == "\r\n" {
			return b.String(), nil
		}
	}
}

func routeTo(name, addr string) string {
	return fmt.Sprintf("[route.%s]\nhost = \"*\"\nto = \"http://%s\"\nhost_header = \"upstream\"\n", name, addr)
}

func mustParse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, problems := config.Parse([]byte(text))
	if c == nil {
		t.Fatalf("configuration:\n%v\n%s", problems, text)
	}
	return c
}
