package proxy

import (
	"log/slog"
	"time"
)

// acceptPause waits longer with each failure in a row to accept: without file
// descriptors there is nothing to gain by asking again at once.
type acceptPause struct {
	log  *slog.Logger
	addr string
	wait time.Duration
}

func (p *acceptPause) after(err error) {
	if p.wait == 0 {
		p.wait = 5 * time.Millisecond
		p.log.Warn("cannot accept connections", "address", p.addr, "error", err)
	}
	time.Sleep(p.wait)
	p.wait = min(2*p.wait, time.Second)
}

func (p *acceptPause) reset() { p.wait = 0 }
