package ddns_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
)

// service is one that runs, with its log.
type service struct {
	*ddns.Service
	log  *syncBuffer
	stop func()
}

type options struct {
	state     string
	lookup    func(context.Context, ddns.Name) (ddns.Addresses, error)
	transport http.RoundTripper
	gateways  func() []netip.Addr
	find      func() (ddns.Addresses, error) // in place of what the table says
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // not embedded: its ReadFrom would go round the lock
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a configuration.
func start(t *testing.T, text string, o options) *service {
	t.Helper()
	t.Setenv("DDNS_PASSWORD", password)
	if o.lookup == nil {
		o.lookup = func(context.Context, ddns.Name) (ddns.Addresses, error) {
			return ddns.Addresses{}, context.DeadlineExceeded
		}
	}
	s := &service{log: &syncBuffer{}}
	s.Service = ddns.New(ddns.Options{Log: slog.New(slog.NewTextHandler(s.log, nil)), State: o.state,
		Lookup: o.lookup, Transport: o.transport, Gateways: o.gateways})
	if o.find != nil {
		s.FindBy(o.find)
	}
	s.apply(t, text)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx)
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(s.stop)
	return s
}

func (s *service) apply(t *testing.T, text string) {
	t.Helper()
	c, problems := config.Parse([]byte(text))
	if c == nil {
		t.Fatalf("configuration: %v\n%s", problems, text)
	}
	change, err := s.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
}

// name waits for the first reply about a name.
func (s *service) name(t *testing.T, fqdn string) ddns.NameStatus {
	t.Helper()
	return s.wait(t, fqdn, func(n ddns.NameStatus) bool { return !n.At.IsZero() })
}

func (s *service) wait(t *testing.T, fqdn string, until func(ddns.NameStatus) bool) ddns.NameStatus {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		for _, a := range s.Status().Accounts {
			for _, n := range a.Names {
				if n.FQDN == fqdn && until(n) {
					return n
				}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing became of %s: %+v", fqdn, s.Status())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// noSecrets looks for the password in whatever people get to see.
func (s *service) noSecrets(t *testing.T) {
	t.Helper()
	seen := s.log.String()
	for _, a := range s.Status().Accounts {
		seen += a.Problem
		for _, n := range a.Names {
			seen += n.Words
			for _, a := range n.Attempts {
				seen += a.Words
			}
		}
	}
	for _, secret := range []string{password, url.QueryEscape(password), url.PathEscape(password)} {
		if strings.Contains(seen, secret) {
			t.Errorf("the password is in the log or the status:\n%s", seen)
		}
	}
}

const dynTable = table + "provider = \"dyndns2\"\nusername = \"ann\"\npassword = \"env:DDNS_PASSWORD\"\n"

// TestStopSurvivesRestart: nobody is asked again after a wrong password, until a
// person asks or the table changes.
func TestStopSurvivesRestart(t *testing.T) {
	a := newAPI(t, says("GET", 401, "badauth"))
	text := dynTable + "server = \"" + a.URL + "\"\n"
	state := t.TempDir()
	s := start(t, text, options{state: state})
	s.name(t, "nas.example.com")
	s.stop()
	if got := len(a.requests()); got != 1 {
		t.Fatalf("%d requests, want 1", got)
	}

	s = start(t, text, options{state: state})
	s.looked(t, 1)
	if got := s.name(t, "nas.example.com"); got.Class != ddns.Stop {
		t.Errorf("after a restart %s, want stop", got.Class)
	}
	if asked := a.requests(); len(asked) != 0 {
		t.Errorf("asked again after a restart: %q", asked)
	}

	a.answer(ok("GET", "good 203.0.113.7"))
	if err := s.Update(context.Background(), "home"); err != nil {
		t.Fatal(err)
	}
	if got := s.name(t, "nas.example.com"); got.Class != ddns.OK {
		t.Errorf("after a person asked: %s %q", got.Class, got.Words)
	}
}

// looked waits until the address was looked for.
func (s *service) looked(t *testing.T, accounts int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		n := 0
		for _, a := range s.Status().Accounts {
			if !a.Next.IsZero() {
				n++
			}
		}
		if n >= accounts {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the address was not looked for")
		}
		time.Sleep(time.Millisecond)
	}
}

// TestEditClearsStop: a new password is tried at once.
func TestEditClearsStop(t *testing.T) {
	a := newAPI(t, says("GET", 401, "badauth"))
	s := start(t, dynTable+"server = \""+a.URL+"\"\n", options{})
	s.name(t, "nas.example.com")
	a.answer(ok("GET", "good 203.0.113.7"))
	s.apply(t, strings.Replace(dynTable, "ann", "bob", 1)+"server = \""+a.URL+"\"\n")
	s.wait(t, "nas.example.com", func(n ddns.NameStatus) bool { return n.Class == ddns.OK && n.V4 == netip.MustParseAddr("203.0.113.7") })
}

// TestOneFailureTakesNoOther: a table whose provider is dead holds up none.
func TestOneFailureTakesNoOther(t *testing.T) {
	good := newAPI(t, ok("GET", "good 203.0.113.7"))
	text := dynTable + "server = \"http://127.0.0.1:1\"\n" +
		strings.Replace(strings.Replace(dynTable, "ddns.home", "ddns.other", 1), `"nas"`, `"cam"`, 1) + "server = \"" + good.URL + "\"\n"
	s := start(t, text, options{})
	if got := s.name(t, "cam.example.com"); got.Class != ddns.OK {
		t.Errorf("the other table: %s %q", got.Class, got.Words)
	}
	if got := s.name(t, "nas.example.com"); got.Class != ddns.Retry || got.Next.IsZero() {
		t.Errorf("the dead one: %s %q", got.Class, got.Words)
	}
}

// TestNamesFromRoutes: without names, every host of a route in the domain.
func TestNamesFromRoutes(t *testing.T) {
	a := newAPI(t, ok("GET", "good 203.0.113.7\ngood 203.0.113.7\ngood 203.0.113.7"))
	text := strings.Replace(dynTable, "names = [\"nas\"]\n", "", 1) + "server = \"" + a.URL + "\"\n" + `
[route.a]
host = ["example.com", "a.example.com", "a.other.org", "notexample.com"]
respond = { body = "a" }
[route.b]
host = "*.example.com"
respond = { body = "b" }
[route.off]
host = "off.example.com"
enabled = false
respond = { body = "c" }
`
	s := start(t, text, options{})
	s.name(t, "*.example.com")
	asked := a.requests()
	if len(asked) != 1 || !strings.Contains(asked[0], "hostname=example.com,a.example.com,%2A.example.com&") {
		t.Errorf("asked %q", asked)
	}
}
