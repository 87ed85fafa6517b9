package network_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/network"
)

// homeServer is behind a home's router, with containers and a VPN.
func homeServer() (network.Machine, error) {
	return network.Machine{
		Links: []network.Link{
			{Name: "lo", Loopback: true, Addrs: prefixes("127.0.0.1/8", "::1/128", "8.8.8.8/32")},
			{Name: "eth0", Addrs: prefixes("192.168.1.5/24", "2001:db8:1::5/64", "fe80::5/64")},
			{Name: "docker0", Bridge: true, Addrs: prefixes("172.17.0.1/16", "fe80::42/64")},
			{Name: "wg0", PointToPoint: true, Addrs: prefixes("10.8.0.2/24")},
		},
		Gateways: addrs("192.168.1.1", "fe80::1%eth0"),
	}, nil
}

// rentedServer has a provider's wire, and one of its own.
func rentedServer() (network.Machine, error) {
	return network.Machine{
		Links: []network.Link{
			{Name: "lo", Loopback: true, Addrs: prefixes("127.0.0.1/8")},
			{Name: "eth0", Addrs: prefixes("46.101.1.2/20", "10.19.0.5/16", "2a03:b0c0::5/64", "fe80::5/64")},
			{Name: "eth1", Addrs: prefixes("10.110.0.2/20", "fe80::6/64")},
			{Name: "wwan0", Addrs: prefixes("100.72.1.2/29")},
		},
		Gateways: addrs("46.101.0.1"),
	}, nil
}

func bridgedServer() (network.Machine, error) {
	return network.Machine{
		Links:    []network.Link{{Name: "br0", Bridge: true, Addrs: prefixes("10.0.0.5/24", "fd00::5/64")}},
		Gateways: addrs("10.0.0.1", "::ffff:10.0.0.2"),
	}, nil
}

// carelessServer has masks that would make strangers neighbours.
func carelessServer() (network.Machine, error) {
	return network.Machine{Links: []network.Link{
		{Name: "eth0", Addrs: prefixes("192.168.1.5/8")},
		{Name: "eth1", Addrs: prefixes("10.0.0.5/0")},
		{Name: "eth2", Addrs: prefixes("2001:db8::5/32")},
		{Name: "eth3", Addrs: prefixes("10.0.0.5/8", "fd00::5/8")},
	}}, nil
}

