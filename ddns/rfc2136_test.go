package ddns_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"forge.home.arpa/portico/ddns"
)

const (
	tsigName = "portico."
	// A password of tests, and its spelling as a key's secret.
	tsigText = "0123456789abcdef0123456789abcdef"
)

var tsigSecret = base64.StdEncoding.EncodeToString([]byte(tsigText))

// zone is a server of names that takes updates (RFC 2136) of example.com signed
// by the key, and of closed.test from nobody.
type zone struct {
	addr     string
	rcode    int  // in place of success
	unsigned bool // its replies are

	mu      sync.Mutex
	records map[string]string // "name TYPE" → data
	updates int
}

func newZone(t *testing.T, z *zone) *zone {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.addr, z.records = l.Addr().String(), map[string]string{}
	server := &dns.Server{Listener: l, Handler: z, TsigSecret: map[string]string{tsigName: tsigSecret},
		MsgAcceptFunc: func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept }}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return z
}

func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.mu.Lock()
	defer z.mu.Unlock()
	m := new(dns.Msg)
	m.SetReply(q)
	sig := q.IsTsig()
	wrong := w.TsigStatus()
	switch zone := q.Question[0].Name; {
	case wrong != nil:
		m.Rcode = dns.RcodeNotAuth
	case z.rcode != 0:
		m.Rcode = z.rcode
	case zone == "closed.test." || zone == "example.com." && sig == nil:
		m.Rcode = dns.RcodeRefused
	case zone != "example.com.":
		m.Rcode = dns.RcodeNotAuth
	case !dns.IsSubDomain(zone, q.Ns[0].Header().Name):
		m.Rcode = dns.RcodeNotZone
	default:
		z.apply(q.Ns)
	}
	if sig != nil && !z.unsigned {
		z.sign(m, sig, wrong)
	}
	_ = w.WriteMsg(m)
}

// sign says what is wrong with a request's signature too (RFC 8945 section 5.2).
func (z *zone) sign(m *dns.Msg, sig *dns.TSIG, wrong error) {
	now := uint64(time.Now().Unix())
	m.SetTsig(sig.Hdr.Name, sig.Algorithm, tsigFudge, int64(sig.TimeSigned))
	r := m.IsTsig()
	switch {
	case errors.Is(wrong, dns.ErrTime):
		r.Error, r.OtherLen, r.OtherData = dns.RcodeBadTime, 6, fmt.Sprintf("%012x", now)
	case errors.Is(wrong, dns.ErrSecret):
		r.Error = dns.RcodeBadKey
	case wrong != nil:
		r.Error = dns.RcodeBadSig
	default:
		r.TimeSigned = now
	}
}

const tsigFudge = 300 // seconds

// holds tells whether a record is published.
func (z *zone) holds(_ *testing.T, name, kind, data string) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.records[name+". "+kind] == data
}

func (z *zone) address() string { return z.addr }

// apply does what an update says (RFC 2136 section 2.5).
func (z *zone) apply(list []dns.RR) {
	z.updates++
	for _, rr := range list {
		h := rr.Header()
		key := h.Name + " " + dns.TypeToString[h.Rrtype]
		data := strings.TrimPrefix(rr.String(), h.String())
		switch h.Class {
		case dns.ClassANY:
			delete(z.records, key)
		case dns.ClassNONE:
			if z.records[key] == data {
				delete(z.records, key)
			}
		default:
			z.records[key] = data
		}
	}
}

func (z *zone) table(secret string) string {
	return updateTable(z.addr, tsigName, secret, "example.com")
}

func updateTable(server, key, secret, domain string) string {
	return "[ddns.home]\nprovider = \"rfc2136\"\ndomain = \"" + domain + "\"\nnames = [\"nas\"]\nserver = \"" + server + "\"\n" +
		"username = \"" + key + "\"\nsecret = \"" + secret + "\"\n"
}

// nameServer takes updates: ours, or a real one.
type nameServer interface {
	address() string
	holds(t *testing.T, name, kind, data string) bool
}

var nameServers = map[string]func(*testing.T) nameServer{
	"ours":  func(t *testing.T) nameServer { return newZone(t, &zone{}) },
	"named": func(t *testing.T) nameServer { return newNamed(t) },
}

