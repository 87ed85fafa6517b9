package proxy

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	h2 "golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/http2"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// A gRPC server may end a call by resetting its stream, most often because the
// call's time has run out. That is its answer and no failure of the upstream;
// the client is told in the status that it would have made of the reset itself.

// resetStatus is what a reset says in gRPC ("gRPC over HTTP2", Errors). A server
// that cancels a call says no more than that, whatever the reason; a client whose
// deadline has passed must hear of the deadline.
func (v *visit) resetStatus(code h2.ErrCode) int {
	switch code {
	case h2.ErrCodeCancel:
		if limit, ok := callTime(v.x.Request.Fields.Find("Grpc-Timeout")); ok && time.Since(v.began) >= limit {
			return grpcDeadlineExceeded
		}
		return grpcCancelled
	case h2.ErrCodeRefusedStream:
		return grpcUnavailable
	case h2.ErrCodeEnhanceYourCalm:
		return grpcResourceExhausted
	case h2.ErrCodeInadequateSecurity:
		return grpcPermissionDenied
	}
	return grpcInternal
}

// callTime reads a grpc-timeout: at most eight digits and a unit.
func callTime(b []byte) (time.Duration, bool) {
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second,
		'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}
	if len(b) < 2 || len(b) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:len(b)-1]), 10, 32)
	unit, known := units[b[len(b)-1]]
	if err != nil || !known {
		return 0, false
	}
	if unit == time.Hour && n > 1e6 { // more than a Duration holds
		n = 1e6
	}
	return time.Duration(n) * unit, true
}

// callReset tells whether the upstream ended a call by a reset.
func (v *visit) callReset(err error) (reset *http2.Reset, ok bool) {
	ok = errors.As(err, &reset) && v.conn.streams != nil && v.isGRPC()
	return reset, ok
}

// noteReset keeps for the owner what the client is told by a status.
func (v *visit) noteReset(u *upstream.Upstream, reset *http2.Reset) (status int, words string) {
	status = v.resetStatus(reset.Code)
	v.row.Cause = record.CauseReset
	v.row.Detail = fmt.Sprintf("%s ended the call by %v, which is grpc-status %d", u.Addr, reset, status)
	if status == grpcDeadlineExceeded {
		return status, "the deadline has passed"
	}
	return status, "the call was ended by " + reset.Error()
}

// answerReset answers a call that was reset before its answer began.
func (t *trip) answerReset(reset *http2.Reset) {
	t.u.Succeeded(t.v.began)
	t.v.x.Response.Fields = t.v.x.Response.Fields[:0]
	t.v.endGRPC(t.v.noteReset(t.u, reset))
}

// callBody is the body of a call's answer, which a reset ends with a status in
// its trailers: what was sent before stands. It must not hold on to the trip,
// which would cost every request an allocation.
type callBody struct {
	message.Body
	visit    *visit
	upstream *upstream.Upstream
}

// Next implements message.Body.
func (b *callBody) Next() ([]byte, error) {
	data, err := b.Body.Next()
	if reset, ok := b.visit.callReset(err); ok {
		v := b.visit
		status, words := v.noteReset(b.upstream, reset)
		v.addGRPC(&v.x.Response.Trailers, status, words)
		err = io.EOF
	}
	return data, err
}
