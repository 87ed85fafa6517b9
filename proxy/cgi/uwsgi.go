package cgi

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"

	"forge.home.arpa/portico/proxy/message"
)

// NewUWSGI speaks uwsgi over an established connection: the environment in one
// packet, then the body.
func NewUWSGI(conn net.Conn) *Conn {
	return newConn(conn, &Conn{head: appendUWSGI, small: uwsgiBuffer})
}

const (
	// uwsgiHead is modifier1, the size in two bytes, modifier2: 0 and 0 are a
	// request to an application.
	uwsgiHead = 4
	// uwsgiBuffer is what uWSGI takes unless its buffer-size is raised, in
	// bytes. It closes the connection on more, without a word.
	uwsgiBuffer = 4096
)

// appendUWSGI appends the packet. Its sizes have 16 bits, so that the variable
// of a field fits wherever the whole does.
func appendUWSGI(b []byte, r *message.Request) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = appendLength(b, r, putUWSGI, false)
	b = appendEnvironment(b, r, putUWSGI)
	size := len(b) - start - uwsgiHead
	if size > math.MaxUint16 {
		return nil, &message.Unsendable{Status: 431, Why: fmt.Sprintf("uwsgi carries a head of %d bytes at most, this has %d", math.MaxUint16, size)}
	}
	binary.LittleEndian.PutUint16(b[start+1:], uint16(size))
	return b, nil
}

func putUWSGI(b []byte, name string, value []byte) []byte {
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(name))), name...)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(value))), value...)
}
