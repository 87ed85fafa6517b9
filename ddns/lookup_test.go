package ddns_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"forge.home.arpa/portico/ddns"
)

// zoneAt serves names on port 53 of an address: "name kind" to its records. What
// a leading "*" stands for is all that has no line of its own.
func zoneAt(t *testing.T, addr string, authority bool, records map[string]string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", addr+":53")
	if err != nil {
		if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
			t.Fatal(err)
		}
		t.Skip("no server of names can listen here: ", err)
	}
	s := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Authoritative = authority
		name, kind := q.Question[0].Name, dns.TypeToString[q.Question[0].Qtype]
		data, known := records[strings.ToLower(name)+" "+kind]
		if !known {
			data, known = records["* "+kind]
		}
		if known {
			rr, err := dns.NewRR(name + " 0 IN " + kind + " " + data)
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return addr + ":53"
}

// TestLookupBehindAResolver: what the home's own resolver says of the home's
// names is not what the world is told; where the world cannot be asked, nobody
// knows.
func TestLookupBehindAResolver(t *testing.T) {
	zoneAt(t, "127.53.0.1", true, map[string]string{"www.example.com. A": "198.51.100.7", "portico-looks.example.com. A": "198.51.100.8"})
	zoneAt(t, "127.53.0.2", true, map[string]string{"* A": "192.168.1.5"})
	zoneAt(t, "127.53.0.3", true, nil)
	world := map[string]string{"example.com. NS": "ns.example.net.", "ns.example.net. A": "127.53.0.1"}
	public := zoneAt(t, "127.53.0.4", false, world)
	dead := "127.53.0.9:53"
	systems := map[string]map[string]string{
		"a mere forwarder": world,
		"a Pi-hole with a record for all below the domain":   {"* A": "192.168.1.5"},
		"a zone of the same name inside":                     {"example.com. NS": "ns.home.", "ns.home. A": "127.53.0.2"},
		"a zone inside that lacks the name":                  {"example.com. NS": "ns.home.", "ns.home. A": "127.53.0.3"},
		"a zone inside whose server is dead":                 {"example.com. NS": "ns.home.", "ns.home. A": "127.53.0.9"},
		"the zone's servers are named, and led to the house": {"example.com. NS": "ns.example.net.", "* A": "127.53.0.2"},
	}
	system := 0x10
	for title, records := range systems {
		t.Run(title, func(t *testing.T) {
			addr := zoneAt(t, fmt.Sprintf("127.53.0.%d", system), false, records)
			system++
			was := net.DefaultResolver
			defer func() { net.DefaultResolver = was }()
			net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "udp", addr)
			}}
			defer ddns.SetPublicServers(dead, public)()
			for fqdn, want := range map[string]string{"www.example.com": "198.51.100.7", "*.example.com": "198.51.100.8"} {
				a, err := ddns.LookUp(t.Context(), ddns.Name{FQDN: fqdn, Domain: "example.com"})
				if err != nil || a.V4.String() != want || a.V6.IsValid() {
					t.Errorf("%s: %v %v", fqdn, a, err)
				}
			}
			if fmt.Sprint(records) == fmt.Sprint(world) {
				return
			}
			ddns.SetPublicServers(dead)
			if a, err := ddns.LookUp(t.Context(), ddns.Name{FQDN: "www.example.com", Domain: "example.com"}); err == nil {
				t.Errorf("nobody outside could be asked, and yet: %v", a)
			}
		})
	}
}
