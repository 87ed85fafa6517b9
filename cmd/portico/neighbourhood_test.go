package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// The addresses of a neighbourhood.
const (
	atHome    = "192.168.77.5"
	atRouter  = "192.168.77.1"
	atPublic  = "203.0.113.7"  // of the router, outside
	onlineOne = "198.51.100.1" // strangers
	onlineTwo = "198.51.100.2"
)

// neighbourhood is a home behind its router in network namespaces of their own;
// strangers live in the router's.
type neighbourhood struct {
	t            *testing.T
	home, router string // namespaces

	mu     sync.Mutex
	outer  string // address, as the router says over NAT-PMP
	opened map[uint16]uint16
	refuse byte // NAT-PMP's result, 0 for none
}

func newNeighbourhood(t *testing.T, h *home) *neighbourhood {
	t.Helper()
	prefix := fmt.Sprintf("doctor%d", os.Getpid())
	n := &neighbourhood{t: t, home: prefix + "home", router: prefix + "router", outer: atPublic, opened: map[uint16]uint16{}}
	for _, name := range []string{n.home, n.router} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
				t.Fatalf("no network namespace can be made: %v\n%s", err, out)
			}
			t.Skipf("no network namespace can be made: %v", err)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
		n.ip(name, "link set lo up")
	}
	n.run("ip", "-n", n.home, "link", "add", "eth0", "type", "veth", "peer", "name", "in0", "netns", n.router)
	n.ip(n.home, "addr add "+atHome+"/24 dev eth0")
	n.ip(n.home, "link set eth0 up")
	n.ip(n.router, "addr add "+atRouter+"/24 dev in0")
	n.ip(n.router, "link set in0 up")
	for _, addr := range []string{atPublic, onlineOne, onlineTwo} {
		n.ip(n.router, "addr add "+addr+"/32 dev lo")
	}
	n.ip(n.home, "route add default via "+atRouter)
	// The home's resolver is the router.
	h.write("resolv.conf", "nameserver "+atRouter+"\n")
	h.within = []string{"ip", "netns", "exec", n.home, "unshare", "-m", "sh", "-c",
		"mount --bind " + h.path("resolv.conf") + " /etc/resolv.conf && exec \"$0\" \"$@\""}
	return n
}

// forward has the router send strangers and those at home to the home's doors.
func (n *neighbourhood) forward() {
	n.t.Helper()
	n.run("ip", "netns", "exec", n.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	n.run("ip", "netns", "exec", n.router, "nft", "add table ip nat; add chain ip nat before { type nat hook prerouting priority -100; }; "+
		"add chain ip nat after { type nat hook postrouting priority 100; }; "+
		"add rule ip nat before ip daddr "+atPublic+" tcp dport { 80, 443 } dnat to "+atHome+"; "+
		"add rule ip nat after oifname in0 masquerade")
}

// says has a stranger's or the router's web server answer everything alike.
func (n *neighbourhood) says(addr, text string) {
	n.t.Helper()
	var l net.Listener
	n.in(n.router, func() (err error) { l, err = net.Listen("tcp", addr); return err })
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })}
	go func() { _ = s.Serve(l) }()
	n.t.Cleanup(func() { s.Close() })
}

// names is a server of names: addresses by name, of both families.
func (n *neighbourhood) names(addr string, leads map[string]string) {
	n.t.Helper()
	conn := n.hear(n.router, addr)
	s := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		name := q.Question[0].Name
		to, known := leads[strings.TrimSuffix(strings.ToLower(name), ".")]
		if !known {
			m.Rcode = dns.RcodeNameError
		}
		for one := range strings.FieldsSeq(to) {
			kind := dns.TypeA
			if strings.Contains(one, ":") {
				kind = dns.TypeAAAA
			}
			if rr, err := dns.NewRR(name + " 0 IN " + dns.TypeToString[kind] + " " + one); err == nil && q.Question[0].Qtype == kind {
				m.Answer = append(m.Answer, rr)
			}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	n.t.Cleanup(func() { _ = s.Shutdown() })
}

func (n *neighbourhood) ip(space, command string) {
	n.t.Helper()
	n.run("ip", append([]string{"-n", space}, strings.Fields(command)...)...)
}

func (n *neighbourhood) run(command string, args ...string) string {
	n.t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// in does something in a namespace; sockets that it opens stay there. The thread
// comes back: it may be the process's first, whose network /proc/net shows.
func (n *neighbourhood) in(space string, do func() error) {
	n.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	back, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		n.t.Fatal(err)
	}
	defer back.Close()
	there, err := os.Open("/run/netns/" + space)
	if err != nil {
		n.t.Fatal(err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		n.t.Fatal(err)
	}
	err = do()
	if back := unix.Setns(int(back.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // nothing else may run on this thread
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// hear opens a port for datagrams.
func (n *neighbourhood) hear(space, addr string) (c net.PacketConn) {
	n.t.Helper()
	n.in(space, func() (err error) { c, err = net.ListenPacket("udp", addr); return err })
	n.t.Cleanup(func() { c.Close() })
	return c
}

// natpmp has the router speak NAT-PMP.
func (n *neighbourhood) natpmp() {
	conn := n.hear(n.router, atRouter+":5351")
	go func() {
		for b := make([]byte, 64); ; {
			_, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(n.mapping(b), from)
		}
	}()
}

func (n *neighbourhood) mapping(q []byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if q[1] == 0 {
		ip := netip.MustParseAddr(n.outer).As4()
		return append([]byte{0, 128, 0, 0, 0, 0, 0, 1}, ip[:]...)
	}
	inner, outer, seconds := binary.BigEndian.Uint16(q[4:]), binary.BigEndian.Uint16(q[6:]), binary.BigEndian.Uint32(q[8:])
	switch {
	case n.refuse != 0:
	case seconds != 0:
		n.opened[outer] = inner
	default:
		for port, to := range n.opened {
			if to == inner {
				delete(n.opened, port)
			}
		}
	}
	out := binary.BigEndian.AppendUint16([]byte{0, q[1] | 128, 0, n.refuse, 0, 0, 0, 1}, inner)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(out, outer), seconds)
}

func (n *neighbourhood) maps() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return fmt.Sprint(n.opened)
}
