package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// TestUnknownName: the alert says so, and nothing of us is shown.
func TestUnknownName(t *testing.T) {
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	h.follow(t, certs.Plan{Wants: []certs.Want{{Host: "nas.home.arpa", Kind: certs.Local}}})
	if _, err := h.handshake(t, "stranger.example.com"); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("%v, want the alert unrecognized_name", err)
	}
	if _, err := h.handshake(t, "NAS.home.arpa"); err != nil {
		t.Errorf("in other letters: %v", err)
	}
}

// TestLocal: who trusts the root believes the home's names and addresses, and
// the root cannot vouch for any other.
func TestLocal(t *testing.T) {
	state := t.TempDir()
	h := newHome(t, state, listen(t), listen(t), here())
	h.follow(t, certs.Plan{Wants: []certs.Want{{Host: "nas.home.arpa", Kind: certs.Local}, {Host: "*.lab.lan", Kind: certs.Local},
		{Host: "bank.example.com", Kind: certs.Local}}})
	root, err := h.Root()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	for name, good := range map[string]bool{"nas.home.arpa": true, "cam.lab.lan": true, "127.0.0.1": true, "bank.example.com": false} {
		cfg := &tls.Config{RootCAs: pool, ServerName: name}
		c, err := tls.Dial("tcp", h.tls.Addr().String(), cfg)
		if err == nil {
			c.Close()
		}
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.stop()
	again := newHome(t, state, listen(t), listen(t), here())
	if same, err := again.Root(); err != nil || string(same) != string(root) {
		t.Errorf("after a restart another root: %v", err)
	}
	if info, err := os.Stat(filepath.Join(state, "local-ca.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// writePair makes a certificate in files.
func writePair(t *testing.T, dir, serial string, names ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: serial},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestFiles: a renewed certificate is served without a word to us, half a
// renewal is not, and a pair that cannot be read has a stand-in.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "first", "www.example.com")
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	plan := certs.Plan{Pairs: []certs.Pair{{Name: "mine", Cert: cert, Key: key}},
		Wants: []certs.Want{{Host: "www.example.com", Kind: certs.File, Pair: "mine"}}}
	h.follow(t, plan)
	served := func() string {
		c, err := h.handshake(t, "www.example.com")
		if err != nil {
			t.Fatal(err)
		}
		return c.Subject.CommonName
	}
	if got := served(); got != "first" {
		t.Errorf("served %s", got)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.follow(t, plan) // nudges
	h.wait(t, "www.example.com", refused)
	if got := served(); got != "first" {
		t.Errorf("within a renewal %s is served", got)
	}
	writePair(t, dir, "second", "www.example.com")
	h.follow(t, plan)
	h.wait(t, "www.example.com", func(certs.Status) bool { return served() == "second" })

	plan.Pairs[0].Cert = filepath.Join(dir, "later.pem")
	h.follow(t, plan)
	if got := served(); got != "portico: the certificate is not there yet" {
		t.Errorf("without its file %s is served", got)
	}
	if s := h.wait(t, "www.example.com", refused); !strings.Contains(s.Why, "later.pem") {
		t.Errorf("%q", s.Why)
	}
}

// TestHandshakeNeverWaits: while the authority hangs a stand-in is served.
func TestHandshakeNeverWaits(t *testing.T) {
	hang := make(chan struct{})
	asked := make(chan struct{}, 100)
	ca := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-hang
	}))
	defer ca.Close()
	defer close(hang)
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	h.follow(t, certs.Plan{Authority: &certs.Authority{Directory: ca.URL, Front: true},
		Wants: []certs.Want{{Host: "www.example.com", Kind: certs.ACME}}})
	<-asked
	began := time.Now()
	c, err := h.handshake(t, "www.example.com")
	if err != nil || !strings.Contains(c.Subject.CommonName, "not there yet") {
		t.Fatalf("%v %v", c, err)
	}
	t.Logf("a handshake while the authority hangs took %s", time.Since(began))
}

// TestBusyAuthority: a 429 is one request, its words are kept, and neither the
// next turns nor a restart ask again.
func TestBusyAuthority(t *testing.T) {
	var asked atomic.Int64
	ca := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "7200")
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates already issued"}`))
	}))
	defer ca.Close()
	state := t.TempDir()
	plan := certs.Plan{Authority: &certs.Authority{Directory: ca.URL, Front: true}, Wants: []certs.Want{{Host: "www.example.com", Kind: certs.ACME}}}
	h := newHome(t, state, listen(t), listen(t), here())
	h.follow(t, plan)
	s := h.wait(t, "www.example.com", refused)
	if !strings.Contains(s.Why, "too many certificates already issued") || time.Until(s.Next) < 110*time.Minute {
		t.Errorf("%q, next in %s", s.Why, time.Until(s.Next))
	}
	h.stop()
	first := asked.Load()
	again := newHome(t, state, listen(t), listen(t), here())
	for range 20 {
		again.follow(t, plan)
	}
	again.wait(t, "www.example.com", refused)
	if n := asked.Load(); n != first || n > 2 {
		t.Errorf("asked %d times, then %d", first, n)
	}
}

