package ddns_test

import (
	"encoding/base64"
	"net"
	"strings"
	"sync"
	"testing"
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

// zone is a server of names that takes updates (RFC 2136) signed by the key.
type zone struct {
	addr  string
	rcode int           // in place of success
	slack time.Duration // how wrong its clock is

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
	m.Rcode = z.rcode
	sig := q.IsTsig()
	late := sig != nil && z.slack > tsigFudge
	switch {
	case sig == nil:
		m.Rcode = dns.RcodeRefused
	case w.TsigStatus() != nil || late:
		m.Rcode = dns.RcodeNotAuth
	case z.rcode == dns.RcodeSuccess:
		z.apply(q.Ns)
	}
	if sig != nil && m.Rcode != dns.RcodeNotAuth {
		m.SetTsig(sig.Hdr.Name, dns.HmacSHA256, 300, time.Now().Unix())
	}
	_ = w.WriteMsg(m)
}

const tsigFudge = 5 * time.Minute

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
	return "[ddns.home]\nprovider = \"rfc2136\"\ndomain = \"example.com\"\nnames = [\"nas\"]\nserver = \"" + z.addr + "\"\n" +
		"username = \"portico\"\nsecret = \"" + secret + "\"\n"
}

// TestRFC2136 updates a zone over a real connection.
func TestRFC2136(t *testing.T) {
	wrong := base64.StdEncoding.EncodeToString([]byte("another"))
	for _, c := range []struct {
		name   string
		zone   *zone
		secret string
		class  ddns.Class
		words  string
	}{
		{"accepted", &zone{}, tsigSecret, ddns.OK, "published"},
		{"a wrong secret", &zone{}, wrong, ddns.Stop, "both clocks are right"},
		{"no base64", &zone{}, "***", ddns.Stop, "not base64"},
		{"a clock that is off", &zone{slack: time.Hour}, tsigSecret, ddns.Stop, "both clocks are right"},
		{"another zone", &zone{rcode: dns.RcodeNotZone}, tsigSecret, ddns.Stop, "NOTZONE"},
		{"refused", &zone{rcode: dns.RcodeRefused}, tsigSecret, ddns.Stop, "REFUSED"},
		{"not implemented", &zone{rcode: dns.RcodeNotImplemented}, tsigSecret, ddns.Stop, "NOTIMP"},
		{"a server in trouble", &zone{rcode: dns.RcodeServerFailure}, tsigSecret, ddns.Retry, "SERVFAIL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := newZone(t, c.zone)
			s := start(t, z.table(c.secret), options{find: (&place{at: addresses(v4, v6)}).find})
			got := s.name(t, "nas.example.com")
			if got.Class != c.class || !strings.Contains(got.Words, c.words) {
				t.Errorf("%s %q", got.Class, got.Words)
			}
			if strings.Contains(s.log.String(), c.secret) {
				t.Errorf("the log: %s", s.log)
			}
			z.mu.Lock()
			defer z.mu.Unlock()
			published := z.records["nas.example.com. A"] == v4 && z.records["nas.example.com. AAAA"] == v6
			if published != (c.class == ddns.OK) {
				t.Errorf("the zone holds %v", z.records)
			}
		})
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
