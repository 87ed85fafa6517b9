// Package record owns what is remembered of requests: the last of them as
// fixed rows with cursors, the start of their heads, and counters with latency
// histograms. It knows neither routes nor the console.
//
// Everything here is safe for concurrent use; writing never waits for a reader
// longer than the copy of a few rows.
package record

import (
	"net/netip"
	"time"
)

// Row is one request. It has no pointers into the request, so a copy is whole.
type Row struct {
	ID    uint64 // from 1, in the order the requests ended
	Start int64  // Unix nanoseconds
	Phases

	Client netip.Addr
	Peer   netip.Addr

	BytesIn  int64 // body bytes read from the client
	BytesOut int64 // body bytes sent to the client, and relayed ones

	// These are strings of the running snapshot: no copy, no allocation.
	Route    string // "" where no route matched
	Upstream string // its URL; "" where none was asked
	Rule     string // the guard that refused, as "deny lan"; "" where none did

	Detail string // the failure in words, for the owner only; kept up to DetailSize

	Method Method
	Host   Host
	ReqID  ID
	Path   Path // with the query; cut at its length

	// The small ones stand last and together: so a row is ten cache lines.
	Status  uint16 // what the client was sent; 0 when nothing was
	Source  Source // where Client was read
	Cause   Cause  // why it failed; CauseNone when it did not
	Proto   Proto  // what the client spoke
	TLS     bool
	Aborted bool // the answer was begun and could not be finished
	Retries uint8
}

// Phases are the parts of a request's time. A phase that did not happen is 0.
type Phases struct {
	Total     time.Duration
	Guard     time.Duration // matching and guards, until an upstream was chosen
	Queue     time.Duration // waiting for a free place
	Dial      time.Duration
	Handshake time.Duration // TLS with the upstream
	Send      time.Duration // until the head was written, and the body where no answer came before
	FirstByte time.Duration // from there to the first byte of the answer
	Body      time.Duration // from there to the end
}

// Source says where the client's address was read.
type Source uint8

const (
	FromPeer Source = iota
	FromForwardedFor
	FromProxyProtocol
)

func (s Source) String() string {
	switch s {
	case FromForwardedFor:
		return "X-Forwarded-For"
	case FromProxyProtocol:
		return "PROXY protocol"
	}
	return "peer"
}

// Proto is the protocol version the client spoke.
type Proto uint8

const (
	HTTP11 Proto = iota
	HTTP10
	HTTP2
)

func (p Proto) String() string { return [...]string{"HTTP/1.1", "HTTP/1.0", "HTTP/2"}[p] }

// Cause is why a request failed: a closed list.
type Cause uint8

const (
	CauseNone Cause = iota
	CauseDNS
	CauseRefused
	CauseUnreachable
	CauseDialTimeout
	CauseTLSTimeout
	CauseHeaderTimeout
	CauseBodyTimeout
	CauseUntrusted
	CauseProtocol
	CauseReset
	CauseTooLarge
	CauseClientGone
)

var causes = [...]string{"", "dns", "refused", "unreachable", "dial-timeout", "tls-timeout",
	"header-timeout", "body-timeout", "untrusted", "protocol", "reset", "too-large", "client-gone"}

func (c Cause) String() string { return causes[c] }

// Failed tells whether the row is kept apart as a failure or refusal: any
// cause, any rule, any 4xx of our own making, any 5xx.
func (r *Row) Failed() bool {
	return r.Cause != CauseNone || r.Rule != "" || r.Status >= 500 || r.Route == ""
}
