package http1

import (
	"io"
	"syscall"
	"time"
)

// serveReady serves within one RawConn.Read: its function is called again each
// time the socket becomes readable, so that nothing is read in vain. A short
// read means that the socket is empty, and whatever comes later wakes us. Only
// the end of the client's side can hide behind bytes that came with it: see
// Ended. The first read of a connection, after which most of those clients end
// that end theirs at all, is therefore followed by another.
func (c *ServerConn) serveReady(idle time.Duration, turn func() Turn) (served bool, err error) {
	if c.in.ready.raw == nil {
		return false, nil
	}
	if err := c.in.until.arm(idle); err != nil {
		return true, err
	}
	var failed error
	err = c.in.ready.raw.Read(func(fd uintptr) (done bool) {
		done, failed = c.turns(int(fd), idle, turn)
		return done
	})
	if err != nil {
		return true, err
	}
	return true, failed
}

// turns reads and serves until the socket is empty.
func (c *ServerConn) turns(fd int, idle time.Duration, turn func() Turn) (done bool, err error) {
	for emptied := false; ; {
		if c.in.empty() {
			if emptied {
				return false, c.in.until.arm(idle)
			}
			n, err := c.readNow(fd)
			if err == syscall.EAGAIN {
				return false, c.in.until.arm(idle)
			}
			if err != nil {
				return true, err
			}
			emptied = n < bufferSize && c.seasoned
			c.seasoned = true
		}
		if turn() == Leave {
			return true, nil
		}
	}
}

// readNow reads what is there into an empty source.
func (c *ServerConn) readNow(fd int) (n int, err error) {
	c.in.release()
	c.in.acquire()
	n, err = readRetry(fd, c.in.buf)
	if n > 0 {
		c.in.w = n
		return n, nil
	}
	c.in.release()
	if err == nil {
		err = io.EOF
	}
	return 0, err
}
