package proxy

import (
	"fmt"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// compiler translates a configuration into a snapshot. Compiling changes
// nothing: live upstreams and counters of the running snapshot are taken over
// where they are the same, others are made.
type compiler struct {
	config   *config.Config
	server   *Server
	builtins *network.Builtins
	live     map[upstream.Spec]*upstream.Upstream
	counters map[string]*record.Counters
}

func (c *compiler) compile() (*snapshot, error) {
	s := &snapshot{
		config: c.config,
		limits: http1.DefaultLimits,
		header: c.config.Server.HeaderTimeout,
		idle:   c.config.Server.IdleTimeout,
	}
	if n := c.config.Server.MaxHeader; n > 0 {
		s.limits.Head = int(n)
	}
	var err error
	if s.trusted, err = c.networks(c.config.Server.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	if err := c.routes(s); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *compiler) routes(s *snapshot) error {
	var table []match.Route
	used := map[upstream.Spec]*upstream.Upstream{}
	for _, cr := range c.config.Routes {
		r, err := c.route(cr, used)
		if err != nil {
			return fmt.Errorf("route.%s: %w", cr.Name, err)
		}
		s.routes = append(s.routes, r)
		if cr.Enabled {
			s.active = append(s.active, r)
			table = append(table, matchRoute(cr))
		}
	}
	for _, u := range used {
		s.upstreams = append(s.upstreams, u)
	}
	var err error
	s.table, err = match.New(table)
	return err
}

func matchRoute(r *config.Route) match.Route {
	return match.Route{Name: r.Name, Hosts: r.Hosts, Paths: r.Paths, Methods: r.Methods,
		Rewrites: r.StripPrefix != "" || r.Rewrite != nil}
}

func (c *compiler) route(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*route, error) {
	r := &route{Route: cr, prefix: []byte(cr.StripPrefix),
		requestEdits: newEdits(cr.RequestHeaders), responseEdits: newEdits(cr.ResponseHeaders)}
	var err error
	if len(cr.Allow) > 0 {
		if r.allow, err = c.networks(cr.Allow); err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
	}
	if len(cr.Deny) > 0 {
		if r.deny, err = c.networks(cr.Deny); err != nil {
			return nil, fmt.Errorf("deny: %w", err)
		}
	}
	if r.counters = c.counters[cr.Name]; r.counters == nil {
		r.counters = new(record.Counters)
	}
	if r.group, err = c.group(cr, used); err != nil {
		return nil, err
	}
	r.action = actionOf(r)
	return r, nil
}

// group finds or makes the upstreams of a route that is forwarded over
// HTTP/1.1; nil for other routes.
func (c *compiler) group(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*upstream.Group, error) {
	if len(cr.To) > upstream.MaxMembers {
		return nil, fmt.Errorf("more than %d upstreams", upstream.MaxMembers)
	}
	g := &upstream.Group{}
	for _, to := range cr.To {
		if to.Scheme != "http" {
			return nil, nil
		}
		spec := upstream.Spec{URL: to.URL, Network: "tcp", Addr: to.Addr, MaxFails: cr.MaxFails, FailTime: cr.FailTime}
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
		u = upstream.New(spec, c.server.log)
	}
	used[spec] = u
	return u
}

func (c *compiler) networks(list []config.Network) (*network.Set, error) {
	entries := make([]network.Entry, len(list))
	for i, n := range list {
		entries[i] = network.Entry{Name: n.Name, Prefixes: n.Prefixes}
	}
	return network.NewSet(entries, c.builtins)
}
