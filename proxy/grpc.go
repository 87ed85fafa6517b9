package proxy

import (
	"strconv"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// A gRPC client reads its status from the answer's fields and takes any other
// HTTP status than 200 for a network's fault. These are the codes of gRPC that
// portico uses.
const (
	grpcCancelled         = 1
	grpcUnknown           = 2
	grpcDeadlineExceeded  = 4
	grpcPermissionDenied  = 7
	grpcResourceExhausted = 8
	grpcUnimplemented     = 12
	grpcInternal          = 13
	grpcUnavailable       = 14
	grpcUnauthenticated   = 16
)

// grpcStatus says in gRPC what an HTTP status of portico's own says.
func grpcStatus(status int) int {
	switch status {
	case 401:
		return grpcUnauthenticated
	case 403:
		return grpcPermissionDenied
	case 404, 405, 501: // no route, or nothing that serves it
		return grpcUnimplemented
	case 408: // the client's own messages did not come
		return grpcDeadlineExceeded
	case 413, 414, 429, 431: // more than is allowed: of one message, or of calls
		return grpcResourceExhausted
	case 400, 417, 505: // a request that no gRPC library makes
		return grpcInternal
	case 502, 503, 504: // the upstream, or maintenance: another try may do
		return grpcUnavailable
	}
	return grpcUnknown
}

// isGRPC tells whether the client expects gRPC's own kind of answer.
func (v *visit) isGRPC() bool {
	return message.IsGRPC(v.x.Request.Fields.Get(message.ContentType))
}

// failGRPC answers a gRPC client: 200 and no body, the status among the fields.
// The record keeps the status that others would have been sent.
func (v *visit) failGRPC(status int) {
	v.endGRPC(grpcStatus(status), http1.StatusText(status))
	v.row.Status = uint16(status)
}

// endGRPC answers with the status of a call, and nothing else.
func (v *visit) endGRPC(code int, words string) {
	r := &v.x.Response
	r.Status, r.Reason, r.Body, r.Length = 200, nil, nil, 0
	r.Fields.AddKnown(message.ContentType, grpcType)
	v.addGRPC(&r.Fields, code, words)
	v.front.Settle()
	v.respond()
}

func (v *visit) addGRPC(to *message.Fields, code int, words string) {
	to.Add("Grpc-Status", v.x.Make(func(b []byte) []byte { return strconv.AppendInt(b, int64(code), 10) }))
	to.Add("Grpc-Message", []byte(words))
}

var grpcType = []byte("application/grpc")

// patience is how long the exchange may wait between two bytes of a body. A
// gRPC stream may be silent for as long as both ends like, as an upgraded
// connection: over HTTP/2 pings find the dead.
func (v *visit) patience() time.Duration {
	if v.conn.streams != nil && v.isGRPC() {
		return 0
	}
	return v.route.Timeout.Idle
}
