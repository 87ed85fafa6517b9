package http1

import (
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// waiter reads from a socket and takes a buffer only once there is something
// to read, so that a connection which waits holds none. Elsewhere than on
// plain sockets it falls back to an ordinary Read.
type waiter struct {
	raw  syscall.RawConn
	src  *source
	step func(fd uintptr) bool // attempt, bound once so that a wait allocates nothing
	err  error
	out  []byte // to be written before the first wait
}

func (w *waiter) init(s *source) {
	w.src = s
	if sc, ok := s.conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			w.raw = raw
			w.step = w.attempt
		}
	}
}

func (w *waiter) read(s *source) error {
	if w.raw == nil {
		return s.plainRead()
	}
	w.err = nil
	if err := w.raw.Read(w.step); err != nil {
		return err
	}
	return w.err
}

// send writes b and waits for what comes back, without a read that cannot find
// anything yet. It leaves the waiting out where not all of b could be written,
// and returns the rest. The socket must have been silent: what came before the
// wait began is noticed only when more comes.
func (w *waiter) send(b []byte) (rest []byte, err error) {
	if w.raw == nil {
		return b, nil
	}
	w.out, w.err = b, nil
	if err := w.raw.Read(w.step); err != nil {
		return w.takeOut(), err
	}
	return w.takeOut(), w.err
}

func (w *waiter) takeOut() (rest []byte) {
	rest, w.out = w.out, nil
	return rest
}

// attempt returns false to be called again when the socket is readable.
func (w *waiter) attempt(fd uintptr) bool {
	if len(w.out) > 0 {
		n, err := writeRetry(int(fd), w.out)
		w.out = w.out[max(n, 0):]
		if err != nil && err != syscall.EAGAIN {
			w.err = err
		}
		return len(w.out) > 0
	}
	s := w.src
	s.acquire()
	n, err := readRetry(int(fd), s.buf)
	switch {
	case n > 0:
		s.w = n
		return true
	case err == syscall.EAGAIN:
		s.release()
		return false
	case err == nil:
		err = io.EOF
	}
	s.release()
	w.err = err
	return true
}

// awaitGone waits, after the peer has ended its side, until the connection has
// ended both ways or is closed; nil where that cannot be told. It costs nothing
// meanwhile: the poller wakes it with the reset.
func (w *waiter) awaitGone() error {
	if w.raw == nil {
		return nil
	}
	err := w.raw.Read(func(fd uintptr) bool { return pollFd(fd, 0)&(unix.POLLERR|unix.POLLHUP) != 0 })
	if err == nil {
		err = syscall.ECONNRESET
	}
	return err
}

// awaitReadable waits until a read of the socket would not wait.
func awaitReadable(socket net.Conn) error {
	sc, ok := socket.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool { return pollFd(fd, unix.POLLIN) != 0 })
}

func writeRetry(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Write(fd, b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

func readRetry(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// probe tells without waiting whether a connection that should be silent is so.
type probe struct {
	raw    syscall.RawConn
	step   func(fd uintptr)
	silent bool
}

func (p *probe) init(conn net.Conn) {
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			p.raw = raw
			p.step = p.look
		}
	}
}

// quiet is false when the peer has closed the connection or has said something
// unasked.
func (p *probe) quiet() bool {
	if p.raw == nil {
		return true
	}
	p.silent = false
	return p.raw.Control(p.step) == nil && p.silent
}

func (p *probe) look(fd uintptr) {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	p.silent = err == syscall.EAGAIN
}

// writable tells without waiting whether the peer is there and takes bytes.
func writable(conn net.Conn) bool {
	return poll(conn, unix.POLLOUT) == unix.POLLOUT
}

// gone tells without waiting whether the connection has ended both ways.
func gone(conn net.Conn) bool {
	return poll(conn, 0)&(unix.POLLERR|unix.POLLHUP) != 0
}

// ended tells without waiting whether the peer has ended its side, and whether
// the connection has ended both ways.
func ended(conn net.Conn) (half, gone bool) {
	happened := poll(conn, unix.POLLRDHUP)
	return happened&unix.POLLRDHUP != 0, happened&(unix.POLLERR|unix.POLLHUP) != 0
}

// silent is how long ago something was sent, where all of it was taken.
func silent(conn net.Conn) (since time.Duration) {
	socket, _ := socketOf(conn)
	sc, ok := socket.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // what is closed has no silence
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && info.Unacked == 0 && info.Notsent_bytes == 0 {
			since = time.Duration(info.Last_data_sent) * time.Millisecond
		}
	})
	return since
}

func poll(conn net.Conn, events int16) (happened int16) {
	socket, _ := socketOf(conn)
	sc, ok := socket.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return unix.POLLERR
	}
	if raw.Control(func(fd uintptr) { happened = pollFd(fd, events) }) != nil {
		return unix.POLLERR
	}
	return happened
}

func pollFd(fd uintptr, events int16) int16 {
	set := []unix.PollFd{{Fd: int32(fd), Events: events}}
	_, _ = unix.Poll(set, 0) // a failure leaves no events
	return set[0].Revents
}
