package proxy

import (
	"errors"
	"io"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/proxyprotocol"
	"forge.home.arpa/portico/proxy/record"
)

// introduce lets a load balancer say whose connection this is: those that are
// configured must, and from nobody else a PROXY header is taken. False where
// nothing can be served.
func (c *conn) introduce() bool {
	snap := c.server.snapshot.Load()
	if _, must := snap.balancers.Contains(c.peer); !must {
		return true
	}
	if c.net.SetReadDeadline(time.Now().Add(snap.header)) != nil {
		return false
	}
	client, err := proxyprotocol.Read(c.net)
	switch {
	case err == io.EOF: // it looked whether we are there
		return false
	case err != nil:
		c.refuseIntroduction(err)
		return false
	case client.IsValid():
		c.peer, c.source = client, record.FromProxyProtocol
	}
	return c.net.SetReadDeadline(time.Time{}) == nil
}

// refuseIntroduction answers and records what was no PROXY header.
func (c *conn) refuseIntroduction(err error) {
	bad := &http1.BadRequest{Status: 400, Why: err.Error()}
	switch {
	case isTimeout(err):
		bad = &http1.BadRequest{Status: 408, Why: "the PROXY header took too long"}
	case errors.Is(err, proxyprotocol.ErrNone):
		bad.Why = "a peer of proxy_protocol sent " + bad.Why
	}
	v := c.server.begin(c, c.http, c)
	v.readErr = bad
	c.answer(v)
	c.lingers, c.bad = true, true // what it sent was not read
}
