package ddns_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/ddns"
)

// echo is a service that says where a question came from.
func echo(t *testing.T, says string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if says == "" {
			w.WriteHeader(503)
		}
		_, _ = io.WriteString(w, says)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// router is a gateway that speaks NAT-PMP (RFC 6886).
func router(t *testing.T, outer string) func() []netip.Addr {
	t.Helper()
	const port = 5351
	for last := byte(2); last < 250; last++ {
		addr := netip.AddrFrom4([4]byte{127, 53, 51, last})
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
		if err != nil {
			continue
		}
		t.Cleanup(func() { conn.Close() })
		go func() {
			for b := make([]byte, 64); ; {
				_, from, err := conn.ReadFromUDP(b)
				if err != nil {
					return
				}
				ip := netip.MustParseAddr(outer).As4()
				_, _ = conn.WriteToUDP(append([]byte{0, 128, 0, 0, 0, 0, 0, 1}, ip[:]...), from)
			}
		}()
		return func() []netip.Addr { return []netip.Addr{addr} }
	}
	t.Fatal("no loopback address is free for a router")
	return nil
}

// TestConsensus: two of the sources must agree; where they do not, the record
// stays and a person is told why.
func TestConsensus(t *testing.T) {
	const lie = "198.51.100.66"
	for _, c := range []struct {
		name    string
		says    []string
		want    string // "" for none
		problem string
	}{
		{"all agree", []string{v4, v4}, v4, ""},
		{"a liar among three", []string{lie, v4, v4}, v4, ""},
		{"a trace", []string{"fl=1\nip=" + v4 + "\nts=2\n", v4 + "\n"}, v4, ""},
		{"one is down", []string{"", v4, v4}, v4, ""},
		{"one alone is its owner's choice", []string{v4}, v4, ""},
		{"one alone that fails first", []string{"alone", "", v4}, v4, ""},
		{"one alone that contradicts itself", []string{"alone", lie, v4}, "", "the sources disagree about the public address"},
		{"they disagree", []string{lie, v4}, "", "the sources disagree about the public address"},
		{"only one answers", []string{v4, ""}, "", "only one source told the public address"},
		{"none answers", []string{"", ""}, "", "nobody could tell the public address"},
		{"a private address", []string{"192.168.1.5", "192.168.1.5"}, "", "not reachable from outside"},
		{"a carrier's address", []string{"100.64.7.7", "100.64.7.7"}, "", "not reachable from outside"},
		{"a page", []string{page, page}, "", "no address in its answer"},
		{"the other family", []string{"2001:db8::1", "2001:db8::1"}, "", "of the other family"},
		{"a list that never ends", []string{strings.Repeat("1", 1<<20), strings.Repeat("1", 1<<20)}, "", "no address in its answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAPI(t, ok("GET", "good"))
			var urls []string
			if c.says[0] == "alone" { // one operator with several addresses
				one := newAPI(t)
				for i, says := range c.says[1:] {
					one.rules = append(one.rules, ok(fmt.Sprintf("GET /%d", i), says))
					urls = append(urls, fmt.Sprintf("\"%s/%d\"", one.URL, i))
				}
			} else {
				for _, says := range c.says {
					urls = append(urls, fmt.Sprintf("%q", echo(t, says)))
				}
			}
			text := every("noip") + "server = \"" + a.URL + "\"\nsources = [" + strings.Join(urls, ", ") + "]\n"
			s := start(t, text, options{gateways: router(t, v4)})
			s.looked(t, 1)
			account := s.Status().Accounts[0]
			if found := text4(account.V4); found != c.want || !strings.Contains(account.Problem, c.problem) || c.problem == "" && account.Problem != "" {
				t.Errorf("found %q, problem %q", found, account.Problem)
			}
			if asked := a.requests(); (len(asked) > 0) != (c.want != "") {
				t.Errorf("the provider was asked %q", asked)
			}
			if warned := strings.Contains(s.log.String(), "not certain"); warned != (c.problem != "") {
				t.Errorf("the log: %s", s.log)
			}
		})
	}
}

