package network_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/network"
)

// setup makes a small home of one machine: a wire, a bridge with a port, a
// tunnel, and a provider's wire. What it prints is for a test that fails.
const setup = `set -e
mount --make-rprivate /
mount -t sysfs none /sys
ip link set lo up
ip link add eth0 type veth peer name eth0p
ip addr add 192.168.1.5/24 dev eth0
ip -6 addr add fd12::5/64 dev eth0 nodad
ip -6 addr add fe80::5/64 dev eth0 nodad
ip link set eth0 up
ip link set eth0p up
ip link add br0 type bridge
ip link add port type veth peer name portp
ip addr add 172.17.0.1/16 dev br0
ip addr add 172.18.0.1/16 dev port
ip link set port master br0
ip link set br0 up
ip link set port up
ip tuntap add dev tun0 mode tun
ip addr add 10.8.0.2/24 dev tun0
ip link set tun0 up
ip link add wan type veth peer name wanp
ip addr add 46.101.1.2/20 dev wan
ip addr add 10.19.0.5/16 dev wan
ip link set wan up
ip link add off type veth peer name offp
ip addr add 192.168.77.1/24 dev off
ip route add default via 192.168.1.1
ip route add 10.77.0.0/16 via 192.168.1.9
ip -6 route add default via fd12::1
`

// TestReadMachine reads a machine that it made, in a network namespace of its
// own: this test binary again, run in it.
func TestReadMachine(t *testing.T) {
	if os.Getenv("PORTICO_IN_NAMESPACE") != "" {
		printMachine(t)
		return
	}
	inNamespace := needNamespace(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := inNamespace(setup + "exec " + self + " -test.run='^TestReadMachine$' -test.v")
	command.Env = append(os.Environ(), "PORTICO_IN_NAMESPACE=1")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "lan: ")
	text, _, _ = strings.Cut(text, "\n")
	var got network.Named
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	want := []string{"127.0.0.0/8", "172.17.0.0/16", "192.168.1.0/24", "::1/128", "fd12::/64", "fe80::/64"}
	if prefixes := words(got.Prefixes); !slices.Equal(prefixes, want) {
		t.Errorf("networks %v\n    want %v", prefixes, want)
	}
	// The bridge's link-local address is its own choice.
	excepted := words(slices.DeleteFunc(got.Except, func(a netip.Addr) bool { return a.IsLinkLocalUnicast() }))
	if want := []string{"172.17.0.1", "192.168.1.1", "fd12::1"}; !slices.Equal(excepted, want) {
		t.Errorf("except %v, want %v", excepted, want)
	}
	if !strings.Contains(got.Note, "tun0, wan:") {
		t.Errorf("the note is %q", got.Note)
	}
}

func printMachine(t *testing.T) {
	if _, err := network.ReadMachine(); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(network.NewBuiltins().Snapshot()[0])
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("lan: %s\n", b)
}

// needNamespace returns what runs a script in a network namespace of its own,
// as root or as a user who may be root in it. It skips where the setup is not
// permitted, unless everything is required to run.
func needNamespace(t *testing.T) (in func(script string) *exec.Cmd) {
	t.Helper()
	var reason string
	for _, option := range []string{"--mount", "--map-root-user"} {
		in = func(script string) *exec.Cmd {
			return exec.CommandContext(t.Context(), "unshare", "--net", "--mount", option, "sh", "-c", script)
		}
		out, err := in(setup).CombinedOutput()
		if err == nil {
			return in
		}
		reason += fmt.Sprintf("with %s: %v: %s ", option, err, out)
	}
	if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
		t.Fatal("cannot set up a network namespace:", reason)
	}
	t.Skip("cannot set up a network namespace:", reason)
	return nil
}

func words[T fmt.Stringer](list []T) (all []string) {
	for _, x := range list {
		all = append(all, x.String())
	}
	return all
}

// TestThisMachine: the machine that runs the test can be read, and loopback is
// at home on it.
func TestThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("ReadMachine knows Linux")
	}
	m, err := network.ReadMachine()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.Links, func(l network.Link) bool { return l.Loopback && len(l.Addrs) > 0 }) {
		t.Errorf("no loopback among %+v", m.Links)
	}
	b := network.NewBuiltins()
	set, err := network.NewSet([]network.Entry{{Name: "lan"}}, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range m.Gateways {
		if _, ok := set.Contains(g); ok || !b.IsGateway(g) {
			t.Errorf("the gateway %s: at home %v, known %v", g, ok, b.IsGateway(g))
		}
	}
	if _, ok := set.Contains(netip.MustParseAddr("127.0.0.1")); !ok {
		t.Error("127.0.0.1 is not at home")
	}
}

func BenchmarkReadMachine(b *testing.B) {
	for b.Loop() {
		if _, err := network.ReadMachine(); err != nil {
			b.Fatal(err)
		}
	}
}
