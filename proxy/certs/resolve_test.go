package certs_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"forge.home.arpa/portico/proxy/certs"
)

// namer is a server of names that answers as a test says.
type namer func(name string, kind uint16) (rcode int, records []string)

func (f namer) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	rcode, records := f(q.Question[0].Name, q.Question[0].Qtype)
	m.SetRcode(q, rcode)
	for _, text := range records {
		rr, err := dns.NewRR(q.Question[0].Name + " 0 IN " + text)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	_ = w.WriteMsg(m)
}

func (f namer) serve(t *testing.T) string {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: udp, Handler: f}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return udp.LocalAddr().String()
}

// TestSplitHorizon: what the home's own resolver says of the home's names is not
// what the world is told. It may hide who serves them, serve them itself, or
// be a mere forwarder.
func TestSplitHorizon(t *testing.T) {
	public := namer(func(_ string, kind uint16) (int, []string) {
		if kind == dns.TypeA {
			return dns.RcodeSuccess, []string{"A 198.51.100.7"}
		}
		return dns.RcodeSuccess, nil
	})
	inside := func(ns ...string) namer {
		return func(name string, kind uint16) (int, []string) {
			switch kind {
			case dns.TypeA:
				if name == "dead.invalid." {
					return dns.RcodeSuccess, []string{"A 127.0.0.99"}
				}
				return dns.RcodeSuccess, []string{"A 192.168.1.5"}
			case dns.TypeNS:
				return dns.RcodeSuccess, ns
			}
			return dns.RcodeSuccess, nil
		}
	}
	defer certs.SetPublicServers("127.0.0.1:1", public.serve(t))()
	for title, system := range map[string]namer{
		"a Pi-hole with a record for all below the domain": inside(),
		"a zone of the same name whose servers are dead":   inside("NS dead.invalid."),
		"no name is known": func(string, uint16) (int, []string) { return dns.RcodeNameError, nil },
		"it is broken":     func(string, uint16) (int, []string) { return dns.RcodeServerFailure, nil },
	} {
		t.Run(title, func(t *testing.T) {
			addr := system.serve(t)
			was := net.DefaultResolver
			defer func() { net.DefaultResolver = was }()
			net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "udp", addr)
			}}
			list, err := certs.Resolver("").Published(t.Context(), "www.example.com")
			if err != nil || fmt.Sprint(list) != "[198.51.100.7]" {
				t.Errorf("%v %v", list, err)
			}
		})
	}
}

// TestClosedGateIsQuiet: what stays closed is looked at less and less often, and
// an edit has it looked at once more.
func TestClosedGateIsQuiet(t *testing.T) {
	const look = 10 * time.Millisecond
	defer certs.SetLook(look)()
	var asked atomic.Int64
	addr := namer(func(string, uint16) (int, []string) {
		asked.Add(1)
		return dns.RcodeSuccess, nil
	}).serve(t)
	plan := certs.Plan{Authority: &certs.Authority{Directory: "http://127.0.0.1:1/", Resolver: addr},
		Wants: []certs.Want{{Host: "www.example.com", Kind: certs.ACME}}}
	w := here()
	w.noTXT = true
	h := newHome(t, t.TempDir(), listen(t), listen(t), w)
	defer h.stop()
	began := time.Now()
	h.follow(t, plan)
	h.wait(t, "www.example.com", refused)
	time.Sleep(100 * look)
	turns := int64(time.Since(began) / look)
	if n := asked.Load(); n > turns/2 { // two questions a look
		t.Errorf("%d questions in %d turns", n, turns)
	}
	for n := asked.Load(); asked.Load() == n; {
		h.follow(t, plan)
		time.Sleep(time.Millisecond)
	}
}
