package network

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// As Linux writes them, here on a machine of little endian.
const (
	routes4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
tun0	00000000	0100080A	0003	0	0	0	00000080	0	0	0
tun0	00000080	0200080A	0003	0	0	0	00000080	0	0	0
eth0	0000640A	0901A8C0	0003	0	0	0	0000FFFF	0	0	0
ppp0	00000000	00000000	0001	0	0	0	00000000	0	0	0
eth1	00000000	0301A8C0	0001	0	0	0	00000000	0	0	0
`
	routes6 = `20010db8000100000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
20000000000000000000000000000000 03 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     tun0
20010db8000900000000000000000000 30 00000000000000000000000000000000 00 fd000000000000000000000000000009 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
)

func TestGatewayLines(t *testing.T) {
	if next, _ := native4("0100007F"); next != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		t.Log("this machine writes addresses the other way round: IPv4 is left to the namespace test")
	} else if got := gateways(t, routes4, gateway4); got != "192.168.1.1 10.8.0.1 10.8.0.2" {
		t.Errorf("IPv4: %s", got)
	}
	if got := gateways(t, routes6, gateway6); got != "fe80::1 fd00::1" {
		t.Errorf("IPv6: %s", got)
	}
}

func gateways(t *testing.T, text string, gateway func([]string) (netip.Addr, bool)) string {
	t.Helper()
	found, err := scanGateways(strings.NewReader(text), gateway)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, a := range found {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}

// TestGatewaysAllOrNone: a table that is not read to its end could hide the one
// gateway that matters.
func TestGatewaysAllOrNone(t *testing.T) {
	line := strings.Split(routes6, "\n")[0] + "\n"
	if _, err := scanGateways(strings.NewReader(strings.Repeat(line, mostRoutes/len(line)+1)), gateway6); err == nil {
		t.Error("a table too long was read in part")
	}
	if _, err := scanGateways(strings.NewReader(strings.Repeat("x", 1<<20)), gateway6); err == nil {
		t.Error("a line too long was read in part")
	}
	broken := errors.New("broken")
	if _, err := scanGateways(iotest.ErrReader(broken), gateway6); !errors.Is(err, broken) {
		t.Errorf("%v, want broken", err)
	}
	if _, err := readGateways(t.TempDir()+"/none", gateway4); err == nil {
		t.Error("no table was read as an empty one")
	}
}

// FuzzGateway: no line breaks the readers, and what they give is an address.
func FuzzGateway(f *testing.F) {
	for _, line := range slices.Concat(strings.Split(routes4, "\n"), strings.Split(routes6, "\n")) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, gateway := range []func([]string) (netip.Addr, bool){gateway4, gateway6} {
			if a, ok := gateway(strings.Fields(line)); ok && (!a.IsValid() || a.IsUnspecified()) {
				t.Errorf("%q has the gateway %s", line, a)
			}
		}
	})
}
