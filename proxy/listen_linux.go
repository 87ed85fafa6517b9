package proxy

import (
	"math"
	"net"

	"golang.org/x/sys/unix"
)

// noDevice is the index of no network interface.
const noDevice = math.MaxInt32

// takeNoMore lets the kernel begin no more connections, while those that have
// begun come in: a close would reset them. Bound to an interface from which
// nothing comes, the listener is not there for whoever comes later: they find
// the one that took its place, or are refused.
func takeNoMore(t *net.TCPListener) error {
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, noDevice)
		if failed != nil { // before Linux 5.0: at least nobody queues any more
			failed = unix.Listen(int(fd), 0)
		}
	})
	if err != nil {
		return err
	}
	return failed
}
