package certs_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/proxy/certs"
)

// ledger stands before an authority and counts what it is asked.
type ledger struct {
	*httptest.Server
	requests atomic.Int64
	mu       sync.Mutex
	orders   map[string]int // by name
	accounts map[string]bool
	holds    func(*http.Request) bool // requests that are never answered; nil for none
	held     chan<- struct{}
	released chan struct{}
	hears    func(path string, body []byte) // every answer; nil for nobody
}

func (l *ledger) reads(f func(path string, body []byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hears = f
}

// hold lets some requests hang from now on.
func (l *ledger) hold(t *testing.T, which func(*http.Request) bool, held chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds, l.held, l.released = which, held, make(chan struct{})
	t.Cleanup(func() { close(l.released) })
}

func (l *ledger) waits(r *http.Request) {
	l.mu.Lock()
	holds, held, released := l.holds, l.held, l.released
	l.mu.Unlock()
	if holds == nil || !holds(r) {
		return
	}
	held <- struct{}{}
	select {
	case <-released:
	case <-r.Context().Done():
	}
}

// before puts a ledger before Pebble; its directory leads through it.
func before(t *testing.T, p *pebble) *ledger {
	t.Helper()
	l := &ledger{orders: map[string]int{}, accounts: map[string]bool{}}
	target, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Transport: p.Client().Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // so that the directory names the ledger
	}, ModifyResponse: l.note}
	l.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.requests.Add(1)
		l.waits(r)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	p.directory = strings.Replace(p.directory, p.URL, l.URL, 1)
	writeRoot(t, p.ca, l.Server)
	return l
}

// note reads the orders and accounts that were made.
func (l *ledger) note(r *http.Response) error {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hears != nil {
		l.hears(r.Request.URL.Path, body)
	}
	var order struct{ Identifiers []struct{ Value string } }
	if strings.Contains(r.Request.URL.Path, "order-plz") && r.StatusCode == http.StatusCreated && json.Unmarshal(body, &order) == nil {
		for _, id := range order.Identifiers {
			l.orders[id.Value]++
		}
	}
	if strings.Contains(r.Request.URL.Path, "sign-me-up") && r.StatusCode < 300 {
		l.accounts[r.Header.Get("Location")] = true
	}
	return nil
}

func (l *ledger) ordered(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.orders[name]
}

// nowhere is a port at which nobody answers, nor anybody will while the test
// runs: it is taken, and not listened on.
func nowhere(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return name.(*unix.SockaddrInet4).Port
}

// TestOrders: a name that cannot be validated costs two orders at most, whatever
// becomes of the process and of edits, and a person may add two.
func TestOrders(t *testing.T) {
	p := newPebble(t, nowhere(t), nowhere(t), false)
	l := before(t, p)
	w := here()
	w.noTXT = true
	state := t.TempDir()
	h := newHome(t, state, listen(t), listen(t), w)
	h.follow(t, acmePlan(p, "www.home.test"))
	h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() })
	if n := l.ordered("www.home.test"); n < 1 || n > 2 {
		t.Errorf("%d orders", n)
	}
	if s := h.wait(t, "www.home.test", refused); !strings.Contains(s.Why, "do not come in at TCP 80 or 443: ") || !strings.Contains(s.Why, "connection refused") || strings.Contains(s.Why, "next try") {
		t.Errorf("nobody listens where the name leads: %q", s.Why)
	}
	edited := acmePlan(p, "www.home.test")
	edited.Authority.Email = "ann@home.test"
	h.follow(t, edited)
	h.follow(t, acmePlan(p))
	h.follow(t, edited)
	h.stop()
	asked := l.requests.Load()
	h = newHome(t, state, listen(t), listen(t), w)
	for range 20 {
		h.follow(t, edited)
	}
	h.wait(t, "www.home.test", refused)
	if n := l.ordered("www.home.test"); n > 2 || l.requests.Load() != asked {
		t.Errorf("%d orders, %d requests after a restart", n, l.requests.Load()-asked)
	}
	for range 5 {
		before := h.wait(t, "www.home.test", refused).Next
		if err := h.TryNow("www.home.test"); err != nil {
			t.Fatal(err)
		}
		h.wait(t, "www.home.test", func(s certs.Status) bool { return s.Next.After(before) })
	}
	if n := l.ordered("www.home.test"); n > 6 {
		t.Errorf("%d orders with those of a person", n)
	}
	if s := h.wait(t, "www.home.test", refused); !strings.Contains(s.Why, "held back") {
		t.Errorf("the fifth time: %q", s.Why)
	}
}

