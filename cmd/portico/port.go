package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// listening is the proxy as a config.Preparer. Where it cannot listen on an
// address it says where in the file that stands, who holds the port, and what
// to do about it.
type listening struct{ *proxy.Server }

func (l listening) Prepare(c *config.Config) (config.Change, error) {
	change, err := l.Server.Prepare(c)
	if err != nil {
		return nil, listenHelp(err, c)
	}
	return change, nil
}

// listenHelp makes a config.Refusal of each error of listening; any other error
// comes back as it is.
func listenHelp(err error, c *config.Config) error {
	var refusals config.Refusals
	for _, failed := range listenErrors(err) {
		refusals = append(refusals, c.Refuse(failed.Addr, failed.Error(), listenHint(failed), failed))
	}
	switch len(refusals) {
	case 0:
		return err
	case 1:
		return refusals[0]
	}
	return refusals
}

// listenErrors finds every one that err joins.
func listenErrors(err error) (all []*proxy.ListenError) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, listenErrors(one)...)
		}
		return all
	}
	var one *proxy.ListenError
	if errors.As(err, &one) {
		all = append(all, one)
	}
	return all
}

func listenHint(failed *proxy.ListenError) string {
	addr := listenAddress(failed)
	switch {
	case failed.Overlaps != "":
		return "restart portico when the file says so"
	case errors.Is(failed, unix.EADDRINUSE):
		if pid, name, ok := portOwner(addr); ok {
			return fmt.Sprintf("name another address, or stop %d %s", pid, name)
		}
		return "name another address, or stop the process that has it: sudo ss -ltnp shows it"
	case errors.Is(failed, unix.EACCES) && addr.Port() < 1024:
		return "ports below 1024 need a right: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, " +
			"or sudo setcap cap_net_bind_service=+ep " + executable()
	case errors.Is(failed, unix.EADDRNOTAVAIL):
		return "this machine does not have that address"
	}
	return ""
}

// listenAddress is the address that was asked of the system; the zero value
// where the error does not tell.
func listenAddress(err error) netip.AddrPort {
	var op *net.OpError
	if !errors.As(err, &op) {
		return netip.AddrPort{}
	}
	tcp, ok := op.Addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return tcp.AddrPort()
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "portico"
	}
	return path
}

// portOwner finds the process that listens on an address, as far as /proc
// shows it: other people's processes show their files to root alone.
func portOwner(addr netip.AddrPort) (pid int, name string, ok bool) {
	var inodes []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err == nil {
			inodes = append(inodes, listeningInodes(text, addr)...)
		}
	}
	if len(inodes) == 0 {
		return 0, "", false
	}
	dirs, _ := filepath.Glob("/proc/[0-9]*/fd")
	for _, dir := range dirs {
		if !holdsSocket(dir, inodes) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		comm, _ := os.ReadFile(filepath.Join(filepath.Dir(dir), "comm"))
		return pid, string(bytes.TrimSpace(comm)), err == nil
	}
	return 0, "", false
}

func holdsSocket(fdDir string, inodes []string) bool {
	files, err := os.ReadDir(fdDir)
	if err != nil {
		return false
	}
	for _, f := range files {
		target, err := os.Readlink(filepath.Join(fdDir, f.Name()))
		if err == nil && slices.Contains(inodes, target) {
			return true
		}
	}
	return false
}

// listeningInodes reads a table in the form of proc_net_tcp(5) and returns
// the listeners that stand in the way of addr, as "socket:[INODE]".
func listeningInodes(table []byte, addr netip.AddrPort) (inodes []string) {
	const listening = "0A"
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != listening {
			continue
		}
		held, ok := procAddress(f[1])
		if ok && held.Port() == addr.Port() && overlap(held.Addr(), addr.Addr()) {
			inodes = append(inodes, "socket:["+f[9]+"]")
		}
	}
	return inodes
}

// overlap tells whether two listening addresses exclude each other; an invalid
// one is every address.
func overlap(a, b netip.Addr) bool {
	anyAddress := func(a netip.Addr) bool { return !a.IsValid() || a.IsUnspecified() }
	return anyAddress(a) || anyAddress(b) || a.Unmap() == b.Unmap()
}

// procAddress reads "0100007F:1F90": words of the address in the machine's
// byte order (little-endian wherever portico is built for), then the port.
func procAddress(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	if err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	addr, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(addr, uint16(n)), ok && err == nil
}
