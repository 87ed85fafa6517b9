package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

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
	h.within = []string{"ip", "netns", "exec", n.home}
	return n
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
// is not used again.
func (n *neighbourhood) in(space string, do func() error) {
	n.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		f, err := os.Open("/run/netns/" + space)
		if err == nil {
			defer f.Close()
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
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
