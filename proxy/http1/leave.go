package http1

// Watch waits until the client has left and returns true, or until Unwatch,
// which makes it return false. Nobody may read the connection meanwhile.
//
// A client that only ends its own side (half-close, RFC 9112 section 9.6) has
// not left: it may wait for its answer. ended is called then and decides.
func (c *ServerConn) Watch(ended func() (left bool)) (left bool) {
	if c.in.until.arm(0) != nil {
		return false
	}
	return watch(c.conn, func(end, reset bool) bool { return reset || end && ended() })
}

// AskIfThere tells a client that left from one that only ended its side: it
// sends a 100, which every client of HTTP/1.1 can ignore (RFC 9110 section
// 15.2), and a host whose socket is gone answers with a reset, which Watch
// sees. It never waits, nor does it speak within an answer: a client that takes
// nothing, or is being answered, is not asked.
func (c *ServerConn) AskIfThere() {
	if c.minor == 0 || !c.writing.TryLock() {
		return
	}
	defer c.writing.Unlock()
	c.out.tryWrite(continueHead)
}

var continueHead = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// Unwatch ends Watch; the caller waits for it before it reads again.
func (c *ServerConn) Unwatch() { c.in.until.expire() }

// Resume lets the connection be read again after Unwatch.
func (c *ServerConn) Resume() { c.in.until.renew() }