// TestGate: each closed gate is a sentence, and the authority is not asked.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*world, *pebble)
		host   string
		says   string
	}{
		{"the name leads elsewhere", func(w *world, p *pebble) { p.leads("www.home.test", "198.51.100.1") }, "www.home.test", "leads to 198.51.100.1, and this home is 127.0.0.1"},
		{"no record", func(w *world, p *pebble) { p.leads("www.home.test", "") }, "www.home.test", "no address in the DNS yet"},
		{"a carrier's NAT", func(w *world, p *pebble) {
			w.carrier = "the router's own address 100.64.3.4 belongs to the provider's network (CGNAT)"
		}, "www.home.test", "CGNAT"},
		{"a wildcard without records", nil, "*.home.test", "a wildcard is proved by a TXT record"},
		{"nobody knows where we are", func(w *world, p *pebble) { w.addrs = []netip.Addr{} }, "www.home.test", "our public address is not known yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			httpL, tlsL := listen(t), listen(t)
			p := newPebble(t, port(httpL), port(tlsL), false)
			w := here()
			w.noTXT, w.pebble = true, p
			if c.change != nil {
				c.change(w, p)
			}
			h := newHome(t, t.TempDir(), httpL, tlsL, w)
			h.follow(t, acmePlan(p, c.host))
			if s := h.wait(t, c.host, refused); !strings.Contains(s.Why, c.says) {
				t.Errorf("%q, want %q", s.Why, c.says)
			}
		})
	}
}

// TestTryNow: a person may knock at a closed gate, once.
func TestTryNow(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	w := here()
	w.noTXT, w.carrier = true, "CGNAT"
	h := newHome(t, t.TempDir(), httpL, tlsL, w)
	h.follow(t, acmePlan(p, "www.home.test"))
	h.wait(t, "www.home.test", refused)
	if err := h.TryNow("www.home.test"); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "www.home.test", issued)
	if err := h.TryNow("other.home.test"); err == nil {
		t.Error("a name that nobody serves was tried")
	}
}

// TestTryNowByRecord: who knocks before a pause is over is proved as at the next
// try: a home that nobody can visit by a record.
func TestTryNowByRecord(t *testing.T) {
	p := newPebble(t, nowhere(t), nowhere(t), false)
	w := here()
	w.pebble, w.carrier, w.away = p, "CGNAT", errors.New("the provider is away")
	h := newHome(t, t.TempDir(), listen(t), listen(t), w)
	h.follow(t, acmePlan(p, "www.home.test"))
	h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() && strings.Contains(s.Why, "is away") })
	w.mu.Lock()
	w.away = nil
	w.mu.Unlock()
	if err := h.TryNow("www.home.test"); err != nil {
		t.Fatal(err)
	}
	s := h.wait(t, "www.home.test", func(s certs.Status) bool { return len(s.Attempts) == 2 })
	if last := s.Attempts[1]; s.Pending || !strings.HasPrefix(last.Tried, "dns-01") {
		t.Errorf("%+v", last)
	}
}

// TestFailedValidation: the authority's own words are kept.
func TestFailedValidation(t *testing.T) {
	dead := listen(t)
	dead.Close()
	p := newPebble(t, dead.Addr().(*net.TCPAddr).Port, dead.Addr().(*net.TCPAddr).Port, false)
	w := here()
	w.noTXT = true
	h := newHome(t, t.TempDir(), listen(t), listen(t), w)
	h.follow(t, acmePlan(p, "www.home.test"))
	s := h.wait(t, "www.home.test", func(s certs.Status) bool { return !s.Next.IsZero() })
	if !strings.Contains(s.Why, "onnect") || time.Until(s.Next) < 50*time.Minute {
		t.Errorf("%q, next in %s", s.Why, time.Until(s.Next))
	}
	if a := s.Attempts; len(a) != 1 || a[0].Result != "failed" || !strings.Contains(a[0].Words, "onnect") || strings.Contains(a[0].Words, "next try") {
		t.Errorf("attempts: %+v", a)
	}
	for range 25 { // the authority counts orders, and so do we: most of them reach nobody
		before := h.wait(t, "www.home.test", refused).Next
		if err := h.TryNow("www.home.test"); err != nil {
			t.Fatal(err)
		}
		h.wait(t, "www.home.test", func(s certs.Status) bool { return s.Next.After(before) })
	}
	if n := len(h.wait(t, "www.home.test", refused).Attempts); n != 20 {
		t.Errorf("%d attempts are remembered", n)
	}
	h.follow(t, acmePlan(p))
	h.follow(t, acmePlan(p, "www.home.test"))
	if n := len(h.wait(t, "www.home.test", refused).Attempts); n != 0 {
		t.Errorf("%d attempts of a name that was gone", n)
	}
}
