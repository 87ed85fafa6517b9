//go:build !linux

package proxy

import (
	"net"
	"syscall"
)

// takeNoMore shortens the queue of connections to what is in it.
func takeNoMore(t *net.TCPListener) error {
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), 0) }); err != nil {
		return err
	}
	return failed
}
