package proxy

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/limit"
	"forge.home.arpa/portico/proxy/network"
)

// counted is what the limits of a route have counted. It outlives an edit.
type counted struct {
	rate  *limit.Rate  // nil without rate_limit
	conns *limit.Count // also while max_conns is off
}

// countedOf takes over what was counted under the terms that still hold.
func countedOf(r *config.Route, before counted) counted {
	now := counted{conns: before.conns}
	if now.conns == nil {
		now.conns = new(limit.Count)
	}
	if l := r.RateLimit; l != nil {
		if now.rate = before.rate; now.rate == nil || !now.rate.Has(float64(l.Rate), l.Burst) {
			now.rate = limit.NewRate(float64(l.Rate), l.Burst)
		}
	}
	return now
}

// sweep frees what is no longer needed.
func (c *counted) sweep(now time.Time) {
	if c.rate != nil {
		c.rate.Sweep(now)
	}
}

// clientOf is what limits and bans count by.
func clientOf(a netip.Addr) netip.Prefix { return network.Group(a) }

// rateLimit bounds how often a client asks.
type rateLimit struct{ *limit.Rate }

func (g rateLimit) judge(q *question) (v verdict) {
	if q.alone {
		return unknown("rate_limit")
	}
	v = verdict{guard: "rate_limit", status: 429}
	if q.visit != nil {
		v.wait = g.Take(clientOf(q.client), q.now)
	} else {
		var used int
		used, v.wait = g.Look(clientOf(q.client), q.now)
		v.why = fmt.Sprintf("%d of %d used by %s", used, g.Burst(), clientWords(q.client))
	}
	v.refused = v.wait > 0
	return v
}

// maxConns bounds the requests that a client has under way.
type maxConns struct {
	*limit.Count
	most int
}

func (g maxConns) judge(q *question) verdict {
	if q.alone {
		return unknown("max_conns")
	}
	v := verdict{guard: "max_conns", status: 429}
	client := clientOf(q.client)
	if q.visit == nil {
		n := g.Of(client)
		v.refused, v.why = n >= g.most, fmt.Sprintf("%d of %d under way for %s", n, g.most, clientWords(q.client))
		return v
	}
	if v.refused = !g.Enter(client, g.most); !v.refused {
		q.visit.entered = g.Count
	}
	return v
}

// clientWords names what is counted together.
func clientWords(a netip.Addr) string {
	if p := clientOf(a); !p.IsSingleIP() {
		return p.String()
	}
	return a.String()
}

// appendSeconds writes a Retry-After: never too early, and never 0.
func appendSeconds(b []byte, wait time.Duration) []byte {
	return strconv.AppendInt(b, int64(max(1, (wait+time.Second-1)/time.Second)), 10)
}