func TestLAN(t *testing.T) {
	for _, c := range []struct {
		name    string
		machine func() (network.Machine, error)
		in, out string
	}{
		{"home server", homeServer,
			"127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1 192.168.1.5 192.168.1.200 ::ffff:192.168.1.200 2001:db8:1::77 fe80::77%eth0 fe80::77%docker0 fe80::77 172.17.0.2",
			"192.168.1.1 ::ffff:192.168.1.1 fe80::1%eth0 fe80::1 fe80::42%docker0 172.17.0.1 10.8.0.1 10.8.0.2 fe80::77%wg0 fe80::77%7 8.8.8.8 192.168.2.1 2001:db8:2::1 10.0.0.1"},
		{"rented server", rentedServer,
			"127.0.0.1 10.110.0.3 fe80::77%eth1",
			"46.101.1.3 46.101.1.2 10.19.0.6 2a03:b0c0::6 fe80::77%eth0 100.72.1.3 46.101.0.1"},
		{"bridged server", bridgedServer,
			"10.0.0.77 fd00::77 10.0.0.3",
			"10.0.0.5 fd00::5 10.0.0.1 10.0.0.2"},
		{"careless server", carelessServer,
			"10.9.9.9 fd09::9",
			"192.168.1.6 192.1.1.1 1.1.1.1 2001:db8::6"},
		{"no networks", quiet,
			"127.0.0.1 ::1",
			"192.168.1.1 fe80::1 10.0.0.1 0.0.0.0 ::"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := network.NewBuiltins(network.WithMachine(c.machine))
			set, err := network.NewSet([]network.Entry{{Name: "lan"}}, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range addrs(strings.Fields(c.in)...) {
				if name, ok := set.Contains(a); !ok || name != "lan" {
					t.Errorf("%s is not at home", a)
				}
			}
			for _, a := range addrs(strings.Fields(c.out)...) {
				if _, ok := set.Contains(a); ok {
					t.Errorf("%s is at home", a)
				}
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	b := network.NewBuiltins(network.WithMachine(homeServer))
	b.SetHome(addrs("::ffff:203.0.113.5", "203.0.113.5", "2001:db8::1", "0.0.0.0"))
	var got []string
	for _, n := range b.Snapshot() {
		if n.Name == network.Cloudflare {
			n.Prefixes = n.Prefixes[:1]
		}
		got = append(got, fmt.Sprintf("%+v", n))
	}
	want := []string{
		"{Name:lan Prefixes:[127.0.0.0/8 172.17.0.0/16 192.168.1.0/24 ::1/128 2001:db8:1::/64 fe80::/64] " +
			"Except:[172.17.0.1 192.168.1.1 fe80::1 fe80::42] Dated: Note:without wg0: a tunnel, or on a wire with strangers}",
		"{Name:private Prefixes:[10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10] Except:[] Dated: Note:}",
		"{Name:home Prefixes:[203.0.113.5/32 2001:db8::1/128] Except:[] Dated: Note:}",
		"{Name:cloudflare Prefixes:[173.245.48.0/20] Except:[] Dated:2023-09-28 Note:}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	b.Snapshot()[0].Prefixes[0] = netip.MustParsePrefix("0.0.0.0/0")
	if p := b.Snapshot()[0].Prefixes[0]; p.Bits() == 0 {
		t.Error("a snapshot is not a copy")
	}
}

func TestGateways(t *testing.T) {
	b := network.NewBuiltins(network.WithMachine(homeServer))
	for a, want := range map[string]bool{"192.168.1.1": true, "::ffff:192.168.1.1": true, "fe80::1%eth0": true, "fe80::1": true, "172.17.0.1": false, "::1": false} {
		if got := b.IsGateway(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
	if b.IsGateway(netip.Addr{}) {
		t.Error("no address is a gateway")
	}
}

func TestSetsFollowHome(t *testing.T) {
	b := network.NewBuiltins(network.WithMachine(quiet))
	set, err := network.NewSet([]network.Entry{{Name: "home"}, {Name: "late", Prefixes: prefixes("203.0.113.0/24")}}, b)
	if err != nil {
		t.Fatal(err)
	}
	a := netip.MustParseAddr("203.0.113.5")
	for _, step := range []struct {
		home []netip.Addr
		want string
	}{{nil, "late"}, {addrs("203.0.113.5"), "home"}, {addrs("203.0.113.6"), "late"}, {[]netip.Addr{{}}, "late"}} {
		b.SetHome(step.home)
		if name, _ := set.Contains(a); name != step.want {
			t.Errorf("home %v: %s is in %s, want %s", step.home, a, name, step.want)
		}
	}
}

// machine is one that changes.
type machine struct {
	sync.Mutex
	network.Machine
	err error
}

func (m *machine) read() (network.Machine, error) {
	m.Lock()
	defer m.Unlock()
	return m.Machine, m.err
}

func (m *machine) become(next network.Machine, err error) {
	m.Lock()
	defer m.Unlock()
	m.Machine, m.err = next, err
}

func TestRunFollowsTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		m := &machine{}
		before, _ := homeServer()
		m.become(before, nil)
		b := network.NewBuiltins(network.WithMachine(m.read), network.WithLog(slog.New(slog.NewTextHandler(&text, nil))))
		set, err := network.NewSet([]network.Entry{{Name: "lan"}}, b)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		check := func(when string, want ...bool) {
			t.Helper()
			time.Sleep(31 * time.Second)
			synctest.Wait()
			for i, a := range addrs("192.168.1.77", "192.168.9.77", "127.0.0.1") {
				if _, got := set.Contains(a); got != want[i] {
					t.Errorf("%s: %s is at home: %v", when, a, got)
				}
			}
		}
		check("at first", true, false, true)
		after := network.Machine{Links: []network.Link{{Name: "eth0", Addrs: prefixes("192.168.9.5/24")}}}
		m.become(after, nil)
		check("after a new address", false, true, true)
		m.become(after, errors.New("no routes")) // what was read in part does not count
		check("while it cannot be read", false, false, true)
		check("still", false, false, true)
		if note := b.Snapshot()[0].Note; note != "no routes" {
			t.Errorf("the note is %q", note)
		}
		m.become(after, nil)
		check("again", false, true, true)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if warned := strings.Count(text.String(), "level=WARN"); warned != 1 {
			t.Errorf("%d warnings in\n%s", warned, &text)
		}
		if told := strings.Count(text.String(), "level=INFO"); told != 4 {
			t.Errorf("%d changes in\n%s", told, &text)
		}
	})
}

// TestConcurrentChange lets all that is concurrent meet, for the race detector.
func TestConcurrentChange(t *testing.T) {
	b := network.NewBuiltins(network.WithMachine(homeServer))
	set, err := network.NewSet([]network.Entry{{Name: "lan"}, {Name: "home"}}, b)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 100 {
				b.SetHome(addrs("203.0.113.5"))
				b.Snapshot()
				if name, _ := set.Contains(netip.MustParseAddr("203.0.113.5")); name != "home" {
					t.Errorf("203.0.113.5 is in %q", name)
				}
			}
		})
	}
	group.Wait()
}