// TestOneAccount: names share the account, over restarts too.
func TestOneAccount(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	l := before(t, p)
	state := t.TempDir()
	w := here()
	w.pebble = p
	h := newHome(t, state, httpL, tlsL, w)
	h.follow(t, acmePlan(p, "a.home.test", "b.home.test", "*.home.test"))
	for _, host := range []string{"a.home.test", "b.home.test", "*.home.test"} {
		h.wait(t, host, issued)
	}
	if len(l.accounts) != 1 {
		t.Errorf("accounts: %v", l.accounts)
	}
	files, err := filepath.Glob(filepath.Join(state, "acme", "*", "*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range append(files, filepath.Join(state, "certs.json")) {
		if info, err := os.Stat(f); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", f, info.Mode())
		}
	}
}

// TestStaging: what the staging directory vouched for is not served as real, and
// what it refused holds no other up.
func TestStaging(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	staging := newPebble(t, port(httpL), port(tlsL), false)
	production := newPebble(t, port(httpL), port(tlsL), false)
	gone := newPebble(t, port(httpL), port(tlsL), false)
	gone.Close()
	h := newHome(t, t.TempDir(), httpL, tlsL, here())
	h.follow(t, acmePlan(gone, "www.home.test"))
	h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() })
	h.follow(t, acmePlan(staging, "www.home.test"))
	first := h.wait(t, "www.home.test", issued)
	h.follow(t, acmePlan(production, "www.home.test"))
	second := h.wait(t, "www.home.test", issued)
	if first.Issuer == second.Issuer {
		t.Errorf("still issued by %s", second.Issuer)
	}
}

// TestEditKeepsServing: another address of mail is no reason for a warning in a
// visitor's browser, not for a moment.
func TestEditKeepsServing(t *testing.T) {
	for _, state := range []string{t.TempDir(), ""} {
		httpL, tlsL := listen(t), listen(t)
		p := newPebble(t, port(httpL), port(tlsL), false)
		h := newHome(t, state, httpL, tlsL, here())
		h.follow(t, acmePlan(p, "www.home.test"))
		h.wait(t, "www.home.test", issued)
		h.stop() // so that nothing is mended by a turn
		edited := acmePlan(p, "www.home.test")
		edited.Authority.Email = "ann@home.test"
		h.follow(t, edited)
		c, err := h.GetCertificate(&tls.ClientHelloInfo{ServerName: "www.home.test"})
		if err != nil || !strings.Contains(c.Leaf.Issuer.CommonName, "Pebble") {
			t.Errorf("state %q: %v %v", state, c.Leaf.Issuer, err)
		}
	}
}

// TestWrongEAB: the authority says what is wrong with the account's binding, and
// the right one is tried at once.
func TestWrongEAB(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), true)
	plan := func(key string) certs.Plan {
		plan := acmePlan(p, "www.home.test")
		b, err := base64.RawURLEncoding.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		plan.Authority.EAB = &acme.ExternalAccountBinding{KID: "kid-1", Key: b}
		return plan
	}
	h := newHome(t, t.TempDir(), httpL, tlsL, here())
	h.follow(t, acmePlan(p, "www.home.test"))
	if s := h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() }); !strings.Contains(strings.ToLower(s.Why), "external") {
		t.Errorf("without one: %q", s.Why)
	}
	h.follow(t, plan("bm90LXRoZS1rZXktb2YtdGhpcy1hY2NvdW50LWF0LWFsbA"))
	if s := h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() }); strings.Contains(s.Why, "bm90") || s.Why == "" {
		t.Errorf("with a wrong one: %q", s.Why)
	}
	h.follow(t, plan(eabKey))
	h.wait(t, "www.home.test", issued)
}

