package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"forge.home.arpa/portico/proxy"
)

// internet is what lies beyond a home: its public address, here one of this
// machine's, names that lead to it, and an authority that visits.
type internet struct {
	address   string // of the home
	resolver  string
	directory string
	ca        string // PEM file

	mu    sync.Mutex
	leads map[string]string
}

func newInternet(t *testing.T, h *home) *internet {
	t.Helper()
	n := &internet{leads: map[string]string{}}
	n.address = freeDoors(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n.resolver = l.Addr().String()
	for _, s := range []*dns.Server{{Listener: l, Handler: n}, {PacketConn: udp, Handler: n}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_AUTHZREUSE", "0")
	quiet, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: 7776000}})
	validator := va.New(quiet, 80, 443, false, n.resolver, store)
	front := wfe.New(quiet, store, validator, authority, nil, false, false, 0, 0)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	n.directory = server.URL + wfe.DirectoryPath
	n.ca = h.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return n
}

// freeDoors is an address of this machine whose ports 80 and 443 are free.
func freeDoors(t *testing.T) string {
	t.Helper()
	for last := 1; last < 200; last++ {
		address := fmt.Sprintf("127.80.%d.%d", os.Getpid()%250, last)
		free := true
		for _, port := range []string{"80", "443"} {
			l, err := net.Listen("tcp", net.JoinHostPort(address, port))
			if os.IsPermission(err) {
				t.Skip("ports below 1024 are not ours to listen on")
			}
			if free = free && err == nil; err == nil {
				l.Close()
			}
		}
		if free {
			return address
		}
	}
	t.Fatal("no address has free doors")
	return ""
}

func (n *internet) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := new(dns.Msg)
	m.SetReply(q)
	if to := n.leads[strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")]; to != "" && q.Question[0].Qtype == dns.TypeA {
		rr, _ := dns.NewRR(q.Question[0].Name + " 0 IN A " + to)
		m.Answer = []dns.RR{rr}
	}
	_ = w.WriteMsg(m)
}

func (n *internet) lead(host, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leads[host] = to
}

// text is the configuration of a home in this internet.
func (n *internet) text(provider string, hosts ...string) string {
	return fmt.Sprintf("[server]\nhttp = \"%[1]s:80\"\nhttps = \"%[1]s:443\"\n[acme]\nemail = \"ann@example.com\"\ndirectory = %[2]q\nca = %[3]q\nresolver = %[4]q\n"+
		"[ddns.home]\nprovider = \"noip\"\nusername = \"ann\"\npassword = \"env:PATH\"\nserver = %[5]q\ndomain = \"example.com\"\naddress = \"fixed:%[1]s\"\n"+
		"[route.www]\nhost = [\"%[6]s\"]\nrespond = { body = \"hello\" }\n", n.address, n.directory, n.ca, n.resolver, provider, strings.Join(hosts, `", "`))
}

