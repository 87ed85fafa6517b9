package certs_test

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// pebble is a real ACME authority within the test, and the DNS it believes.
type pebble struct {
	*httptest.Server
	directory string
	ca        string // PEM file with the root of its HTTPS
	resolver  string

	mu  sync.Mutex
	a   map[string]string // addresses by name, "" for none; others lead to 127.0.0.1
	txt map[string][]string
}

// newPebble validates at the given ports of 127.0.0.1.
func newPebble(t *testing.T, httpPort, tlsPort int, eab bool) *pebble {
	t.Helper()
	return newPebbleFor(t, httpPort, tlsPort, eab, 90*24*time.Hour)
}

// newPebbleFor issues for a time.
func newPebbleFor(t *testing.T, httpPort, tlsPort int, eab bool, life time.Duration) *pebble {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "10") // some nonces are refused, as in life
	t.Setenv("PEBBLE_AUTHZREUSE", "0")
	p := &pebble{a: map[string]string{}, txt: map[string][]string{}}
	p.resolver = p.serveDNS(t)
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	if eab {
		if err := store.AddExternalAccountKeyByID("kid-1", eabKey); err != nil {
			t.Fatal(err)
		}
	}
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(life.Seconds())}})
	validator := va.New(quiet, httpPort, tlsPort, false, p.resolver, store)
	front := wfe.New(quiet, store, validator, authority, nil, false, eab, 0, 0)
	p.Server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(p.Close)
	p.directory = p.URL + wfe.DirectoryPath
	p.ca = filepath.Join(t.TempDir(), "pebble.pem")
	writeRoot(t, p.ca, p.Server)
	return p
}

// writeRoot writes what a server's clients are to trust.
func writeRoot(t *testing.T, path string, s *httptest.Server) {
	t.Helper()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, root, 0o600); err != nil {
		t.Fatal(err)
	}
}

const eabKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"

// serveDNS answers over TCP, as Pebble asks, and over UDP on the same port.
func (p *pebble) serveDNS(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{Listener: l, Handler: p}, {PacketConn: udp, Handler: p}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return l.Addr().String()
}

// ServeDNS implements dns.Handler.
func (p *pebble) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = true
	name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
	switch q.Question[0].Qtype {
	case dns.TypeA:
		addr, known := p.a[name]
		if !known {
			addr = "127.0.0.1"
		}
		if alias, ok := strings.CutPrefix(addr, "alias "); ok {
			rr, _ := dns.NewRR(q.Question[0].Name + " 0 IN CNAME " + alias + ".")
			m.Answer = append(m.Answer, rr)
		} else if addr != "" && !strings.Contains(addr, ":") {
			rr, _ := dns.NewRR(q.Question[0].Name + " 0 IN A " + addr)
			m.Answer = append(m.Answer, rr)
		}
	case dns.TypeAAAA:
		if addr := p.a[name]; strings.Contains(addr, ":") {
			rr, _ := dns.NewRR(q.Question[0].Name + " 0 IN AAAA " + addr)
			m.Answer = append(m.Answer, rr)
		}
	case dns.TypeTXT:
		for _, v := range p.txt[name] {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{v}})
		}
	}
	_ = w.WriteMsg(m)
}

func (p *pebble) leads(name, addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.a[name] = addr
}
