package http1

import (
	"net"
	"time"
)

// Ended tells without waiting whether the client has ended its side, and
// whether the whole connection is gone. A client that only ended its side
// (half-close, RFC 9112 section 9.6) has not left: it may wait for its answer.
// Any goroutine may call it.
func (c *ServerConn) Ended() (half, gone bool) { return ended(c.conn) }

// AskIfThere tells a client that left from one that only ended its side: it
// sends a 100, which every client of HTTP/1.1 can ignore (RFC 9110 section
// 15.2), and a host whose socket is gone answers with a reset, which Ended
// sees. It never waits: a client that takes nothing, or is being answered, is
// not asked. Any goroutine may call it.
func (c *ServerConn) AskIfThere() {
	if c.minor == 0 || !c.writing.TryLock() {
		return
	}
	defer c.writing.Unlock()
	if !c.answering {
		c.out.tryWrite(continueHead)
	}
}

// AskWithin is AskIfThere while an answer waits for more of its body. Between
// two chunks a zero may be sent: it begins the size of the next chunk, which may
// have any number of them (RFC 9112 section 7.1), so the body stays what it is.
// An answer in any other framing has no room for a question: then, and while
// bytes are on their way, it returns false. Any goroutine may call it, until it
// has asked once an answer.
func (c *ServerConn) AskWithin() (asked bool) {
	if !c.writing.TryLock() {
		return false
	}
	defer c.writing.Unlock()
	if c.chunking {
		c.out.tryWrite(leadingZero)
	}
	return c.chunking
}

// Silent is how long the client has had all that was sent to it, by the word of
// the kernel: 0 while anything is under way, since a client that takes nothing
// is there. Any goroutine may call it.
func (c *ServerConn) Silent() time.Duration { return silent(c.conn) }

var leadingZero = []byte("0")

var continueHead = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// Abort ends the connection for both sides and wakes whoever waits for it,
// without waiting for them as Close does: a goroutine within Serve holds the
// socket while it works. Its owner still closes it. Any goroutine may call it.
func (c *ServerConn) Abort() {
	socket, _ := socketOf(c.conn)
	t, ok := socket.(*net.TCPConn)
	if !ok {
		c.conn.Close()
		return
	}
	// On a connection that has ended already there is nobody to wake.
	_ = t.CloseRead()
	_ = t.CloseWrite()
	_ = t.SetWriteDeadline(past)
}
