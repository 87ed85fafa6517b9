//go:build !linux

package http1

import "time"

// serveReady is not served here: Serve reads as usual.
func (c *ServerConn) serveReady(time.Duration, func() Turn) (bool, error) { return false, nil }
