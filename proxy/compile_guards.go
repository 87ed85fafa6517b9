package proxy

import (
	"fmt"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/upstream"
)

// guards compiles what may refuse a request of the route, in the order in which
// it is asked. The ban comes before all, see visit.banned.
func (c *compiler) guards(r *route, used map[upstream.Spec]*upstream.Upstream) error {
	for _, list := range []struct {
		key      string
		networks []config.Network
		guard    func(*network.Set) guard
	}{
		{"deny", r.Deny, func(s *network.Set) guard { return denied{s} }},
		{"allow", r.Allow, func(s *network.Set) guard { return allowed{s} }},
	} {
		if len(list.networks) == 0 {
			continue
		}
		set, err := c.networks(list.networks)
		if err != nil {
			return fmt.Errorf("%s: %w", list.key, err)
		}
		r.guards = append(r.guards, list.guard(set))
	}
	if m := r.Maintenance; m != nil && m.On {
		pass, err := c.networks(m.Allow)
		if err != nil {
			return fmt.Errorf("maintenance.allow: %w", err)
		}
		r.guards = append(r.guards, newMaintenance(m, pass))
	}
	r.byAddress = len(r.guards)
	c.limits(r)
	if r.Auth != nil {
		r.guards = append(r.guards, newAuth(r.Auth, c.passwords, c.server.log))
	}
	if r.ForwardAuth != nil {
		g, err := c.forwardAuth(r.ForwardAuth, used)
		if err != nil {
			return fmt.Errorf("forward_auth.%w", err)
		}
		r.guards = append(r.guards, g)
	}
	return nil
}

// limits compiles rate_limit, max_conns and max_body.
func (c *compiler) limits(r *route) {
	r.counted = countedOf(r.Route, c.counted[r.Name])
	if r.counted.rate != nil {
		r.guards = append(r.guards, rateLimit{r.counted.rate})
	}
	if r.MaxConns > 0 {
		r.guards = append(r.guards, maxConns{r.counted.conns, r.MaxConns})
	}
	if r.MaxBody > 0 {
		r.guards = append(r.guards, maxBody{int64(r.MaxBody)})
	}
}

func (c *compiler) networks(list []config.Network) (*network.Set, error) {
	entries := make([]network.Entry, len(list))
	for i, n := range list {
		entries[i] = network.Entry{Name: n.Name, Prefixes: n.Prefixes}
	}
	return network.NewSet(entries, c.builtins)
}
