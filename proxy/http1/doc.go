// Package http1 owns HTTP/1.1 on the wire, on both sides: reading heads and
// bodies strictly, writing them, and relaying bytes after an upgrade (RFC 9110,
// RFC 9112). It does not know routes, upstreams or why a request is forwarded.
//
// Heads are parsed in place: a keep-alive request costs no allocation. A
// connection holds a buffer only while bytes lie in it, so an idle one costs
// little more than its goroutine. A ServerConn and a ClientConn each belong to
// one goroutine; others may call StopReading, Ended, Silent, AskIfThere,
// AskWithin and Abort.
// While a request's body is being sent (ClientConn.SendBody) another goroutine
// may read the answer and respond.
package http1
