// Package message owns the request and the answer as guards, rewrites, records
// and backends see them: without a protocol version. It does not know how
// either looks on the wire.
//
// Method, path, fields and whatever is made for them live in memory that an
// Exchange owns; they are valid until its Release. An Exchange belongs to one
// goroutine at a time.
package message

// Request is what a client asks for.
type Request struct {
	Method    []byte
	Scheme    string // "http" or "https": how the client came
	Authority []byte // host and port: as the client named them, then as they are sent on
	Host      []byte // the client's, in lower case, without port and final dot
	Path      []byte // begins with "/", or is "*"; no query
	Query     []byte // with its "?"; empty without one
	Fields    Fields // without Host, framing and Connection: those are read already
	Body      Body   // nil without one
	Length    int64  // of the body in bytes; Unknown when it is not said
	Upgrade   []byte // the protocol the client would switch to; empty for none
	Expect    bool   // the client waits for 100 before it sends the body
	TE        bool   // the client takes trailers (TE: trailers)
	Trailers  Fields // complete once Body has returned io.EOF

	// Drop, where set, says which trailers must not be passed on.
	Drop   func(*Field) bool
	Minor  int     // of HTTP/1.x: what the client can understand
	Script *Script // for servers of the CGI family; nil for others
}

// Response is what the client is answered.
type Response struct {
	Status   int
	Reason   []byte // as the upstream said it; empty for the usual words
	Fields   Fields // without framing and Connection
	Body     Body   // nil without one
	Length   int64  // as in Request; for HEAD and 304 what GET would have had
	Upgrade  []byte // of a 101: the protocol switched to
	Trailers Fields
	Drop     func(*Field) bool // as in Request
}

// Unknown is the length of a body that ends when it ends.
const Unknown = -1

// Body is a stream of bytes.
type Body interface {
	// Next returns the next bytes, waiting while there are none. They are
	// valid until the next call. The error is io.EOF, without bytes, where the
	// body ended as its framing promised, and any other where it was cut short.
	Next() ([]byte, error)
	// Ready tells whether Next would return without waiting.
	Ready() bool
}

// Whole returns a body that lies completely in memory, without taking
// anything from it: such a body can be sent a second time.
func Whole(b Body) ([]byte, bool) {
	if b == nil {
		return nil, true
	}
	if w, ok := b.(interface{ Whole() ([]byte, bool) }); ok {
		return w.Whole()
	}
	return nil, false
}

// IsHEAD tells whether the answer has no body whatever its head says.
func (r *Request) IsHEAD() bool { return string(r.Method) == "HEAD" }

// Idempotent tells whether doing the request twice is the same as once (RFC
// 9110 section 9.2.2).
func (r *Request) Idempotent() bool {
	switch string(r.Method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH":
		return true
	}
	return false
}

// BodyAllowed tells whether an answer of that status may have a body at all
// (RFC 9110 section 6.4.1).
func BodyAllowed(status int) bool {
	return status >= 200 && status != 204 && status != 304
}

// IsGRPC tells whether a content type is of the gRPC family.
func IsGRPC(contentType []byte) bool {
	const grpc = "application/grpc"
	return len(contentType) >= len(grpc) && EqualFold(contentType[:len(grpc)], grpc)
}