// diagnosis runs the doctor until enough is seen.
func (h *home) diagnosis(until func([]finding) bool, args ...string) (list []finding, code int) {
	h.t.Helper()
	deadline := time.Now().Add(soon)
	for {
		r := h.run(append([]string{"doctor", "--json"}, args...)...)
		list = nil
		if err := json.Unmarshal([]byte(r.out), &list); err != nil {
			h.t.Fatalf("%v in %q %q", err, r.out, r.err)
		}
		if until(list) || time.Now().After(deadline) {
			return list, r.code
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// saw is a finding about something, the first of its kind.
func saw(list []finding, check, about string) finding {
	i := slices.IndexFunc(list, func(f finding) bool { return f.Check == check && strings.Contains(f.About, about) })
	if i < 0 {
		return finding{}
	}
	return list[i]
}

func answersWith(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	t.Cleanup(s.Close)
	return s.URL
}

// TestDoctor examines a home where all is well but one name.
func TestDoctor(t *testing.T) {
	h := newHome(t)
	n := newInternet(t, h)
	n.lead("www.example.com", n.address)
	h.write("portico.toml", n.text(answersWith(t, "good"), "www.example.com"))
	h.start("run", "--headless").serving()
	well := func(list []finding) bool { return worst(list) != red && saw(list, "ddns", "").Color == green }
	list, code := h.diagnosis(well)
	if code != 0 {
		t.Errorf("exit %d: %+v", code, list)
	}
	for check, says := range map[string]string{"listener": "answers here", "address": n.address, "dns": "leads here", "router": "leads back here",
		"certificate": "1 good", "ddns": "1 published"} {
		if f := saw(list, check, ""); f.Color != green || !strings.Contains(f.Says, says) && check != "router" {
			t.Errorf("%s: %+v", check, f)
		}
	}
	if f := saw(list, "router", ":443"); f.Color != green || !strings.Contains(f.Says, "leads back here") {
		t.Errorf("through the public address: %+v", f)
	}
	list, code = h.diagnosis(func([]finding) bool { return true }, "--outside", "www.example.com")
	if f := saw(list, "outside", ""); f.Color != green || code != 0 {
		t.Errorf("exit %d, from outside: %+v", code, f)
	}

	var certs []certReport
	r := h.run("certs", "--json")
	if err := json.Unmarshal([]byte(r.out), &certs); err != nil || r.code != 0 || len(certs) != 1 || len(certs[0].Attempts) != 1 || certs[0].Attempts[0].Result != "issued" {
		t.Errorf("%v %+v", err, r)
	}
	if r := h.run("certs", "--now", "www.example.com"); r.code != 0 || !strings.Contains(r.err, "is asked now") || !strings.Contains(r.out, "www.example.com  acme  ok") {
		t.Errorf("%+v", r)
	}

	n.lead("www.example.com", "198.51.100.9")
	list, code = h.diagnosis(func([]finding) bool { return true })
	if f := saw(list, "dns", "www"); f.Color != red || !strings.Contains(f.Do, "www.example.com A "+n.address) || code != 1 {
		t.Errorf("exit %d, a name that leads elsewhere: %+v", code, f)
	}
	list, code = h.diagnosis(func([]finding) bool { return true }, "--outside", "www.example.com")
	if f := saw(list, "outside", ""); f.Color != red || code != 1 || !strings.Contains(f.Do, "forward TCP 80 and 443 to") {
		t.Errorf("exit %d, strangers who are led elsewhere: %+v", code, f)
	}
	list, code = h.diagnosis(func([]finding) bool { return true }, "--outside", "other.example.com")
	if f := saw(list, "outside", ""); f.Color != red || code != 1 || !strings.Contains(f.Says, "no route serves") || f.Do != "" {
		t.Errorf("exit %d, a name that nobody serves: %+v", code, f)
	}
	if r := h.run("doctor"); r.code != 1 || !strings.Contains(r.out, "→ portico ddns update home publishes www.example.com A "+n.address) {
		t.Errorf("%+v", r)
	}
}

// TestDoctorFindsWhatIsWrong: a name without a record, a provider that refuses,
// a certificate that cannot come.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	h := newHome(t)
	n := newInternet(t, h)
	h.write("portico.toml", n.text(answersWith(t, "badauth"), "www.example.com", "nas.lan"))
	h.start("run", "--headless").serving()
	list, code := h.diagnosis(func(list []finding) bool {
		return saw(list, "ddns", "").Color == red && saw(list, "certificate", "www").Says != ""
	})
	for check, want := range map[string][2]string{
		"dns": {"has no address in the DNS", "www.example.com A " + n.address}, "ddns": {"badauth", "portico ddns update home"},
		"certificate": {"there is none yet", "portico certs --now www.example.com"},
	} {
		if f := saw(list, check, "www"); f.Color != red || !strings.Contains(f.Says, want[0]) || !strings.Contains(f.Do, want[1]) {
			t.Errorf("%s: %+v", check, f)
		}
	}
	if f := saw(list, "dns", "nas.lan"); f.Check != "" || code != 1 {
		t.Errorf("exit %d; of a name that the world cannot know: %+v", code, f)
	}
}

// TestDoctorAtAWildcard: a name whose record is a wildcard's needs none by hand.
func TestDoctorAtAWildcard(t *testing.T) {
	h := newHome(t)
	n := newInternet(t, h)
	h.write("portico.toml", strings.Replace(n.text(answersWith(t, "badauth"), "www.example.com"), "[ddns.home]\n", "[ddns.home]\nnames = \"*\"\n", 1))
	h.start("run", "--headless").serving()
	list, _ := h.diagnosis(func(list []finding) bool { return saw(list, "ddns", "").Color == red })
	if f := saw(list, "dns", "www"); f.Do != "portico ddns update home publishes *.example.com A "+n.address+" now, and says what the provider replies" {
		t.Errorf("%+v", f)
	}
}

// TestDoctorAlone says that nothing runs and what can be seen all the same.
func TestDoctorAlone(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", "[server]\nhttp = \"127.0.0.1:1\"\n[acme]\nemail = \"a@example.com\"\nresolver = \"127.0.0.1:1\"\n"+
		"[ddns.a]\nprovider = \"duckdns\"\ntoken = \"env:PATH\"\naddress = \"fixed:203.0.113.7\"\n"+
		"[route.a]\nhost = \"a.lan\"\nrespond = { body = \"x\" }\n")
	list, code := h.diagnosis(func([]finding) bool { return true }, "--outside", "a.lan")
	if f := saw(list, "portico", ""); code != 1 || f.Color != red || f.Do == "" {
		t.Errorf("exit %d: %+v", code, list)
	}
	if f := saw(list, "address", ""); f.Color != green || !strings.Contains(f.Says, "203.0.113.7") {
		t.Errorf("%+v", f)
	}
	if f := saw(list, "clock", ""); f.Says == "" {
		t.Errorf("no word of the clock: %+v", list)
	}
	if f := saw(list, "outside", ""); f.Color != red {
		t.Errorf("%+v", f)
	}
}

func TestClockFinding(t *testing.T) {
	floor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]color{time.Unix(0, 0): red, floor.Add(time.Hour): green} {
		if f := clockFinding(now, floor, true); f.Color != want {
			t.Errorf("%s: %+v", now, f)
		}
	}
	if f := clockFinding(floor.Add(time.Hour), floor, false); f.Color != yellow || f.Do == "" {
		t.Errorf("%+v", f)
	}
}

