// Package http2 owns HTTP/2 on the wire, on both sides (RFC 9113). In front,
// Conn serves a client's connection and hands out a Stream for each request; at
// the back, Wire asks an upstream. Both translate between package message and
// golang.org/x/net/http2, which frames, schedules and controls the flow, and
// nobody outside this package sees an http.Request. It does not know routes,
// upstreams or why a request is forwarded. What a request may be it asks of
// package http1, so that both versions are judged by one parser.
//
// A Conn's methods and those of Stream that say so may be called by any
// goroutine; all else of a Stream belongs to the goroutine that serves it, and
// a Wire is as upstream.Wire says.
package http2