// TestRFC2136 updates a zone over a real connection, at a server of ours and at a
// real one.
func TestRFC2136(t *testing.T) {
	wrong := base64.StdEncoding.EncodeToString([]byte("another"))
	for name, server := range nameServers {
		t.Run(name, func(t *testing.T) {
			z := server(t)
			for _, c := range []struct {
				name, key, secret, domain string
				class                     ddns.Class
				words                     string
			}{
				{"a secret of another", "portico", wrong, "example.com", ddns.Stop, "BADSIG"},
				{"a key of another", "someone", tsigSecret, "example.com", ddns.Stop, "BADKEY"},
				{"no base64", "portico", "***", "example.com", ddns.Stop, "not base64"},
				{"a zone of others", "portico", tsigSecret, "example.org", ddns.Stop, "NOTAUTH"},
				{"a zone that takes none", "portico", tsigSecret, "closed.test", ddns.Stop, "REFUSED"},
				{"accepted", "Portico.", tsigSecret, "example.com", ddns.OK, "published"},
			} {
				t.Run(c.name, func(t *testing.T) {
					s := start(t, updateTable(z.address(), c.key, c.secret, c.domain), options{find: (&place{at: addresses(v4, v6)}).find})
					got := s.name(t, "nas."+c.domain)
					if got.Class != c.class || !strings.Contains(got.Words, c.words) {
						t.Errorf("%s %q", got.Class, got.Words)
					}
					if strings.Contains(s.log.String(), c.secret) {
						t.Errorf("the log: %s", s.log)
					}
					if held := z.holds(t, "nas.example.com", "A", v4) && z.holds(t, "nas.example.com", "AAAA", v6); held != (c.class == ddns.OK) {
						t.Errorf("the zone holds it: %t", held)
					}
				})
			}
		})
	}
}

// TestRFC2136Clock: a clock that is decades off, as a Pi's that has not reached a
// time server, is named; it will be set, so the update is tried again.
func TestRFC2136Clock(t *testing.T) {
	for name, server := range nameServers {
		t.Run(name, func(t *testing.T) {
			z := server(t)
			synctest.Test(t, func(t *testing.T) { // where it is the year 2000
				s := start(t, updateTable(z.address(), "portico", tsigSecret, "example.com"), options{find: (&place{at: addresses(v4, "")}).find})
				time.Sleep(time.Second)
				if got := s.only(t); got.Class != ddns.Retry || !strings.Contains(got.Words, "clock") || !strings.HasPrefix(got.Words, "BADTIME") {
					t.Errorf("%s %q", got.Class, got.Words)
				}
				if z.holds(t, "nas.example.com", "A", v4) {
					t.Error("the zone holds it")
				}
			})
		})
	}
}

// TestRFC2136Replies: what else a server may say.
func TestRFC2136Replies(t *testing.T) {
	for _, c := range []struct {
		zone  *zone
		class ddns.Class
		words string
	}{
		{&zone{rcode: dns.RcodeNotZone}, ddns.Stop, "NOTZONE"},
		{&zone{rcode: dns.RcodeRefused}, ddns.Stop, "both clocks are right"},
		{&zone{rcode: dns.RcodeNotImplemented}, ddns.Stop, "NOTIMP"},
		{&zone{rcode: dns.RcodeServerFailure}, ddns.Retry, "SERVFAIL"},
		{&zone{unsigned: true}, ddns.Retry, "without a signature"},
		{&zone{unsigned: true, rcode: dns.RcodeNotAuth}, ddns.Stop, "both clocks are right"},
	} {
		z := newZone(t, c.zone)
		s := start(t, z.table(tsigSecret), options{find: (&place{at: addresses(v4, "")}).find})
		if got := s.name(t, "nas.example.com"); got.Class != c.class || !strings.Contains(got.Words, c.words) {
			t.Errorf("%d: %s %q", c.zone.rcode, got.Class, got.Words)
		}
	}
}

// TestRFC2136Text adds a record beside others and takes only it away.
func TestRFC2136Text(t *testing.T) {
	z := newZone(t, &zone{})
	s := start(t, z.table(tsigSecret), options{find: (&place{at: addresses(v4, "")}).find})
	ctx := t.Context()
	if err := s.AddTXT(ctx, "_acme-challenge.example.com", "abc"); err != nil {
		t.Fatal(err)
	}
	z.mu.Lock()
	if got := z.records["_acme-challenge.example.com. TXT"]; got != `"abc"` {
		t.Errorf("the zone holds %q", got)
	}
	z.mu.Unlock()
	if err := s.RemoveTXT(ctx, "_acme-challenge.example.com", "abc"); err != nil {
		t.Fatal(err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if got, there := z.records["_acme-challenge.example.com. TXT"]; there {
		t.Errorf("the zone still holds %q", got)
	}
}

// TestRFC2136Gone: a server that nobody reaches was not written to; one that
// hangs up may have been.
func TestRFC2136Gone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 512))
			c.Close()
		}
	}()
	find := (&place{at: addresses(v4, "")}).find
	z := &zone{addr: l.Addr().String()}
	s := start(t, z.table(tsigSecret), options{find: find})
	if got := s.name(t, "nas.example.com"); got.Class != ddns.Retry || !strings.Contains(got.Words, "could not confirm") {
		t.Errorf("%s %q", got.Class, got.Words)
	}
	s.stop()
	l.Close()
	s = start(t, z.table(tsigSecret), options{find: find})
	if got := s.name(t, "nas.example.com"); got.Class != ddns.Retry || strings.Contains(got.Words, "could not confirm") {
		t.Errorf("%s %q", got.Class, got.Words)
	}
}
