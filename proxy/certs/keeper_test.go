package certs_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"

	"forge.home.arpa/portico/proxy/certs"
)

// home is a keeper that runs, behind two listeners as the proxy has them.
type home struct {
	*certs.Keeper
	http, tls net.Listener
	world     *world
	log       *journal
	stop      func()
}

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// world is what the home knows of itself.
type world struct {
	mu      sync.Mutex
	addrs   []netip.Addr
	carrier string
	front   string
	pebble  *pebble
	noTXT   bool
	away    error // of who publishes TXT records
}

func (w *world) Addresses(context.Context) []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addrs
}
func (w *world) Carrier() string         { return w.carrier }
func (w *world) Front(netip.Addr) string { return w.front }

type noTXT struct{}

func (noTXT) Error() string { return "no provider of ours can set TXT records" }

func (w *world) CanTXT(string) error {
	if w.noTXT {
		return noTXT{}
	}
	return nil
}

func (w *world) AddTXT(_ context.Context, fqdn, value string) error {
	w.mu.Lock()
	away := w.away
	w.mu.Unlock()
	if away != nil {
		return away
	}
	w.pebble.mu.Lock()
	defer w.pebble.mu.Unlock()
	w.pebble.txt[fqdn] = append(w.pebble.txt[fqdn], value)
	return nil
}

func (w *world) RemoveTXT(_ context.Context, fqdn, _ string) error {
	w.pebble.mu.Lock()
	defer w.pebble.mu.Unlock()
	delete(w.pebble.txt, fqdn)
	return nil
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// newHome runs a keeper in a state directory. Its listeners answer challenges.
func newHome(t *testing.T, state string, httpL, tlsL net.Listener, w *world) *home {
	t.Helper()
	h := &home{http: httpL, tls: tlsL, world: w, log: new(journal)}
	h.Keeper = certs.New(certs.Options{Log: slog.New(slog.NewTextHandler(h.log, nil)), State: state, World: w, TXT: w})
	go func() {
		_ = http.Serve(httpL, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host, _, _ := strings.Cut(r.Host, ":")
			if body, ok := h.Challenge(host, r.URL.Path); ok {
				_, _ = w.Write(body)
				return
			}
			http.NotFound(w, r)
		}))
	}()
	go func() {
		_ = (&http.Server{Handler: http.NotFoundHandler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}).
			Serve(tls.NewListener(tlsL, h.TLSConfig()))
	}()
	h.run(t)
	return h
}

func (h *home) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = h.Run(ctx)
	}()
	h.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(h.stop)
}

func (h *home) follow(t *testing.T, p certs.Plan) {
	t.Helper()
	h.Prepare(p).Commit()
}

// handshake asks for a name and returns the certificate that was served.
func (h *home) handshake(t *testing.T, name string) (*x509.Certificate, error) {
	t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", h.tls.Addr().String(),
		&tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// wait waits until a host's status fits.
func (h *home) wait(t *testing.T, host string, fits func(certs.Status) bool) certs.Status {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		var last certs.Status
		for _, s := range h.Status() {
			if s.Host == host {
				if last = s; fits(s) {
					return s
				}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %+v", host, last)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func issued(s certs.Status) bool  { return !s.Pending }
func refused(s certs.Status) bool { return s.Why != "" }

func acmePlan(p *pebble, hosts ...string) certs.Plan {
	plan := certs.Plan{Authority: &certs.Authority{Directory: p.directory, CA: p.ca, Resolver: p.resolver}}
	for _, h := range hosts {
		plan.Wants = append(plan.Wants, certs.Want{Host: h, Kind: certs.ACME})
	}
	return plan
}

func here() *world { return &world{addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}} }

// TestACME: over each kind of challenge a real authority issues, the handshake
// serves a stand-in until then, and a restart asks nobody.
func TestACME(t *testing.T) {
	for _, c := range []struct {
		name, host string
		change     func(*world, *certs.Authority)
		eab        bool
		noTLS      bool
		tried      string
	}{
		{name: "tls-alpn-01", host: "blog.home.test", tried: "tls-alpn-01 or http-01 at 127.0.0.1"},
		{name: "http-01 behind a front", host: "blog.home.test", change: func(w *world, _ *certs.Authority) { w.front = "cloudflare" }, noTLS: true, tried: "http-01 at "},
		{name: "a relay", host: "blog.home.test", change: func(w *world, a *certs.Authority) { a.Front, w.addrs = true, nil }, noTLS: true},
		{name: "dns-01 for a wildcard", host: "*.home.test", tried: "dns-01 at "},
		{name: "dns-01 behind a carrier's NAT", host: "blog.home.test", change: func(w *world, _ *certs.Authority) { w.carrier = "CGNAT" }},
		{name: "external account", host: "blog.home.test", eab: true, change: func(_ *world, a *certs.Authority) {
			key, _ := base64.RawURLEncoding.DecodeString(eabKey)
			a.EAB = &acme.ExternalAccountBinding{KID: "kid-1", Key: key}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			httpL, tlsL := listen(t), listen(t)
			p := newPebble(t, port(httpL), port(tlsL), c.eab)
			w := here()
			w.pebble = p
			plan := acmePlan(p, c.host)
			if c.change != nil {
				c.change(w, plan.Authority)
			}
			state := t.TempDir()
			h := newHome(t, state, httpL, tlsL, w)
			h.follow(t, plan)
			s := h.wait(t, c.host, issued)
			if !strings.Contains(s.Issuer, "Pebble") {
				t.Errorf("issued by %q", s.Issuer)
			}
			name := strings.Replace(c.host, "*", "any", 1)
			cert, err := h.handshake(t, name)
			if err != nil || cert.VerifyHostname(name) != nil || !strings.Contains(cert.Issuer.CommonName, "Pebble") {
				t.Fatalf("%v %v", cert, err)
			}
			if len(p.txt) > 0 {
				t.Errorf("records were left behind: %v", p.txt)
			}
			h.stop()
			p.Close()
			again := newHome(t, state, listen(t), listen(t), w)
			again.follow(t, plan)
			past := again.wait(t, c.host, issued).Attempts
			if len(past) != 1 || past[0].Result != "issued" || !strings.HasPrefix(past[0].Tried, c.tried) || !strings.Contains(past[0].Words, s.Issuer) {
				t.Errorf("attempts: %+v", past)
			}
		})
	}
}
