package proxy

import (
	"context"

	"forge.home.arpa/portico/proxy/upstream"
)

// hold stands in for an upstream's connection while there is none yet: closing
// it, which is all that is done to it, ends the waiting. So a client that leaves
// while its upstream is dialled, or before another attempt, is noticed.
type hold struct {
	upstream.Wire // nil
	context.Context
	cancel context.CancelFunc
	client client
}

func (v *visit) hold() *hold {
	h := &hold{client: v.client}
	h.Context, h.cancel = context.WithCancel(context.Background())
	v.client.depend(h, false, v.began) // who left is looked for by how long it waits in all
	return h
}

// Close implements upstream.Wire.
func (h *hold) Close() error {
	h.cancel()
	return nil
}

// release ends the hold. Whether it was closed is what Err tells from then on.
func (h *hold) release() { h.client.release() }
