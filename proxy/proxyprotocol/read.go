// Package proxyprotocol reads the header by which a load balancer says whose
// connection it passes on: the PROXY protocol, versions 1 and 2. It owns the
// two formats, and deliberately does not know who may send one, nor what is
// spoken behind it.
//
// It reads not one byte more than the header has, so what follows is as
// untouched as on any other connection.
package proxyprotocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

const (
	signature = "\r\n\r\n\x00\r\nQUIT\n" // of version 2
	word      = "PROXY "                 // of version 1
	// maxLine is the longest line that version 1 has, CR LF included.
	maxLine = 107
	// shortest is the least that either version has: "PROXY UNKNOWN\r\n".
	shortest = len(word) + len("UNKNOWN\r\n")
	// maxRest bounds version 2 behind its 16 bytes: addresses and what senders
	// add (AWS, GCP, certificates) are far less.
	maxRest = 4 << 10
)

// ErrNone says that the sender did not begin with a PROXY header.
var ErrNone = errors.New("no PROXY header")

// Read reads a header. The address is that of the client; it is not valid where
// the sender speaks for itself or does not know (LOCAL, UNKNOWN). The error is
// io.EOF where nothing came at all.
func Read(r io.Reader) (client netip.Addr, err error) {
	var b [maxLine]byte
	// Its first byte tells of silence, the others must follow.
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return client, err
	}
	if b[0] != signature[0] && b[0] != word[0] {
		return client, ErrNone
	}
	if _, err := io.ReadFull(r, b[1:len(signature)]); err != nil {
		return client, noMore(err)
	}
	switch {
	case string(b[:len(signature)]) == signature:
		return readBinary(r)
	case bytes.HasPrefix(b[:], []byte(word)):
		return readLine(r, b[:])
	}
	return client, ErrNone
}

func noMore(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readLine reads the rest of a line whose first bytes are in b. It asks for as
// many bytes as must still come, whatever they are.
func readLine(r io.Reader, b []byte) (client netip.Addr, err error) {
	n, want := len(signature), shortest-len(signature)
	for {
		if n+want > maxLine {
			return client, errors.New("a PROXY line without an end")
		}
		if _, err := io.ReadFull(r, b[n:n+want]); err != nil {
			return client, noMore(err)
		}
		n += want
		switch b[n-1] {
		case '\n':
			return parseLine(string(b[len(word):n]))
		case '\r':
			want = len("\n")
		default:
			want = len("\r\n")
		}
	}
}

// parseLine reads "TCP4 source destination port port\r\n", single blanks
// between.
func parseLine(s string) (client netip.Addr, err error) {
	s, ended := strings.CutSuffix(s, "\r\n")
	if !ended || strings.ContainsAny(s, "\r\n") {
		return client, errors.New("a PROXY line that ends without CR LF")
	}
	parts := strings.Split(s, " ")
	if parts[0] == "UNKNOWN" { // whatever follows
		return client, nil
	}
	if len(parts) != 5 || parts[0] != "TCP4" && parts[0] != "TCP6" {
		return client, errors.New("a PROXY line that is no TCP4, TCP6 or UNKNOWN with two addresses and ports")
	}
	client, ok := address(parts[1], parts[0] == "TCP4")
	_, also := address(parts[2], parts[0] == "TCP4")
	if !ok || !also {
		return netip.Addr{}, errors.New("a PROXY line with a bad address")
	}
	if !isPort(parts[3]) || !isPort(parts[4]) {
		return netip.Addr{}, errors.New("a PROXY line with a bad port")
	}
	return client, nil
}

func address(s string, is4 bool) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Is4() == is4 && a.Zone() == ""
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == s
}

// The parts of byte 13 and 14 of version 2.
const (
	version2 = 0x20
	local    = 0x0
	proxied  = 0x1
	unspec   = 0x00
	tcp4     = 0x11
	tcp6     = 0x21
	unix     = 0x31
)

// readBinary reads what follows the signature of version 2.
func readBinary(r io.Reader) (client netip.Addr, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return client, noMore(err)
	}
	length := int(binary.BigEndian.Uint16(head[2:]))
	if head[0]&0xf0 != version2 {
		return client, fmt.Errorf("a PROXY header of version %d", head[0]>>4)
	}
	if length > maxRest {
		return client, fmt.Errorf("a PROXY header of %d bytes", length)
	}
	rest := make([]byte, length)
	if _, err := io.ReadFull(r, rest); err != nil {
		return client, noMore(err)
	}
	switch head[0] & 0x0f {
	case local: // the balancer looks whether we are well
		return client, nil
	case proxied:
		return source(head[1], rest)
	}
	return client, errors.New("a PROXY header with an unknown command")
}

// source is the first address of the block.
func source(family byte, block []byte) (client netip.Addr, err error) {
	switch family {
	case unspec, unix:
		return client, nil
	case tcp4:
		if len(block) >= 2*4+2*2 {
			return netip.AddrFrom4([4]byte(block)), nil
		}
	case tcp6:
		if len(block) >= 2*16+2*2 {
			return netip.AddrFrom16([16]byte(block)).Unmap(), nil
		}
	default:
		return client, errors.New("a PROXY header for something else than TCP")
	}
	return client, errors.New("a PROXY header whose addresses are cut off")
}
