package http1

import (
	"errors"

	"forge.home.arpa/portico/proxy/message"
)

// ErrHTTP2 is what ReadRequest says of a client that speaks HTTP/2 without
// asking (RFC 9113 section 3.3). Handover gives its bytes to who understands it.
var ErrHTTP2 = errors.New("http1: the client speaks HTTP/2")

// isPreface tells whether a head is the beginning of HTTP/2, which looks like
// one by design (RFC 9113 section 3.4).
func isPreface(head []byte) bool { return string(head) == "PRI * HTTP/2.0\r\n\r\n" }

// Handover ends the use of the connection as HTTP/1 and returns what was read
// of it and not understood.
func (c *ServerConn) Handover() ([]byte, error) {
	read := append([]byte(nil), c.in.unread()...)
	c.in.release()
	c.in.until.renew()
	return read, c.conn.SetDeadline(noTime)
}

// JudgeHead reads a request that came in another version, written down as a
// head of HTTP/1.1 with its empty line, and holds it to the same rules: two
// parsers would sooner or later disagree about what reaches an upstream. What
// cannot stand in such a head must have been replaced by a byte that is refused
// there. The fields lie in head. The error is a *BadRequest.
func JudgeHead(head []byte, x *message.Exchange, l Limits) error {
	var s scan
	n, err := s.end(head, l)
	if err == nil && n != len(head) {
		err = errStart
	}
	if err == nil {
		var h requestHead
		err = parseRequest(head, x, &h, l.Fields)
	}
	if err != nil {
		return asBadRequest(err)
	}
	return nil
}
