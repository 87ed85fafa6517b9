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
)

// listenHelp adds to an error of listening who holds the port and what to do
// about it; any other error comes back as it is. file is the configuration.
func listenHelp(err error, file string) error {
	addr, ok := listenAddress(err)
	if !ok {
		return err
	}
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		who := "the process that has it (sudo ss -ltnp shows it)"
		if pid, name, ok := portOwner(addr); ok {
			who = fmt.Sprintf("%d %s", pid, name)
		}
		return fmt.Errorf("%w; change http, https or admin in [server] of %s, or stop %s", err, file, who)
	case errors.Is(err, unix.EACCES) && addr.Port() < 1024:
		return fmt.Errorf("%w; ports below 1024 need a right: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, "+
			"or sudo setcap cap_net_bind_service=+ep %s, or change http and https in [server] of %s", err, executable(), file)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("%w; this machine does not have that address: change http, https or admin in [server] of %s", err, file)
	}
	return err
}

func listenAddress(err error) (netip.AddrPort, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" {
		return netip.AddrPort{}, false
	}
	tcp, ok := op.Addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	return tcp.AddrPort(), true
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
