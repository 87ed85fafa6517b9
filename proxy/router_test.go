package proxy_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
)

// neighbourhood is a home behind its router, and a visitor on the internet:
// each is a network namespace. The router passes port 80 on to the home.
type neighbourhood struct {
	t                     *testing.T
	home, router, visitor string
}

const (
	homeAddr, routerInside     = "192.168.77.2", "192.168.77.1"
	visitorAddr, routerOutside = "198.51.100.7", "198.51.100.1"
)

func newNeighbourhood(t *testing.T) *neighbourhood {
	program(t, "iproute2", "ip")
	program(t, "nftables", "nft")
	program(t, "curl", "curl")
	prefix := fmt.Sprintf("portico%d", os.Getpid())
	n := &neighbourhood{t, prefix + "home", prefix + "router", prefix + "visitor"}
	for _, name := range []string{n.home, n.router, n.visitor} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
				t.Fatalf("no network namespace can be made: %v\n%s", err, out)
			}
			t.Skipf("no network namespace can be made: %v", err)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	}
	n.wire(n.home, homeAddr, routerInside, "in0")
	n.wire(n.visitor, visitorAddr, routerOutside, "out0")
	n.in(n.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	n.in(n.router, "nft", "add table ip nat; add chain ip nat before { type nat hook prerouting priority -100; }; "+
		"add chain ip nat after { type nat hook postrouting priority 100; }; "+
		"add rule ip nat before iifname out0 tcp dport 80 dnat to "+homeAddr+":80")
	return n
}

// wire connects a namespace with the router, which is its way to all others.
func (n *neighbourhood) wire(space, addr, gateway, port string) {
	n.t.Helper()
	n.run("ip", "-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", n.router)
	for _, end := range []struct{ space, link, addr string }{{space, "eth0", addr}, {n.router, port, gateway}} {
		n.run("ip", "-n", end.space, "addr", "add", end.addr+"/24", "dev", end.link)
		n.run("ip", "-n", end.space, "link", "set", end.link, "up")
		n.run("ip", "-n", end.space, "link", "set", "lo", "up")
	}
	n.run("ip", "-n", space, "route", "add", "default", "via", gateway)
}

// hide has the router put its own address in place of its visitors'.
func (n *neighbourhood) hide() {
	n.t.Helper()
	n.in(n.router, "nft", "add rule ip nat after oifname in0 masquerade")
}

func (n *neighbourhood) in(space string, command ...string) string {
	n.t.Helper()
	return n.run("ip", append([]string{"netns", "exec", space}, command...)...)
}

func (n *neighbourhood) run(command string, args ...string) string {
	n.t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// visit asks from the internet and returns what the home answers.
func (n *neighbourhood) visit(host string) string {
	n.t.Helper()
	return n.in(n.visitor, "curl", "-sS", "--noproxy", "*", "--max-time", "10", "-H", "Host: "+host, "http://"+routerOutside+"/")
}

func TestRouterHidesVisitors(t *testing.T) {
	n := newNeighbourhood(t)
	c := startChild(t, "0.0.0.0:80", bansOn+"[route.app]\nhost = [\"www.example.com\", \"app.home.arpa\", \""+routerOutside+"\"]\nto = \"builtin://whoami\"\n",
		exec.Command("ip", "netns", "exec", n.home, os.Args[0]))

	if body := n.visit("www.example.com"); !strings.Contains(body, "X-Real-IP: "+visitorAddr+"\n") {
		t.Fatalf("the visitor's address does not arrive:\n%s", body)
	}
	st := c.status()
	if len(st.Warnings) > 0 || st.Bans.Suspended != "" || !st.Bans.On {
		t.Errorf("nothing is hidden: warnings %+v, bans %+v", st.Warnings, st.Bans)
	}
	for range 3 {
		n.visit("elsewhere.example.com")
	}
	if st = c.status(); st.Bans.Count != 1 || st.Bans.Newest[0].Client.String() != visitorAddr+"/32" {
		t.Errorf("bans %+v", st.Bans)
	}

	n.hide()
	for _, host := range []string{"app.home.arpa", routerOutside} {
		if body := n.visit(host); !strings.Contains(body, "X-Real-IP: "+routerInside+"\n") {
			t.Fatalf("the router hides nobody:\n%s", body)
		}
		if st = c.status(); len(st.Warnings) > 0 {
			t.Errorf("%s is no public name: warnings %+v", host, st.Warnings)
		}
	}
	for range 5 {
		n.visit("www.example.com")
		n.visit("elsewhere.example.com")
	}
	st = c.status()
	if len(st.Warnings) != 1 || st.Warnings[0].What != proxy.HidesVisitors || st.Warnings[0].Since.IsZero() {
		t.Errorf("warnings %+v", st.Warnings)
	}
	if st.Bans.Suspended != proxy.HidesVisitors || st.Bans.Count != 1 {
		t.Errorf("bans %+v", st.Bans)
	}
	if body := n.visit("www.example.com"); !strings.Contains(body, "X-Real-IP: "+routerInside+"\n") {
		t.Errorf("all visitors were shut out at once:\n%s", body)
	}
}