// TestTablesSideBySide: the home is at one address, however many tables find it.
func TestTablesSideBySide(t *testing.T) {
	w := newAPI(t, ok("GET", "good"))
	table := func(name string) string {
		return strings.Replace(every("noip"), "[ddns.home]", "[ddns."+name+"]", 1) + "server = \"" + w.URL + "\"\naddress = \"fixed:" + v4 + "\"\n"
	}
	s := start(t, table("home")+table("lab"), options{})
	s.looked(t, 1)
	for deadline := time.Now().Add(20 * time.Second); s.Status().Accounts[1].Looked.IsZero(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the second table never looked")
		}
	}
	if list := s.Addresses(); len(list) != 1 || list[0].String() != v4 {
		t.Errorf("the home is at %v", list)
	}
}

func text4(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// TestCarrier: a home behind the provider's NAT is told so in words, by what its
// router says of itself.
func TestCarrier(t *testing.T) {
	for outer, says := range map[string]string{
		v4:             "",
		"100.64.0.1":   "100.64.0.1 belongs to the provider's network (CGNAT)",
		"192.168.0.10": "192.168.0.10 is private: another router",
		"192.0.0.4":    "leads nowhere outside (DS-Lite)",
		"198.51.100.9": "the router has 198.51.100.9, but others see 203.0.113.7",
	} {
		t.Run(outer, func(t *testing.T) {
			a := newAPI(t, ok("GET", "good"))
			text := every("noip") + "server = \"" + a.URL + "\"\nsources = [\"" + echo(t, v4) + "\"]\n"
			s := start(t, text, options{gateways: router(t, outer)})
			s.looked(t, 1)
			if got := s.Status().Accounts[0].Carrier; !strings.Contains(got, says) || says == "" && got != "" || got != s.Carrier() {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestRouterAsSource: its outer address is published, unless it is one that
// nobody reaches.
func TestRouterAsSource(t *testing.T) {
	for outer, want := range map[string]bool{v4: true, "100.64.0.1": false} {
		a := newAPI(t, ok("GET", "good"))
		s := start(t, every("noip")+"server = \""+a.URL+"\"\naddress = \"router\"\n", options{gateways: router(t, outer)})
		s.looked(t, 1)
		if asked := a.requests(); (len(asked) > 0) != want {
			t.Errorf("%s: asked %q; %+v", outer, asked, s.Status().Accounts[0])
		}
	}
}

// TestInterface: of an interface's IPv6 addresses, one that stays and that
// strangers reach.
func TestInterface(t *testing.T) {
	const global = "20010db8000000000000000000000001"
	for _, c := range []struct{ name, text, on, want string }{
		{"a global one", global + " 02 40 00 80 eth0", "", "2001:db8::1"},
		{"on the interface asked for", global + " 02 40 00 80 eth0\n20010db8000000000000000000000002 03 40 00 80 eth1", "eth1", "2001:db8::2"},
		{"none there", global + " 02 40 00 80 eth0", "eth1", ""},
		{"temporary", global + " 02 40 00 01 eth0", "", ""},
		{"failed duplicate detection", global + " 02 40 00 88 eth0", "", ""},
		{"deprecated", global + " 02 40 00 20 eth0", "", ""},
		{"tentative", global + " 02 40 00 c0 eth0", "", ""},
		{"temporary, then stable", "20010db800000000000000000000000f 02 40 00 01 eth0\n" + global + " 02 40 00 80 eth0", "", "2001:db8::1"},
		{"managed and no prefix route", global + " 02 40 00 300 eth0", "", "2001:db8::1"},
		{"unique local", "fd000000000000000000000000000002 04 40 00 80 eth0", "", ""},
		{"link-local", "fe8000000000000000fc00fffe000001 04 40 20 80 eth0", "", ""},
		{"loopback", "00000000000000000000000000000001 01 80 10 80 lo", "", ""},
		{"no table", "what is this", "", ""},
		{"short", "20010db8 02 40 00 80 eth0", "", ""},
	} {
		if got := ddns.ReadInet6(c.text, c.on); got.IsValid() != (c.want != "") || got.IsValid() && got.String() != c.want {
			t.Errorf("%s: %s, want %q", c.name, got, c.want)
		}
	}
}
