package cgi

import (
	"bytes"
	"net"
	"strconv"

	"forge.home.arpa/portico/proxy/message"
)

// NewSCGI speaks SCGI over an established connection: the environment as one
// netstring, then the body.
func NewSCGI(conn net.Conn) *Conn { return newConn(conn, &Conn{head: appendSCGI}) }

func appendSCGI(b []byte, r *message.Request) ([]byte, error) {
	env := appendLength(nil, r, putSCGI, true) // it must come first
	env = putSCGI(env, "SCGI", []byte("1"))
	env = appendEnvironment(env, r, putSCGI)
	b = append(strconv.AppendInt(b, int64(len(env)), 10), ':')
	return append(append(b, env...), ','), nil
}

// putSCGI leaves out what holds a zero byte: it would begin another variable.
// The path and the fields of a request have none.
func putSCGI(b []byte, name string, value []byte) []byte {
	if bytes.IndexByte(value, 0) >= 0 {
		return b
	}
	b = append(append(b, name...), 0)
	return append(append(b, value...), 0)
}