// TestClockBeforeFloor: with a clock that was never set nobody is asked.
func TestClockBeforeFloor(t *testing.T) {
	p := newPebble(t, nowhere(t), nowhere(t), false)
	l := before(t, p)
	w := here()
	k := certs.New(certs.Options{Log: slog.New(slog.DiscardHandler), State: t.TempDir(), World: w, TXT: w, Floor: time.Now().Add(24 * time.Hour)})
	h := &home{Keeper: k, world: w}
	h.run(t)
	h.follow(t, acmePlan(p, "www.home.test"))
	if s := h.wait(t, "www.home.test", refused); !strings.Contains(s.Why, "the clock says") {
		t.Errorf("%q", s.Why)
	}
	if n := l.requests.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

// TestAlias: a name that leads to another is where that one is.
func TestAlias(t *testing.T) {
	p := newPebble(t, nowhere(t), nowhere(t), false)
	p.leads("nas.home.test", "alias home.dyn.test")
	p.leads("home.dyn.test", "198.51.100.1")
	p.leads("loop.home.test", "alias loop.home.test")
	w := here()
	w.noTXT = true
	h := newHome(t, t.TempDir(), listen(t), listen(t), w)
	h.follow(t, acmePlan(p, "nas.home.test", "loop.home.test"))
	for host, says := range map[string]string{"nas.home.test": "leads to 198.51.100.1", "loop.home.test": "lead from one to the next"} {
		if s := h.wait(t, host, refused); !strings.Contains(s.Why, says) {
			t.Errorf("%s: %q", host, s.Why)
		}
	}
}

// TestNoState: without a place to write, and with a broken root, the home's own
// names are served all the same, with a warning.
func TestNoState(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dir string) string{
		"a directory that cannot be made": func(t *testing.T, dir string) string {
			file := filepath.Join(dir, "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(file, "state")
		},
		"a directory that is not there": func(_ *testing.T, dir string) string { return filepath.Join(dir, "no", "such") },
		"a broken root": func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "local-ca.pem"), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			state := prepare(t, t.TempDir())
			w := here()
			k := certs.New(certs.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), State: state, World: w, TXT: w})
			k.Prepare(certs.Plan{Wants: []certs.Want{{Host: "nas.home.arpa", Kind: certs.Local}}}).Commit()
			for range 2 {
				c, err := k.GetCertificate(&tls.ClientHelloInfo{ServerName: "nas.home.arpa"})
				if err != nil || c == nil || c.Leaf.VerifyHostname("nas.home.arpa") != nil {
					t.Fatalf("%v %v", c, err)
				}
			}
			if n := strings.Count(log.String(), "level=WARN msg=\"the local authority cannot be"); n != 1 {
				t.Errorf("warned %d times:\n%s", n, log.String())
			}
			if name == "a broken root" {
				if text, err := os.ReadFile(filepath.Join(state, "local-ca.pem")); err != nil || string(text) != "half" {
					t.Errorf("the file was written over: %q %v", text, err)
				}
			}
		})
	}
}

// TestRenewal: certificates that live for seconds are renewed while they are
// served, over each way to prove a name, and no more once the names are gone.
func TestRenewal(t *testing.T) {
	const life = 6 * time.Second
	httpL, tlsL := listen(t), listen(t)
	p := newPebbleFor(t, port(httpL), port(tlsL), false, life)
	l := before(t, p)
	w := here()
	w.pebble = p
	h := newHome(t, t.TempDir(), httpL, tlsL, w)
	hosts := []string{"www.home.test", "*.home.test"}
	h.follow(t, acmePlan(p, hosts...))
	first := map[string]time.Time{}
	for _, host := range hosts {
		first[host] = h.wait(t, host, issued).Until
	}
	for _, host := range hosts {
		h.wait(t, host, func(s certs.Status) bool {
			h.follow(t, acmePlan(p, hosts...))                       // which makes it look
			return s.Until.After(first[host]) && len(s.Attempts) > 1 // which is written down a moment later
		})
	}
	for _, s := range h.Status() {
		if a := s.Attempts; len(a) < 2 || a[0].Result != "issued" || a[1].Result != "renewed" || a[1].Tried != a[0].Tried {
			t.Errorf("%s: attempts %+v", s.Host, a)
		}
	}
	orders := func() (n int) {
		for _, name := range []string{"www.home.test", "*.home.test", "home.test"} {
			n += l.ordered(name)
		}
		return n
	}
	h.follow(t, certs.Plan{})
	time.Sleep(time.Second) // what is under way ends
	n := orders()
	time.Sleep(life) // in which they would be renewed
	if again := orders(); again != n {
		t.Errorf("%d orders after the names are gone", again-n)
	}
}
