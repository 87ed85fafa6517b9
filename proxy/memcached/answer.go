package memcached

import (
	"bytes"
	"io"
	"net"
	"strconv"

	"forge.home.arpa/portico/proxy/message"
)

// flagGzip says that a value is compressed.
const flagGzip = 2

// readAnswer reads the line before a value, or that there is none.
func (c *Conn) readAnswer(x *message.Exchange) error {
	line, err := c.line()
	if err != nil {
		return err
	}
	x.ResponseHead = x.Copy(line)
	r := &x.Response
	r.Reason, r.Body, r.Length, r.Trailers = nil, nil, 0, nil
	if string(line) == "END" {
		r.Status, c.complete = 404, true
		c.giveBuffer()
		return nil
	}
	flags, size, err := parseValue(line, x.Request.Path)
	if err != nil {
		return err
	}
	r.Status, r.Length, c.left = 200, size, size
	if flags&flagGzip != 0 {
		r.Fields.Add("Content-Encoding", []byte("gzip"))
	}
	if size == 0 {
		_, err = c.last()
		return err
	}
	if !x.Request.IsHEAD() {
		r.Body = (*value)(c)
	}
	return nil
}

// line reads a line; it is valid until the next read.
func (c *Conn) line() ([]byte, error) {
	for {
		data := c.unread()
		if i := bytes.IndexByte(data[:min(len(data), maxLine)], '\n'); i >= 0 {
			c.r += i + 1
			if i == 0 || data[i-1] != '\r' {
				return nil, bad("a line ends without CR")
			}
			return data[:i-1], nil
		}
		if len(data) >= maxLine {
			return nil, bad("a line is too long")
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// parseValue reads "VALUE key flags bytes", perhaps with another number behind.
// A value of another key would be somebody else's page.
func parseValue(line, key []byte) (flags uint64, size int64, err error) {
	rest, ok := bytes.CutPrefix(line, []byte("VALUE "))
	if !ok {
		return 0, 0, bad("it says " + strconv.QuoteToASCII(string(line[:min(len(line), 64)])))
	}
	words := bytes.Split(rest, []byte(" "))
	if len(words) < 3 || len(words) > 4 {
		return 0, 0, bad("a malformed VALUE")
	}
	if !bytes.Equal(words[0], key) {
		return 0, 0, bad("the value of another key")
	}
	flags, ok = number(words[1], 1<<32-1)
	n, ok2 := number(words[2], 1<<62)
	switch {
	case !ok || !ok2:
		return 0, 0, bad("a malformed VALUE")
	case n > maxValue:
		return 0, 0, bad("a value of more than 1 GB")
	}
	return flags, int64(n), nil
}

// number reads digits and nothing else.
func number(b []byte, most uint64) (n uint64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > most/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(b) > 0 && n <= most
}

func bad(why string) error { return &message.BadResponse{Why: why} }

// value is the body of an answer. It implements message.Body.
type value Conn

var ending = []byte("\r\nEND\r\n")

// Next implements message.Body. At least the last byte of a value is kept back
// until the end behind it is there: who got all bytes would take a broken
// answer for a complete one.
func (v *value) Next() ([]byte, error) {
	c := (*Conn)(v)
	if c.left == 0 {
		c.giveBuffer()
		return nil, io.EOF
	}
	for {
		if c.endHere() {
			return c.last()
		}
		if n := c.early(); n > 0 {
			c.r, c.left = c.r+n, c.left-int64(n)
			return c.buf[c.r-n : c.r], nil
		}
		if err := c.conn.SetReadDeadline(until(c.idle)); err != nil {
			return nil, err
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// Ready implements message.Body.
func (v *value) Ready() bool {
	c := (*Conn)(v)
	return c.left == 0 || c.endHere() || c.early() > 0
}

// endHere tells whether the rest of the value is there and what must follow it.
func (c *Conn) endHere() bool { return int64(len(c.unread())) >= c.left+int64(len(ending)) }

// early is how many bytes can be given out before the end is there.
func (c *Conn) early() int { return int(min(int64(len(c.unread())), c.left-1)) }

// last gives out the rest of the value once what must follow it is there, and
// takes that off.
func (c *Conn) last() ([]byte, error) {
	n := int(c.left)
	for len(c.unread()) < n+len(ending) {
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
	rest := c.unread()
	if !bytes.Equal(rest[n:n+len(ending)], ending) {
		return nil, bad("the value does not end as it said")
	}
	c.r += n + len(ending)
	c.left, c.complete = 0, true
	return rest[:n], nil
}

// giveBuffer gives the buffer back at the end of an answer, unless something
// nobody asked for lies in it: then the connection is of no more use.
func (c *Conn) giveBuffer() {
	if c.r == c.w {
		c.Release()
	}
}

func (c *Conn) unread() []byte {
	if c.buf == nil {
		return nil
	}
	return c.buf[c.r:c.w]
}

// fill waits for more under the deadline that stands.
func (c *Conn) fill() error {
	if c.buf == nil {
		c.buf = buffers.Get().(*buffer)
	}
	if c.r > 0 {
		c.w = copy(c.buf[:], c.buf[c.r:c.w])
		c.r = 0
	}
	n, err := c.conn.Read(c.buf[c.w:])
	if n > 0 {
		c.w, c.answered = c.w+n, true
		return nil
	}
	if err == nil || err == io.EOF && c.answered {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Ping asks the server for its version, as a health check. The caller sets the
// deadline; the error is the connection's, or a *message.BadResponse.
func Ping(conn net.Conn) error {
	if _, err := io.WriteString(conn, "version\r\n"); err != nil {
		return err
	}
	c := NewConn(conn)
	defer c.Release()
	line, err := c.line()
	if err == nil && !bytes.HasPrefix(line, []byte("VERSION ")) {
		err = bad("it does not speak memcached")
	}
	return err
}
