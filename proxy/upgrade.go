package proxy

import (
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// upgraded is a connection over which only bytes pass from now on, for hours
// perhaps, and there may be thousands. So it leaves the goroutine of the
// requests, whose stack has grown, and the memory of the exchange.
type upgraded struct {
	visit   *visit
	live    *liveEntry
	u       *upstream.Upstream
	c       upstream.Conn
	backend *http1.ClientConn
	began   time.Time
}

// upgrade answers 101; the bytes are relayed once the visit's stack is unwound.
func (t *trip) upgrade() {
	v := t.v
	backend, ok := t.c.Wire.(*http1.ClientConn)
	if !ok {
		t.answerFailure(&message.BadResponse{Why: "101 where nothing can be switched"})
		return
	}
	kind := upgradeKind(v.x.Response.Upgrade)
	if v.respond(); v.err != nil {
		v.row.Cause, v.row.Detail = record.CauseClientGone, v.err.Error()
		return
	}
	v.conn.enter(phaseUpgraded, v.answered)
	v.server.upgraded.Add(1)
	v.conn.upgraded = &upgraded{v, v.goLive(kind), t.u, t.c, backend, t.began}
	v.slim()
}

// relay passes bytes until both sides have ended.
func (c *conn) relay() {
	up := c.upgraded
	v, s := up.visit, c.server
	_ = http1.Relay(c.http, up.backend, &up.live.in, &up.live.out) // how either side ends is its own affair
	s.live.remove(up.live)
	s.upgraded.Add(-1)
	c.release()
	up.u.Done(up.c, up.began)
	v.row.BytesIn = up.live.in.Load()
	v.finish(c.http.BytesOut() + up.live.out.Load())
	v.end()
}
