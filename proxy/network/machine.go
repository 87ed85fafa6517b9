package network

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What is more than this is no home, and reading it every half minute no
// service to anyone.
const (
	mostLinks  = 4096
	mostRoutes = 4 << 20 // bytes of a table of routes
)

// ReadMachine reads the interfaces and default gateways of this machine. It
// knows Linux; elsewhere it says that it cannot. It fails rather than leave out
// a gateway or take a bridge for something else.
func ReadMachine() (Machine, error) {
	links, err := readLinks()
	if err != nil {
		return Machine{}, err
	}
	gateways, err := readGateways("/proc/net/route", gateway4)
	if err != nil {
		return Machine{}, err
	}
	gateways6, err := readGateways("/proc/net/ipv6_route", gateway6)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a kernel without IPv6 has none
		return Machine{}, err
	}
	return Machine{Links: links, Gateways: append(gateways, gateways6...)}, nil
}

func readLinks() ([]Link, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("read interfaces: %w", err)
	}
	if len(interfaces) > mostLinks {
		return nil, fmt.Errorf("read interfaces: %d are more than %d", len(interfaces), mostLinks)
	}
	var links []Link
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		link, port, err := readLink(i)
		if err != nil {
			return nil, fmt.Errorf("read interface %s: %w", i.Name, err)
		}
		if !port {
			links = append(links, link)
		}
	}
	return links, nil
}

// readLink also reports a port of a bridge: its addresses are the bridge's
// matter, and machines with containers have hundreds.
func readLink(i net.Interface) (link Link, port bool, err error) {
	dir := filepath.Join("/sys/class/net", i.Name)
	if _, err := os.Stat(dir); err != nil {
		return Link{}, false, err
	}
	if exists(filepath.Join(dir, "brport")) {
		return Link{}, true, nil
	}
	link = Link{
		Name:         i.Name,
		Bridge:       exists(filepath.Join(dir, "bridge")),
		PointToPoint: i.Flags&net.FlagPointToPoint != 0,
		Loopback:     i.Flags&net.FlagLoopback != 0,
	}
	addrs, err := i.Addrs()
	if err != nil {
		return Link{}, false, err
	}
	for _, a := range addrs {
		if p, ok := prefixOf(a); ok {
			link.Addrs = append(link.Addrs, p)
		}
	}
	return link, false, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func prefixOf(a net.Addr) (netip.Prefix, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	ones, bits := n.Mask.Size()
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, ones), ok && bits == addr.BitLen()
}

// readGateways reads a table of routes, a line each.
func readGateways(path string, gateway func(fields []string) (netip.Addr, bool)) ([]netip.Addr, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	defer f.Close()
	return scanGateways(f, gateway)
}

func scanGateways(r io.Reader, gateway func(fields []string) (netip.Addr, bool)) ([]netip.Addr, error) {
	limited := &io.LimitedReader{R: r, N: mostRoutes}
	lines := bufio.NewScanner(limited)
	var gateways []netip.Addr
	for lines.Scan() {
		if a, ok := gateway(strings.Fields(lines.Text())); ok {
			gateways = append(gateways, a)
		}
	}
	if limited.N == 0 {
		return nil, errors.New("read routes: more than a home has")
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	return gateways, nil
}

const (
	viaGateway     = 0x2 // RTF_GATEWAY in linux/route.h
	longestDefault = 3   // bits: VPNs write 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3
)

// gateway4 reads a line of /proc/net/route: interface, destination, gateway,
// flags, three counters, mask; addresses are network order read as a number of
// this machine.
func gateway4(fields []string) (netip.Addr, bool) {
	if len(fields) < 8 || !hasFlag(fields[3]) {
		return netip.Addr{}, false
	}
	next, ok := native4(fields[2])
	mask, isMask := native4(fields[7])
	if !ok || !isMask {
		return netip.Addr{}, false
	}
	ones, _ := net.IPMask(mask.AsSlice()).Size()
	return next, ones <= longestDefault && !next.IsUnspecified()
}

func native4(text string) (netip.Addr, bool) {
	v, err := strconv.ParseUint(text, 16, 32)
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(v))
	return netip.AddrFrom4(b), err == nil
}

// gateway6 reads a line of /proc/net/ipv6_route: destination and its length,
// source and its length, next hop, metric, two counters, flags, interface.
func gateway6(fields []string) (netip.Addr, bool) {
	if len(fields) < 10 || !hasFlag(fields[8]) {
		return netip.Addr{}, false
	}
	bits, err := strconv.ParseUint(fields[1], 16, 8)
	if err != nil || bits > longestDefault {
		return netip.Addr{}, false
	}
	b, err := hex.DecodeString(fields[4])
	if err != nil {
		return netip.Addr{}, false
	}
	next, ok := netip.AddrFromSlice(b)
	return next, ok && next.Is6() && !next.IsUnspecified()
}

func hasFlag(text string) bool {
	flags, err := strconv.ParseUint(text, 16, 32)
	return err == nil && flags&viaGateway != 0
}
