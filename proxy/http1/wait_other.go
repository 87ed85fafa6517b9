//go:build !linux

package http1

import (
	"net"
	"time"
)

// waiter has no readiness here: it reads as usual.
type waiter struct{}

func (w *waiter) init(*source)         {}
func (w *waiter) read(s *source) error { return s.plainRead() }

// send leaves all to be written as usual.
func (w *waiter) send(b []byte) (rest []byte, err error) { return b, nil }

// awaitGone sees nothing here: what is sent to the peer finds out.
func (w *waiter) awaitGone() error { return nil }

func awaitReadable(net.Conn) error { return nil }

// probe cannot look without waiting here: a stale connection is found by use.
type probe struct{}

func (p *probe) init(net.Conn) {}
func (p *probe) quiet() bool   { return true }

func writable(net.Conn) bool { return true }
func gone(net.Conn) bool     { return false }

// ended sees nothing here: a client that left is noticed by the next write.
func ended(net.Conn) (half, gone bool) { return false, false }
func silent(net.Conn) time.Duration    { return 0 }
