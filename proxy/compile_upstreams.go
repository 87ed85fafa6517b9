package proxy

import (
	"fmt"
	"net"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/upstream"
)

// speakers begin what is spoken over a fresh connection, by the scheme of the
// upstream's URL.
var speakers = map[string]func(net.Conn) upstream.Wire{
	"http": func(c net.Conn) upstream.Wire { return http1.NewClientConn(c, http1.DefaultLimits) },
}

// group finds or makes the upstreams of a route that is forwarded; nil for
// other routes.
func (c *compiler) group(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*upstream.Group, error) {
	if len(cr.To) > upstream.MaxMembers {
		return nil, fmt.Errorf("more than %d upstreams", upstream.MaxMembers)
	}
	g := &upstream.Group{}
	for _, to := range cr.To {
		if speakers[to.Scheme] == nil {
			return nil, nil
		}
		spec := upstream.Spec{URL: to.URL, Scheme: to.Scheme, Network: "tcp", Addr: to.Addr, MaxFails: cr.MaxFails, FailTime: cr.FailTime}
		if to.Unix {
			spec.Network = "unix"
		}
		g.Members = append(g.Members, c.upstream(spec, used))
	}
	if len(g.Members) == 0 {
		return nil, nil
	}
	return g, nil
}

func (c *compiler) upstream(spec upstream.Spec, used map[upstream.Spec]*upstream.Upstream) *upstream.Upstream {
	u := used[spec]
	if u == nil {
		u = c.live[spec]
	}
	if u == nil {
		u = upstream.New(spec, speakers[spec.Scheme], c.server.log)
	}
	used[spec] = u
	return u
}