func TestCertFindings(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	list := certFindings([]proxy.CertificateStatus{
		{Host: "good", Kind: "acme", From: now.Add(-10 * day), Until: now.Add(80 * day)},
		{Host: "short", Kind: "acme", From: now.Add(-3 * day), Until: now.Add(3 * day)},
		{Host: "late", Kind: "acme", From: now.Add(-80 * day), Until: now.Add(10 * day), Why: "the CA's words"},
		{Host: "over", Kind: "file", From: now.Add(-100 * day), Until: now.Add(-day)},
		{Host: "waits", Kind: "acme", Pending: true, Why: "no record"},
	}, now)
	for host, want := range map[string]finding{
		"late": {Color: yellow, Says: "ends in 10 days: the CA's words"}, "over": {Color: red, Says: "ended 2026-05-31"},
		"waits": {Color: red, Says: "there is none yet: no record"},
	} {
		if f := saw(list, "certificate", host); f.Color != want.Color || !strings.HasPrefix(f.Says, want.Says) || f.Do == "" {
			t.Errorf("%s: %+v", host, f)
		}
	}
	if f := list[len(list)-1]; f.Color != green || !strings.HasPrefix(f.Says, "2 good, the first ends 2026-06-0") {
		t.Errorf("%+v", f)
	}
}

// TestOutsideOverPlainHTTP: strangers visit a home without TLS too, and the
// directory that was asked is told, also where they do not come in.
func TestOutsideOverPlainHTTP(t *testing.T) {
	h := newHome(t)
	n := newInternet(t, h)
	n.lead("www.example.com", n.address)
	h.write("portico.toml", strings.Replace(n.text(answersWith(t, "good"), "www.example.com"), "https = \""+n.address+":443\"\n", "", 1))
	h.start("run", "--headless").serving()
	once := func([]finding) bool { return true }
	list, code := h.diagnosis(once, "--outside", "WWW.example.com")
	if f := saw(list, "outside", ""); f.Color != green || code != 0 || !strings.Contains(f.Says, n.directory) {
		t.Errorf("exit %d: %+v", code, list)
	}
	n.lead("www.example.com", "198.51.100.9")
	list, code = h.diagnosis(once, "--outside", "www.example.com")
	f := saw(list, "outside", "")
	if f.Color != red || code != 1 || !strings.Contains(f.Says, n.directory) || !strings.HasPrefix(f.Do, "portico ddns update home publishes www.example.com A "+n.address) ||
		!strings.Contains(f.Do, "forward TCP 80 to") {
		t.Errorf("exit %d: %+v", code, f)
	}
}
