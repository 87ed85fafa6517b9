package cgi

import (
	"encoding/binary"
	"net"

	"forge.home.arpa/portico/proxy/message"
)

// NewFastCGI speaks FastCGI over an established connection, as a web server
// does to a responder.
func NewFastCGI(conn net.Conn) *Conn {
	return newConn(conn, &Conn{head: appendFastCGI, records: &records{}})
}

// Types of records.
const (
	typeBegin        = 1
	typeEnd          = 3
	typeParams       = 4
	typeStdin        = 5
	typeStdout       = 6
	typeStderr       = 7
	typeValues       = 9
	typeValuesResult = 10
	typeUnknown      = 11
)

const (
	fastCGIVersion = 1
	recordHead     = 8
	// recordMost is the longest content that needs no padding, in bytes.
	recordMost = 65528
	// requestID is that of every request: there is one on a connection.
	requestID = 1
)

// begin asks for a responder; flags are 0, so that the application closes the
// connection.
var begin = []byte{fastCGIVersion, typeBegin, 0, requestID, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}

func appendFastCGI(b []byte, r *message.Request) ([]byte, error) {
	params := appendLength(nil, r, putFastCGI, false)
	params = appendEnvironment(params, r, putFastCGI)
	b = append(b, begin...)
	b = appendStream(b, typeParams, params)
	return appendRecord(b, typeParams, nil), nil // the end of the params
}

// appendStream appends as many records as data needs, none for no data: an
// empty record ends a stream.
func appendStream(b []byte, kind byte, data []byte) []byte {
	for len(data) > 0 {
		n := min(len(data), recordMost)
		b = appendRecord(b, kind, data[:n])
		data = data[n:]
	}
	return b
}

func appendRecord(b []byte, kind byte, content []byte) []byte {
	return append(appendRecordHead(b, kind, len(content)), content...)
}

func appendRecordHead(b []byte, kind byte, size int) []byte {
	return append(b, fastCGIVersion, kind, 0, requestID, byte(size>>8), byte(size), 0, 0)
}

func putFastCGI(b []byte, name string, value []byte) []byte {
	b = appendSize(b, len(name))
	b = appendSize(b, len(value))
	return append(append(b, name...), value...)
}

// appendSize appends a length in one byte, or in four with the top bit set.
func appendSize(b []byte, n int) []byte {
	if n < 128 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n)|1<<31)
}
