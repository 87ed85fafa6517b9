//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// client speaks as much HTTP/1.1 as the load needs, at little cost: it takes
// CPU from the origin, never from the proxy.
type client struct {
	conn net.Conn
	buf  []byte
}

func (c *client) close() {
	if c != nil {
		c.conn.Close()
	}
}

// do sends a request and reads its answer, whose body must be size bytes of
// the pattern.
func (c *client) do(size int) error {
	if _, err := c.conn.Write([]byte(request)); err != nil {
		return err
	}
	n, end, err := c.readHead()
	if err != nil {
		return err
	}
	if err := checkHead(c.buf[:end], size); err != nil {
		return err
	}
	return c.readBody(c.buf[end:n], size)
}

// readHead reads until the buffer holds a head, which ends at end of n bytes.
func (c *client) readHead() (n, end int, err error) {
	for {
		got, err := c.conn.Read(c.buf[n:])
		n += got
		if i := bytes.Index(c.buf[:n], []byte("\r\n\r\n")); i >= 0 {
			return n, i + 4, nil
		}
		if err != nil {
			return 0, 0, fmt.Errorf("read a head: %w", err)
		}
		if n == len(c.buf) {
			return 0, 0, errors.New("the head does not end")
		}
	}
}

func checkHead(head []byte, size int) error {
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		line, _, _ := strings.Cut(string(head), "\r\n")
		return fmt.Errorf("answered %q", line)
	}
	length, err := contentLength(head)
	if err == nil && length != size {
		err = fmt.Errorf("answered %d bytes, want %d", length, size)
	}
	return err
}

func contentLength(head []byte) (int, error) {
	const name = "\r\ncontent-length:"
	for i := range head {
		if len(head)-i > len(name) && head[i] == '\r' && bytes.EqualFold(head[i:i+len(name)], []byte(name)) {
			value, _, _ := bytes.Cut(head[i+len(name):], []byte("\r\n"))
			return strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	return 0, errors.New("the answer has no Content-Length")
}

// readBody checks what was read with the head, and the rest as it comes.
func (c *client) readBody(first []byte, size int) error {
	block, at := first, 0
	for {
		if at+len(block) > size {
			return errors.New("more bytes than the answer has")
		}
		if !bytes.Equal(block, pattern[at%period:][:len(block)]) {
			return fmt.Errorf("the body differs from the origin's after byte %d", at)
		}
		at += len(block)
		if at == size {
			return nil
		}
		n, err := c.conn.Read(c.buf)
		if err != nil && n == 0 {
			return fmt.Errorf("read a body, %d of %d bytes: %w", at, size, err)
		}
		block = c.buf[:n]
	}
}
